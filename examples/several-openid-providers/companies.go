package main

import (
	"net/http"
	"time"

	"github.com/everlatch/everlatch/examples/standin"
)

// newAcme is a provider as one wants it: it vouches for addresses.
func newAcme(issuer, callbackURL string, now func() time.Time) (http.Handler, error) {
	return standin.New(standin.Options{
		Issuer: issuer, Name: "Acme", ClientID: "shop", ClientSecret: "a-secret-of-acme",
		CallbackURLs: []string{callbackURL},
		Now:          now,
		People: []standin.Person{
			{ID: "ada", Note: "buys for Acme", Claims: map[string]any{
				"sub": "acme-1", "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace",
				"email": "ada@acme.example", "email_verified": true, "groups": []string{"buyers"},
			}},
			{ID: "bob", Note: "a guest from elsewhere", Claims: map[string]any{
				"sub": "acme-2", "name": "Bob Byron", "email": "bob@elsewhere.example", "email_verified": true,
			}},
			{ID: "carol", Note: "has not verified her address", Claims: map[string]any{
				"sub": "acme-3", "name": "Carol Shaw", "email": "carol@acme.example", "email_verified": false,
			}},
		},
	})
}

// newGlobex is one of the other kind: it says nothing about addresses, knows
// users by a claim other than sub, and its clock is 20 seconds fast.
func newGlobex(issuer, callbackURL string, now func() time.Time) (http.Handler, error) {
	return standin.New(standin.Options{
		Issuer: issuer, Name: "Globex", ClientID: "shop", ClientSecret: "a-secret-of-globex",
		CallbackURLs: []string{callbackURL},
		Now:          func() time.Time { return now().Add(20 * time.Second) },
		People: []standin.Person{
			{ID: "grace", Note: "sells for Globex", Claims: map[string]any{
				"sub": "of-this-client-alone", "oid": "11111111-2222-4333-8444-555555555555",
				"name": "Grace Hopper", "preferred_username": "grace@globex.example",
			}},
		},
	})
}
