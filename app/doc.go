// Package app assembles a process from its settings: store, vault, providers,
// tokens, the Temporal client, the worker and the API.
//
//	a, err := app.New(ctx, cfg, app.WithProvider("partners", partners.New()))
//	…
//	defer a.Close()
//	err = a.Run(ctx)
//
// It is what `everlatch serve` runs, and what your own program runs to
// add providers and routes. [New] reports everything that is wrong with the
// settings at once. It needs the database; Temporal may be away, then the API
// answers what it can without it and the worker starts when it returns.
package app
