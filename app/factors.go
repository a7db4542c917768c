package app

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/passkey"
	"github.com/everlatch/everlatch/providers/totp"
)

// factorKinds are the built-in methods of second factors, by name. A new one is a line
// here and a package of its own.
var factorKinds = map[string]func(raw map[string]any, now func() time.Time) (providers.SecondFactor, error){
	totp.Method: func(raw map[string]any, now func() time.Time) (providers.SecondFactor, error) {
		var in totp.Options
		if err := decodeOptions(raw, &in); err != nil {
			return nil, err
		}
		in.Now = now
		return asFactor(totp.New(in))
	},
}

// alwaysThere are the built-in methods that need no options.
var alwaysThere = []string{totp.Method}

// asFactor returns no method instead of a nil one that is not nil.
func asFactor[F providers.SecondFactor](f F, err error) (providers.SecondFactor, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// newFactors creates the methods of second factors: the built-in ones with their
// options, passkeys if they are configured, and those of the program. It reports every
// problem at once.
func newFactors(
	cfg config.MFA, passkeys *passkey.Provider, own []providers.SecondFactor, now func() time.Time,
) (*providers.Factors, error) {
	registry := providers.NewFactors()
	custom := map[string]bool{}
	for _, f := range own {
		if f != nil {
			custom[f.Method()] = true
		}
	}
	options := map[string]map[string]any{}
	for _, method := range alwaysThere {
		options[method] = nil
	}
	order := append([]string{}, alwaysThere...)
	var problems []error
	for _, p := range cfg.Providers {
		method := p.Method()
		_, known := options[method]
		switch {
		case factorKinds[method] != nil:
			options[method] = p.Options
			if !known {
				order = append(order, method)
			}
		case custom[method] && len(p.Options) > 0:
			problems = append(problems, fmt.Errorf("auth.mfa.providers: %q gets its options from the program that registers it", method))
		case !custom[method]:
			problems = append(problems, fmt.Errorf("auth.mfa.providers: MFA provider %q must include a provider resolver.", method)) //nolint:revive,staticcheck // the contract's sentence
		}
	}
	for _, method := range order {
		raw := maps.Clone(options[method])
		delete(raw, encryptionKey) // read by [medusaKey]
		f, err := factorKinds[method](raw, now)
		if err == nil {
			err = registry.Add(f)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("auth.mfa.providers, id %q: %w", method, err))
		}
	}
	if passkeys != nil {
		problems = append(problems, registry.Add(passkeys.Factor()))
	}
	for _, f := range own {
		problems = append(problems, registry.Add(f))
	}
	return registry, errors.Join(problems...)
}

// encryptionKey is the option of TOTP that replaces auth.mfa.encryption_key
// (docs/contract.md#s5-2).
const encryptionKey = "encryption_key"

// medusaKey is the key with which Medusa encrypted factors; empty for none.
func medusaKey(cfg config.MFA) vault.Secret {
	for _, p := range cfg.Providers {
		if key, ok := p.Options[encryptionKey].(string); ok && p.Method() == totp.Method && key != "" {
			return vault.NewSecret([]byte(key))
		}
	}
	return vault.NewSecret([]byte(cfg.EncryptionKey.Reveal()))
}
