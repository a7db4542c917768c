package app

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	sdkworker "go.temporal.io/sdk/worker"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/passkey"
	"github.com/everlatch/everlatch/worker"
)

// prepared is what can be made from the settings alone.
type prepared struct {
	rings    *keys.Rings
	sealing  temporalkit.Sealing
	registry *providers.Registry
	factors  *providers.Factors
	codes    *providers.Codes
	// passkeys is nil where they are not configured.
	passkeys *passkey.Provider
	tokens   *tokens.Tokens // nil for a process without parts
	// actorTypes are complete, and have stores once the database is open.
	actorTypes []everlatch.ActorType
	// hooks are for flows, hookFunctions for the worker.
	hooks         activities.HookSet
	hookFunctions []worker.Hook
	// version is that of the workers; the zero value is none.
	version sdkworker.WorkerDeploymentVersion
}

// prepare makes it, or reports everything that is missing, weak or wrong (docs/weak-spots.md#w35).
func prepare(cfg *config.Config, o *options) (p prepared, err error) {
	serves := o.parts != 0
	required := cfg.RequireData
	switch {
	case serves && o.weakSecrets:
		required = cfg.RequireDev
		for _, p := range cfg.WeakSecrets() {
			o.log.Warn("a secret is weak; only dev starts with it", slog.String("setting", p.Key), slog.String("reason", p.Message))
		}
	case serves:
		required = cfg.Require
	}
	missing := required()
	p, err = makeParts(cfg, o, serves && missing == nil) // a key that is missing or weak is named already
	if err == nil {
		for _, a := range absent(cfg.HTTP.AuthMethodsPerActor, p.registry) {
			o.log.Warn("an allow-list names an auth provider that is not registered",
				slog.String("actor_type", a.actorType), slog.String("provider", a.provider))
		}
	}
	return p, errors.Join(missing, err)
}

// makeParts makes what needs the settings alone, with what signs tokens or without. It
// returns what could be made, and every problem of the rest.
func makeParts(cfg *config.Config, o *options, signs bool) (p prepared, err error) {
	var problems []error
	if cfg.Encryption.Keys != "" {
		p.rings, err = newRings(cfg, o)
		problems = append(problems, err)
	}
	p.sealing, err = newSealing(cfg, o, p.rings)
	problems = append(problems, err)
	p.passkeys, err = newPasskeys(cfg, o.now, o.weakSecrets)
	problems = append(problems, err)
	p.registry, err = newRegistry(withPageCallbacks(cfg, pageTypesOf(o.actorTypes)), p.passkeys, o.providers)
	problems = append(problems, err)
	if err == nil {
		problems = append(problems, checkTrusted("auth.link_by_email", cfg.Auth.LinkByEmail, p.registry),
			checkTrusted("auth.mfa.trusted_providers", cfg.Auth.MFA.TrustedProviders, p.registry))
	}
	p.factors, err = newFactors(cfg.Auth.MFA, p.passkeys, o.factors, o.now)
	problems = append(problems, err)
	p.codes, err = newCodes(cfg.Auth.Verification.Providers, o.codes)
	problems = append(problems, err)
	if signs {
		p.tokens, err = newTokens(cfg, o.now)
		problems = append(problems, err)
	}
	p.version, err = workerVersion(cfg, o)
	problems = append(problems, err)
	p.hooks, p.hookFunctions, err = assembleHooks(o.hooks)
	problems = append(problems, err)
	p.actorTypes, err = completeTypes(o.actorTypes)
	return p, errors.Join(append(problems, err, checkNeutral(cfg, p.actorTypes))...)
}

// absentProvider is a provider that an allow-list mentions and that is not registered.
type absentProvider struct{ actorType, provider string }

// absent finds them. A request for one gets the contract's 401 (docs/contract.md#s2-3).
func absent(allowed map[string][]string, registry *providers.Registry) []absentProvider {
	var out []absentProvider
	for _, actorType := range slices.Sorted(maps.Keys(allowed)) {
		for _, id := range allowed[actorType] {
			if _, registered := registry.Provider(id); !registered {
				out = append(out, absentProvider{actorType, id})
			}
		}
	}
	return out
}

// checkTrusted checks that only providers elsewhere are trusted to prove addresses and
// second factors: no other one can.
func checkTrusted(key string, trusted []string, registry *providers.Registry) error {
	var problems []error
	for _, id := range trusted {
		if _, err := registry.Redirect(id); err != nil {
			problems = append(problems, fmt.Errorf("%s: %q is not a provider to which people are sent", key, id))
		}
	}
	return errors.Join(problems...)
}

// checkNeutral checks that registrations are neutral for actor types that exist: those
// of a misspelled one would go on telling whether an address is known.
func checkNeutral(cfg *config.Config, custom []everlatch.ActorType) error {
	var problems []error
	for _, name := range cfg.Auth.NeutralRegister {
		_, listed := cfg.HTTP.AuthMethodsPerActor[name]
		isCustom := slices.ContainsFunc(custom, func(t everlatch.ActorType) bool { return t.Name == name })
		if name != everlatch.ActorCustomer && name != everlatch.ActorUser && !listed && !isCustom {
			problems = append(problems, fmt.Errorf("auth.neutral_register: %q is not an actor type", name))
		}
	}
	return errors.Join(problems...)
}
