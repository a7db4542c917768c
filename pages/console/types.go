package console

import (
	"bytes"
	"encoding/json"
	"strings"
)

// The records of the API, with the fields that the console shows.

type user struct {
	ID        string         `json:"id"`
	Email     string         `json:"email"`
	FirstName *string        `json:"first_name"`
	LastName  *string        `json:"last_name"`
	Metadata  map[string]any `json:"metadata"`
	CreatedAt string         `json:"created_at"`
}

// Name is the first and the last name, or else the address, or else the id.
func (u user) Name() string { return nameOf(u.FirstName, u.LastName, u.Email, u.ID) }

type customer struct {
	ID         string         `json:"id"`
	Email      *string        `json:"email"`
	FirstName  *string        `json:"first_name"`
	LastName   *string        `json:"last_name"`
	Company    *string        `json:"company_name"`
	Phone      *string        `json:"phone"`
	Metadata   map[string]any `json:"metadata"`
	HasAccount bool           `json:"has_account"`
	CreatedAt  string         `json:"created_at"`
	Groups     []group        `json:"groups"`
}

// Name is the first and the last name, or else the address, or else the id.
func (c customer) Name() string { return nameOf(c.FirstName, c.LastName, text(c.Email), c.ID) }

// nameOf is a name of a person, or the first of others that is not empty.
func nameOf(first, last *string, others ...string) string {
	name := strings.TrimSpace(text(first) + " " + text(last))
	for _, other := range append([]string{name}, others...) {
		if other != "" {
			return other
		}
	}
	return ""
}

func text(of *string) string {
	if of == nil {
		return ""
	}
	return *of
}

type group struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	CreatedAt string     `json:"created_at"`
	Customers []customer `json:"customers"`
}

type identity struct {
	ID          string         `json:"id"`
	AppMetadata map[string]any `json:"app_metadata"`
	DisabledAt  *string        `json:"disabled_at"`
	FactorSince *string        `json:"mfa_enabled_at"`
	LastUsedAt  string         `json:"last_used_at"`
	CreatedAt   string         `json:"created_at"`
	Providers   []credential   `json:"provider_identities"`
}

// Entity is what the identity signs in with: the first of its names.
func (i identity) Entity() string {
	for _, p := range i.Providers {
		if p.EntityID != "" {
			return p.EntityID
		}
	}
	return i.ID
}

// Actors are the accounts of the identity.
func (i identity) Actors() []actor {
	var out []actor
	for _, name := range sortedKeys(i.AppMetadata) {
		actorType, isID := strings.CutSuffix(name, "_id")
		if id, ok := i.AppMetadata[name].(string); ok && isID && id != "" {
			out = append(out, actor{actorType, id})
		}
	}
	return out
}

// actor is an account.
type actor struct{ Type, ID string }

// Path is the page of the account.
func (a actor) Path() string { return personPath(a.Type, a.ID) }

type credential struct {
	ID        string `json:"id"`
	Provider  string `json:"provider"`
	EntityID  string `json:"entity_id"`
	CreatedAt string `json:"created_at"`
	// Name is what people call the provider.
	Name string `json:"-"`
}

type factor struct {
	ID         string         `json:"id"`
	Provider   string         `json:"provider"`
	Status     string         `json:"status"`
	Metadata   map[string]any `json:"metadata"`
	EnabledAt  *string        `json:"enabled_at"`
	LastUsedAt *string        `json:"last_used_at"`
	// Name is what people call the provider.
	Name string `json:"-"`
}

// Label is the name that its owner gave it.
func (f factor) Label() string {
	label, _ := f.Metadata["label"].(string)
	return label
}

type signIn struct {
	ID         string  `json:"id"`
	Live       bool    `json:"live"`
	Provider   string  `json:"auth_provider"`
	ActorType  string  `json:"actor_type"`
	Device     *string `json:"device"`
	Network    *string `json:"network"`
	CreatedAt  string  `json:"created_at"`
	LastUsedAt string  `json:"last_used_at"`
	// Name is what people call the provider.
	Name string `json:"-"`
}

// written is a value as indented JSON.
func written(value any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the template escapes
	e.SetIndent("", "  ")
	if err := e.Encode(value); err != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}
