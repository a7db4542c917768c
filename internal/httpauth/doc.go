// Package httpauth finds out who sends a request: by bearer token, session cookie
// or secret API key, and whether a storefront has a publishable key. An
// [Authenticator] checks a request against a [Policy]; what it finds is kept in a
// [Request], so that no credential is looked up twice.
package httpauth
