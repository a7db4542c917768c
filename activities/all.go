package activities

import (
	"time"

	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/store"
	"github.com/everlatch/everlatch/vault"
)

// All are the activity sets of a worker.
type All struct {
	Credentials *Credentials
	Accounts    *Accounts
	Identities  *Identities
	Events      *Events
	Upkeep      *Upkeep
}

// New makes every set there is, so that none can be forgotten.
func New(s *store.Store, v *vault.Vault, p *providers.Registry, now func() time.Time) All {
	return All{
		Credentials: &Credentials{Store: s, Vault: v, Providers: p, Now: now},
		Accounts:    &Accounts{Store: s, Now: now},
		Identities:  &Identities{Store: s, Now: now},
		Events:      &Events{Store: s},
		Upkeep:      &Upkeep{Store: s},
	}
}
