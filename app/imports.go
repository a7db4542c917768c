package app

import (
	"github.com/everlatch/everlatch/internal/imports"
	"github.com/everlatch/everlatch/internal/store"
)

// Imports returns what moves records in and out of the database. It is for the command
// line: its caller has authority over every account.
func (a *App) Imports() *imports.Service {
	return &imports.Service{
		Store: a.store, Vault: a.vault, Keys: a.rings.FactorKeys(), Ring: a.rings.Vault.Derive(importsPurpose),
		Sizes: store.Sizes{Addresses: a.cfg.Limits.Addresses, Metadata: int(a.cfg.Limits.Metadata)}, Now: a.opts.now,
	}
}
