package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/nexusservice"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/nexusauth"
)

// What the keys of the vault's ring are derived for, besides the vault itself.
const (
	flowsPurpose   = "flows"
	limitsPurpose  = "limits"
	importsPurpose = "imports"
)

// hashing are the purposes whose keyed hashes are older than the index keys.
var hashing = []string{vault.Purpose, flowsPurpose, limitsPurpose, importsPurpose, nexusservice.Purpose}

// sealedInputs is for how long after their keys were replaced callers of the Nexus service
// may seal to the previous one: as long as an input is valid, and as long again for a caller
// that keeps the keys.
const sealedInputs = 2 * nexusauth.LongestValidFor

// newRings makes the key rings of the configuration.
func newRings(cfg *config.Config, o *options) (*keys.Rings, error) {
	ring, err := vault.ParseKeys(cfg.Encryption.Keys.Reveal())
	if err == nil {
		var made *keys.Rings
		if made, err = keys.New(keys.Options{
			Encryption: ring, Purposes: hashing, Cookies: cookieSecrets(cfg), Algorithm: cfg.HTTP.JWTOptions.Algorithm, JWT: tokenKeys(cfg), Medusa: medusaKey(cfg.Auth.MFA),
			Refresh: cfg.Keys.RefreshEvery.Duration(), Publish: cfg.Keys.PublishFor.Duration(),
			Longest: longestToken(cfg), LongestSession: cfg.Session.AbsoluteTTL.Duration(), SealedTo: sealedInputs,
			Now: o.now, Log: o.log,
		}); err == nil {
			return made, nil
		}
	}
	return nil, fmt.Errorf("encryption.keys (EVERLATCH_ENCRYPTION_KEYS): %w", err)
}

func cookieSecrets(cfg *config.Config) []string {
	if cfg.HTTP.CookieSecret == "" {
		return nil
	}
	return append([]string{cfg.HTTP.CookieSecret.Reveal()}, cfg.HTTP.CookiePrevious.Reveal()...)
}

// tokenKeys are the keys that sign or verify tokens, the current one first.
func tokenKeys(cfg *config.Config) []tokens.Key {
	h := cfg.HTTP
	if h.JWTSecret == "" {
		return nil
	}
	if !tokens.IsPair(h.JWTOptions.Algorithm) {
		out := []tokens.Key{{Secret: []byte(h.JWTSecret.Reveal())}}
		for _, secret := range h.JWTPreviousSecrets.Reveal() {
			out = append(out, tokens.Key{Secret: []byte(secret)})
		}
		return out
	}
	out := []tokens.Key{{PrivateKeyPEM: h.JWTSecret.Reveal(), KeyID: h.JWTOptions.KeyID}}
	for _, key := range h.JWTPreviousSecrets.Reveal() {
		out = append(out, tokens.Key{PublicKeyPEM: key})
	}
	return out
}

// longestToken is how long a token may be valid that is signed now.
func longestToken(cfg *config.Config) time.Duration {
	return max(
		cfg.HTTP.JWTExpiresIn, cfg.Invites.ValidDuration, cfg.PasswordReset.TTL, cfg.Auth.NeutralRegisterTTL,
		cfg.EmailChange.TTL, cfg.EmailChange.UndoTTL, cfg.Auth.NewDeviceLinkTTL,
	).Duration() + cfg.HTTP.JWTVerifyOptions.ClockTolerance.Duration()
}

// openRings loads the key rings from the database. A process with parts reports what it holds.
func (a *App) openRings(ctx context.Context) error {
	p := keys.Process{}
	if a.opts.parts != 0 {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown host"
		}
		p.ID = strings.ToLower(ids.New("", a.opts.now()))
		p.Name = fmt.Sprintf("%s on %s, process %d", a.partNames(), host, os.Getpid())
	}
	if !a.has(API) {
		p.Unused = []string{keys.Cookie}
	}
	if err := a.rings.Open(ctx, a.store, a.tokens, p); err != nil {
		return err
	}
	if a.holder = p.ID != ""; a.holder {
		a.onClose = append(a.onClose, func() {
			leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), leavingWithin)
			defer cancel()
			a.rings.Leave(leaving)
		})
	}
	return nil
}

func (a *App) partNames() string {
	switch {
	case a.has(API) && a.has(Worker):
		return "serve"
	case a.has(API):
		return "api"
	}
	return "worker"
}

// leavingWithin is how long a process that ends tries to say so.
const leavingWithin = 2 * time.Second

// Keys returns the key rings of the installation. It is for the command line.
func (a *App) Keys() *keys.Rings { return a.rings }

// newTokens makes the tokens of a configuration, with its own keys.
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

// Histories counts the executions of this installation that were started before a time and
// that Temporal still has.
func (a *App) Histories(ctx context.Context, before time.Time) (keys.Executions, error) {
	if a.temporal == nil {
		return keys.Executions{}, errors.New("there is no connection to Temporal")
	}
	opts, err := temporalOptions(&a.cfg, a.opts.environ)
	if err != nil {
		return keys.Executions{}, err
	}
	return histories(&a.cfg, a.temporal, opts.Namespace)(ctx, before)
}

func histories(cfg *config.Config, c client.Client, namespace string) keys.Histories {
	o := flows.InspectOptions{Namespace: cmp.Or(namespace, client.DefaultNamespace), TaskQueue: cfg.Temporal.TaskQueue}
	return func(ctx context.Context, before time.Time) (keys.Executions, error) {
		past, err := flows.StartedBefore(ctx, c, o, before)
		return keys.Executions(past), err
	}
}
