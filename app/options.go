package app

import (
	"log/slog"
	"time"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/providers"
)

// Parts say what a process does.
type Parts uint8

// The parts. With none, an [App] starts dances that a worker elsewhere runs.
const (
	// API answers HTTP requests.
	API Parts = 1 << iota
	// Worker runs dances.
	Worker
)

// Home is the page at GET /.
type Home = api.HomeInfo

// Link is one line of [Home].
type Link = api.Link

// Option changes how [New] assembles an [App].
type Option func(*options)

type options struct {
	parts     Parts
	migrate   bool
	now       func() time.Time
	log       *slog.Logger
	environ   []string
	home      Home
	providers []registration
	routes    []func(*api.Server)
	// weakSecrets lets dev start with secrets that somebody chose.
	weakSecrets bool
}

type registration struct {
	id       string
	provider providers.Provider
}

// WithParts says what the process does; by default API and Worker.
func WithParts(p Parts) Option { return func(o *options) { o.parts = p } }

// WithMigrations brings the schema of the database up to date. Without it, New
// refuses a database that is behind.
func WithMigrations() Option { return func(o *options) { o.migrate = true } }

// WithWeakSecrets accepts signing secrets that could be guessed, and warns.
// It is for development alone: anybody who guesses them is anybody (W35).
func WithWeakSecrets() Option { return func(o *options) { o.weakSecrets = true } }

// WithClock replaces the clock, for tests.
func WithClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithLogger says where the log goes; by default nowhere.
func WithLogger(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// WithEnviron passes the environment, NAME=value, from which TEMPORAL_TLS,
// TEMPORAL_API_KEY and the other standard variables are read; by default none.
func WithEnviron(environ []string) Option { return func(o *options) { o.environ = environ } }

// WithHome shows a page at GET /.
func WithHome(h Home) Option { return func(o *options) { o.home = h } }

// WithProvider registers an auth provider of one's own, after the configured
// ones. An id that is taken is an error of New.
func WithProvider(id string, p providers.Provider) Option {
	return func(o *options) { o.providers = append(o.providers, registration{id, p}) }
}

// WithRoutes adds routes to the API, before it serves the first request.
func WithRoutes(add func(*api.Server)) Option {
	return func(o *options) { o.routes = append(o.routes, add) }
}
