package app

import (
	"errors"
	"fmt"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/codes"
)

// newCodes creates the code providers: the built-in ones, with the options that are
// configured, further ones of their kinds, and those of the program. It reports every
// problem at once.
func newCodes(configured []config.CodeProvider, own []codeRegistration) (*providers.Codes, error) {
	registry := providers.NewCodes()
	options := map[string]map[string]any{}
	var problems []error
	further := []config.CodeProvider{}
	for _, c := range configured {
		kind := c.Resolve
		if kind == "" {
			kind = c.ID
		}
		switch {
		case kind != codes.TokenID && kind != codes.OTPID:
			problems = append(problems, fmt.Errorf("auth.verification.providers: Verification provider %q must include a provider resolver.", c.ID)) //nolint:revive,staticcheck // the contract's words
		case kind == c.ID:
			options[c.ID] = c.Options
		default:
			further = append(further, config.CodeProvider{Resolve: kind, ID: c.ID, Options: c.Options})
		}
	}
	builtIn := []config.CodeProvider{
		{Resolve: codes.TokenID, ID: codes.TokenID, Options: options[codes.TokenID]},
		{Resolve: codes.OTPID, ID: codes.OTPID, Options: options[codes.OTPID]},
	}
	for _, c := range append(builtIn, further...) {
		p, err := newCode(c)
		if err == nil {
			err = registry.Add(c.ID, p)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("auth.verification.providers, id %q: %w", c.ID, err))
		}
	}
	for _, r := range own {
		problems = append(problems, registry.Add(r.id, r.provider))
	}
	return registry, errors.Join(problems...)
}

func newCode(c config.CodeProvider) (providers.CodeProvider, error) {
	var in codes.Options
	if err := decodeOptions(c.Options, &in); err != nil {
		return nil, err
	}
	if c.Resolve == codes.OTPID {
		return codes.NewOTP(in)
	}
	return codes.NewToken(in)
}

// verificationRules are the rules of the settings as the API has them.
func verificationRules(configured map[string][]config.VerificationRule) map[string][]api.VerificationRule {
	out := make(map[string][]api.VerificationRule, len(configured))
	for actorType, rules := range configured {
		for _, r := range rules {
			out[actorType] = append(out[actorType], api.VerificationRule{EntityType: r.EntityType, AuthProvider: r.AuthProvider})
		}
	}
	return out
}
