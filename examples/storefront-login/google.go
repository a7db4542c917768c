package main

import (
	"net/http"

	"github.com/everlatch/everlatch/examples/standin"
)

// newGoogle returns what stands in for Google.
func newGoogle(issuer, shop string) (http.Handler, error) {
	person := func(sub, given, family, email string, verified bool) map[string]any {
		return map[string]any{
			"sub": sub, "name": given + " " + family, "given_name": given, "family_name": family,
			"email": email, "email_verified": verified,
		}
	}
	return standin.New(standin.Options{
		Issuer: issuer, Name: "a stand-in for Google",
		ClientID: "shop", ClientSecret: "a-secret-for-trying-it-out",
		CallbackURLs: []string{shop + "/callback/google"},
		People: []standin.Person{
			{ID: "ada", Note: "ada@example.com", Claims: person("101", "Ada", "Lovelace", "ada@example.com", true)},
			{ID: "grace", Note: "grace@example.com", Claims: person("102", "Grace", "Hopper", "grace@example.com", true)},
			{ID: "mallory", Note: "ada@example.com, not verified", Claims: person("103", "Mallory", "Malone", "ada@example.com", false)},
		},
	})
}
