package app

import (
	"context"
	"errors"
	"net"

	"github.com/everlatch/everlatch/config"
)

// FromConfig adds the options that f derives from the configuration, for what
// needs settings: a provider with options, a subscriber that knows mail.urls. New
// calls f once; an error of f is one of New.
func FromConfig(f func(cfg config.Config) ([]Option, error)) Option {
	return func(o *options) { o.fromConfig = append(o.fromConfig, f) }
}

// WithApp calls f with the App as soon as it has its database and its connection
// to Temporal, before it serves or works. Activities and subscribers keep the App
// to read with it. An error of f is one of New.
func WithApp(f func(a *App) error) Option {
	return func(o *options) { o.onApp = append(o.onApp, f) }
}

// WithBackground runs f beside API and worker for as long as [App.Run] runs, such
// as a consumer of a queue or a second server. Its context ends when the App
// stops, and an error of f stops the App. A tool that borrows an App does not run
// it.
func WithBackground(f func(ctx context.Context, a *App) error) Option {
	return func(o *options) { o.background = append(o.background, f) }
}

// WithCommandName says how the program is called, for messages that name a
// command; by default everlatch.
func WithCommandName(name string) Option { return func(o *options) { o.command = name } }

// WithListener serves on a port that is open already, instead of http.address. The
// App closes it, also when New fails.
func WithListener(l net.Listener) Option { return func(o *options) { o.listener = l } }

// gather applies the options, and those that they derive from the configuration.
func (o *options) gather(cfg config.Config, opts []Option) error {
	for _, opt := range opts {
		opt(o)
	}
	var problems []error
	for len(o.fromConfig) > 0 {
		derive := o.fromConfig[0]
		o.fromConfig = o.fromConfig[1:]
		more, err := derive(cfg)
		problems = append(problems, err)
		for _, opt := range more {
			opt(o)
		}
	}
	return errors.Join(problems...)
}

// introduce calls those that work with the App.
func (a *App) introduce() error {
	var problems []error
	for _, f := range a.opts.onApp {
		problems = append(problems, f(a))
	}
	return errors.Join(problems...)
}
