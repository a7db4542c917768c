package app

import (
	"fmt"
	"log/slog"
	"strings"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
)

// dial returns a client that connects when it is first used.
func dial(cfg *config.Config, environ []string, sealing temporalkit.Sealing, log *slog.Logger) (client.Client, error) {
	opts, err := temporalOptions(cfg, environ)
	if err != nil {
		return nil, err
	}
	return temporalkit.Dial(temporalkit.Options{Client: opts, Sealing: sealing, Log: log})
}

// newSealing says how payloads are sealed, and warns of a migration.
func newSealing(cfg *config.Config, o *options, ring *vault.KeyRing) (temporalkit.Sealing, error) {
	until, err := cfg.Temporal.AcceptUnsealed(o.now())
	if err != nil || ring == nil {
		return temporalkit.Sealing{}, err
	}
	if !until.IsZero() {
		o.log.Warn("payloads that are not encrypted are accepted: everyone who reaches Temporal can start any workflow",
			slog.Time("until", until))
	}
	return temporalkit.Sealing{Ring: ring.Derive("temporal"), AcceptUnsealedUntil: until, Now: o.now}, nil
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
