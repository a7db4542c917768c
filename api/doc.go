// Package api speaks the HTTP contract (sections 4, 5.1 and 8): it reads
// requests, starts dances through [Flows], reads the store and writes answers.
//
// Where to look:
//
//   - routes.go: every route on one screen
//   - server.go, options.go: what a server needs and what can be set
//   - chain.go: what happens to each request before its handler, in order
//   - paths.go: which route a path means (case, trailing slash, HEAD, OPTIONS)
//   - body.go, form.go, jsonsyntax.go: bodies, and what is said of malformed ones
//   - validate.go, fields.go, listing.go: strict input, field selection, paging
//   - authenticate.go, credentials.go: who is calling (contract 4.2), exported as [Authenticate]
//   - cookie.go, origin.go: the session cookie and its protection (W33, W40)
//   - errors.go: the one table from error codes to statuses
//   - render.go, respond.go: JSON as the contract orders it, entity tags
//   - one file per resource: login, session, refresh, customers, addresses, users, api_keys, system
//
// Tokens are made here, at the edge, and nowhere else: a dance returns who
// somebody is, never a token, because its result is kept in a history.
package api
