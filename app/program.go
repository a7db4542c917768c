package app

import "errors"

// WithApp calls f with the App as soon as it has its database and its connection
// to Temporal, before it serves or works. Activities and subscribers keep the App
// to read with it. An error of f is one of New.
func WithApp(f func(a *App) error) Option {
	return func(o *options) { o.onApp = append(o.onApp, f) }
}

// introduce calls those that work with the App.
func (a *App) introduce() error {
	var problems []error
	for _, f := range a.opts.onApp {
		problems = append(problems, f(a))
	}
	return errors.Join(problems...)
}
