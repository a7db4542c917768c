package app

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// prepared is what can be made from the settings alone.
type prepared struct {
	ring     *vault.KeyRing
	sealing  temporalkit.Sealing
	registry *providers.Registry
	tokens   *tokens.Tokens // nil for a process without parts
	// actorTypes are complete, and have stores once the database is open.
	actorTypes []everlatch.ActorType
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
	problems := []error{required()}
	if cfg.Encryption.Keys != "" {
		p.ring, err = newKeyRing(cfg.Encryption.Keys.Reveal())
		problems = append(problems, err)
	}
	p.sealing, err = newSealing(cfg, o, p.ring)
	problems = append(problems, err)
	p.registry, err = newRegistry(cfg.Auth.Providers, o.providers)
	problems = append(problems, err)
	if err == nil {
		warnOfAbsent(cfg.HTTP.AuthMethodsPerActor, p.registry, o.log)
		problems = append(problems, checkTrusted(cfg.Auth.LinkByEmail, p.registry))
	}
	if serves && problems[0] == nil { // a key that is missing or weak was named above
		p.tokens, err = newTokens(cfg, o.now)
		problems = append(problems, err)
	}
	p.actorTypes, err = completeTypes(o.actorTypes)
	return p, errors.Join(append(problems, err)...)
}

// warnOfAbsent names the providers that an allow-list mentions and that are not
// registered. A request for one gets the contract's 401 (docs/contract.md#s2-3).
func warnOfAbsent(allowed map[string][]string, registry *providers.Registry, log *slog.Logger) {
	for actor, list := range allowed {
		for _, id := range list {
			if len(registry.List([]string{id})) == 0 {
				log.Warn("an allow-list names an auth provider that is not registered",
					slog.String("actor_type", actor), slog.String("provider", id))
			}
		}
	}
}

// checkTrusted checks that only providers elsewhere are trusted to prove
// addresses: no other one can.
func checkTrusted(trusted []string, registry *providers.Registry) error {
	var problems []error
	for _, id := range trusted {
		if _, err := registry.Redirect(id); err != nil {
			problems = append(problems, fmt.Errorf("auth.link_by_email: %q is not a provider to which people are sent", id))
		}
	}
	return errors.Join(problems...)
}

func newKeyRing(text string) (*vault.KeyRing, error) {
	keys, err := vault.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("encryption.keys (EVERLATCH_ENCRYPTION_KEYS): %w", err)
	}
	ring, err := vault.NewKeyRing(keys)
	if err != nil {
		return nil, fmt.Errorf("encryption.keys (EVERLATCH_ENCRYPTION_KEYS): %w", err)
	}
	return ring, nil
}

func newTokens(cfg *config.Config, now func() time.Time) (*tokens.Tokens, error) {
	h := cfg.HTTP
	out := tokens.Config{
		Algorithm:      h.JWTOptions.Algorithm,
		KeyID:          h.JWTOptions.KeyID,
		Issuer:         h.JWTOptions.Issuer,
		Audience:       h.JWTOptions.Audience,
		ExpiresIn:      h.JWTExpiresIn.Duration(),
		AbsoluteTTL:    cfg.Tokens.AbsoluteTTL.Duration(),
		ClockTolerance: h.JWTVerifyOptions.ClockTolerance.Duration(),
		AcceptUntyped:  cfg.Compat.UntypedTokens,
		OwnActorOnly:   cfg.Tokens.OwnActorOnly,
	}
	if strings.HasPrefix(out.Algorithm, "HS") {
		out.Secret = []byte(h.JWTSecret.Reveal())
		for _, secret := range h.JWTPreviousSecrets.Reveal() {
			out.PreviousSecrets = append(out.PreviousSecrets, []byte(secret))
		}
	} else {
		out.PrivateKeyPEM, out.PublicKeyPEM = h.JWTSecret.Reveal(), h.JWTPublicKey.Reveal()
		for _, key := range h.JWTPreviousSecrets.Reveal() {
			out.PreviousPublicKeys = append(out.PreviousPublicKeys, tokens.PublicKey{PEM: key})
		}
	}
	made, err := tokens.New(out, now)
	if err != nil {
		return nil, fmt.Errorf("http.jwt_secret and http.jwt_options: %w", err)
	}
	return made, nil
}
