package activities

import (
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/keys"
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
	// Codes are the code providers of verifications.
	Codes *providers.Codes
	Now   func() time.Time
	// LoginEvents records [everlatch.EventLoginSucceeded] and
	// [everlatch.EventLoginFailed].
	LoginEvents bool
	// LinkByEmail is [Redirects.LinkByEmail].
	LinkByEmail []string
	// TrustMFA is [Redirects.TrustMFA].
	TrustMFA []string
	// ActorTypes are the custom actor types, each with its store.
	ActorTypes []everlatch.ActorType
	// Erasers is [Erasures.Erasers].
	Erasers map[string]everlatch.Eraser
	// AnyCustomerEmail is [Accounts.AnyEmail].
	AnyCustomerEmail bool
	// Factors are the methods of second factors; nil for none.
	Factors *providers.Factors
	// FactorKeys encrypt the secrets of factors; without a ring, it is the vault's.
	FactorKeys vault.FactorKeys
	// Rings are the key rings; nil without them.
	Rings *keys.Rings
	// Hooks is [Identities.Hooks].
	Hooks HookSet
}

// All are the activity sets of a worker.
type All struct {
	Credentials   *Credentials
	Resets        *Resets
	Redirects     *Redirects
	Invites       *Invites
	Emails        *Emails
	Factors       *Factors
	SignIns       *SignIns
	Accounts      *Accounts
	Actors        *Actors
	Identities    *Identities
	Deletions     *Deletions
	Erasures      *Erasures
	Events        *Events
	Deliveries    *Deliveries
	Upkeep        *Upkeep
	Verifications *Verifications
	Challenges    *Challenges
	Passkeys      *Passkeys
	EmailSignIns  *EmailSignIns
	Imports       *Imports
	Reseals       *Reseals
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
	if d.FactorKeys.Ring == nil && d.Vault != nil {
		d.FactorKeys.Ring = d.Vault.Ring()
	}
	return All{
		Credentials: &Credentials{
			Store: d.Store, Vault: d.Vault, Providers: d.Providers, Tokens: d.Tokens, Now: d.Now, LoginEvents: d.LoginEvents,
			Types: types,
		},
		Resets: &Resets{Store: d.Store, Vault: d.Vault, Providers: d.Providers, Tokens: d.Tokens, Now: d.Now},
		Redirects: &Redirects{
			Store: d.Store, Vault: d.Vault, Providers: d.Providers, Now: d.Now, LinkByEmail: d.LinkByEmail,
			TrustMFA: d.TrustMFA, LoginEvents: d.LoginEvents, Types: types,
		},
		Invites:       &Invites{Store: d.Store, Vault: d.Vault, Tokens: d.Tokens, Now: d.Now},
		Emails:        &Emails{Store: d.Store, Vault: d.Vault, Providers: d.Providers, Tokens: d.Tokens, Now: d.Now},
		Factors:       &Factors{Store: d.Store, Vault: d.Vault, Methods: d.Factors, Now: d.Now, Keys: d.FactorKeys, Types: types},
		SignIns:       &SignIns{Store: d.Store, Vault: d.Vault, Tokens: d.Tokens, Now: d.Now, Types: types},
		Accounts:      &Accounts{Store: d.Store, Providers: d.Providers, Now: d.Now, AnyEmail: d.AnyCustomerEmail},
		Actors:        &Actors{Store: d.Store, Types: types, Now: d.Now},
		Identities:    &Identities{Store: d.Store, Types: types, Now: d.Now, Hooks: d.Hooks},
		Deletions:     &Deletions{Store: d.Store, Vault: d.Vault, Now: d.Now},
		Erasures:      &Erasures{Store: d.Store, Vault: d.Vault, Erasers: d.Erasers, Now: d.Now},
		Events:        &Events{Store: d.Store},
		Deliveries:    &Deliveries{Store: d.Store, Vault: d.Vault, Subscribers: d.Subscribers, Now: d.Now},
		Upkeep:        &Upkeep{Store: d.Store, Now: d.Now},
		Verifications: &Verifications{Store: d.Store, Vault: d.Vault, Codes: d.Codes, Now: d.Now},
		Challenges:    &Challenges{Store: d.Store, Methods: d.Factors, LoginEvents: d.LoginEvents},
		Passkeys: &Passkeys{
			Store: d.Store, Vault: d.Vault, Keys: d.FactorKeys, Providers: d.Providers, Now: d.Now, LoginEvents: d.LoginEvents, Types: types,
		},
		EmailSignIns: newEmailSignIns(d, types),
		Imports:      &Imports{Store: d.Store, Vault: d.Vault, Keys: d.FactorKeys},
		Reseals:      &Reseals{Rings: d.Rings},
	}
}
