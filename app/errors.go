package app

import "github.com/everlatch/everlatch/api"

// Describe words an error for the person who runs a command: a refusal as a
// client of the API would read it, and why the database cannot be used, without
// its password.
func Describe(err error) string { return api.Describe(err) }
