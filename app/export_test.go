package app

import "github.com/everlatch/everlatch/internal/store"

// Store returns the database, for the tests.
func (a *App) Store() *store.Store { return a.store }
