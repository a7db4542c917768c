package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/temporalkit"
)

// dial returns a client that connects when it is first used.
func dial(cfg *config.Config, environ []string, o temporalkit.Options) (c client.Client, err error) {
	if o.Client, err = temporalOptions(cfg, environ); err != nil {
		return nil, err
	}
	return temporalkit.Dial(o)
}

// SetUpTemporal creates the namespace of the configuration and its search attributes, see
// [flows.SetUp]. It needs no secret.
func SetUpTemporal(ctx context.Context, cfg config.Config, environ []string, o flows.SetUpOptions) (flows.SetUpResult, error) {
	c, opts, err := keyless(&cfg, environ)
	if err != nil {
		return flows.SetUpResult{}, err
	}
	defer c.Close()
	o.Namespace = opts.Namespace
	return flows.SetUp(ctx, c, o)
}

// keyless returns a client that neither reads nor writes payloads, and its options, which
// name address and namespace. It connects when it is first used.
func keyless(cfg *config.Config, environ []string) (client.Client, client.Options, error) {
	opts, err := temporalOptions(cfg, environ)
	if err != nil {
		return nil, opts, err
	}
	opts.HostPort, opts.Namespace = cmp.Or(opts.HostPort, client.DefaultHostPort), cmp.Or(opts.Namespace, client.DefaultNamespace)
	opts.Logger = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	c, err := client.NewLazyClient(opts)
	if err != nil {
		return nil, opts, fmt.Errorf("configure the Temporal client: %w", err)
	}
	return c, opts, nil
}

// plain returns a client without the codec on the connection of the process.
func (a *App) plain() (client.Client, error) {
	opts, err := temporalOptions(&a.cfg, a.opts.environ)
	if err != nil {
		return nil, err
	}
	return temporalkit.Plain(a.temporal, temporalkit.Options{Client: opts, Log: a.log})
}

// payloadPurpose is what the keys of payloads are derived for (docs/codec.md).
const payloadPurpose = "temporal"

// newSealing says how payloads are sealed, and warns of a migration.
func newSealing(cfg *config.Config, o *options, rings *keys.Rings) (temporalkit.Sealing, error) {
	until, err := cfg.Temporal.AcceptUnsealed(o.now())
	if err != nil || rings == nil {
		return temporalkit.Sealing{}, err
	}
	if !until.IsZero() {
		o.log.Warn("payloads that are not encrypted are accepted: everyone who reaches Temporal can start any workflow",
			slog.Time("until", until))
	}
	return temporalkit.Sealing{Ring: rings.Codec.Derive(payloadPurpose), AcceptUnsealedUntil: until, Now: o.now}, nil
}

// temporalOptions reads TLS, API key and what else there is from the standard
// TEMPORAL_* variables. A configuration file of the temporal CLI is read only
// when a variable names it or a profile of it: what the tool of a developer talks to is
// not what a service should talk to by accident.
func temporalOptions(cfg *config.Config, environ []string) (client.Options, error) {
	env := environment(environ)
	_, file := env.LookupEnv("TEMPORAL_CONFIG_FILE")
	_, profile := env.LookupEnv("TEMPORAL_PROFILE")
	opts, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{
		DisableFile: !file && !profile,
		EnvLookup:   env,
	})
	if err != nil {
		return client.Options{}, fmt.Errorf("TEMPORAL_* variables: %w", err)
	}
	if cfg.Temporal.Address != "" {
		opts.HostPort = cfg.Temporal.Address
	}
	if cfg.Temporal.Namespace != "" {
		opts.Namespace = cfg.Temporal.Namespace
	}
	return opts, nil
}

// environment implements [envconfig.EnvLookup] on a list of NAME=value.
type environment []string

// Environ implements [envconfig.EnvLookup].
func (e environment) Environ() []string { return e }

// LookupEnv implements [envconfig.EnvLookup]. An empty variable counts as not
// set, as it does in package config.
func (e environment) LookupEnv(name string) (string, bool) {
	for _, entry := range e {
		if value, ok := strings.CutPrefix(entry, name+"="); ok && value != "" {
			return value, true
		}
	}
	return "", false
}
