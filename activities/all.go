package activities

import (
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/subscribers"
)

// Deps are what activities work with.
type Deps struct {
	Store       *store.Store
	Vault       *vault.Vault
	Providers   *providers.Registry
	Tokens      *tokens.Tokens
	Subscribers *subscribers.Registry
	Now         func() time.Time
	// LoginEvents records [everlatch.EventLoginSucceeded] and
	// [everlatch.EventLoginFailed].
	LoginEvents bool
	// LinkByEmail is [Redirects.LinkByEmail].
	LinkByEmail []string
	// ActorTypes are the custom actor types, each with its store.
	ActorTypes []everlatch.ActorType
	// Erasers is [Erasures.Erasers].
	Erasers map[string]everlatch.Eraser
	// AnyCustomerEmail is [Accounts.AnyEmail].
	AnyCustomerEmail bool
}

// All are the activity sets of a worker.
type All struct {
	Credentials *Credentials
	Resets      *Resets
	Redirects   *Redirects
	Invites     *Invites
	Emails      *Emails
	Accounts    *Accounts
	Actors      *Actors
	Identities  *Identities
	Deletions   *Deletions
	Erasures    *Erasures
	Events      *Events
	Deliveries  *Deliveries
	Upkeep      *Upkeep
}

// byName finds actor types.
func byName(types []everlatch.ActorType) map[string]everlatch.ActorType {
	out := make(map[string]everlatch.ActorType, len(types))
	for _, t := range types {
		out[t.Name] = t
	}
	return out
}

// New makes every set there is, so that none can be forgotten.
func New(d Deps) All {
	types := byName(d.ActorTypes)
	return All{
		Credentials: &Credentials{
			Store: d.Store, Vault: d.Vault, Providers: d.Providers, Now: d.Now, LoginEvents: d.LoginEvents,
			Types: types,
		},
		Resets: &Resets{Store: d.Store, Vault: d.Vault, Providers: d.Providers, Tokens: d.Tokens, Now: d.Now},
		Redirects: &Redirects{
			Store: d.Store, Vault: d.Vault, Providers: d.Providers, Now: d.Now, LinkByEmail: d.LinkByEmail,
			Types: types,
		},
		Invites:    &Invites{Store: d.Store, Vault: d.Vault, Tokens: d.Tokens, Now: d.Now},
		Emails:     &Emails{Store: d.Store, Vault: d.Vault, Providers: d.Providers, Tokens: d.Tokens, Now: d.Now},
		Accounts:   &Accounts{Store: d.Store, Providers: d.Providers, Now: d.Now, AnyEmail: d.AnyCustomerEmail},
		Actors:     &Actors{Store: d.Store, Types: types, Now: d.Now},
		Identities: &Identities{Store: d.Store, Types: types, Now: d.Now},
		Deletions:  &Deletions{Store: d.Store, Vault: d.Vault, Now: d.Now},
		Erasures:   &Erasures{Store: d.Store, Vault: d.Vault, Erasers: d.Erasers, Now: d.Now},
		Events:     &Events{Store: d.Store},
		Deliveries: &Deliveries{Store: d.Store, Vault: d.Vault, Subscribers: d.Subscribers, Now: d.Now},
		Upkeep:     &Upkeep{Store: d.Store, Now: d.Now},
	}
}
