// Package api serves the HTTP contract (docs/contract.md#s4, #s5-1 and #s8): it reads requests,
// starts flows through [Flows], reads the store and writes answers.
//
// Where to look:
//
//   - routes.go: every route on one screen
//   - one file per resource: login, session, refresh, customers, addresses, users, api_keys, …
//   - records.go: what routes that list, show or change a resource share
//   - server.go, options.go: what a server needs and what can be set
//   - chain.go: what happens to each request before its handler, in order
//   - authenticate.go: [Authenticate], the middleware that identifies callers
//   - errors.go: the table from error codes to statuses; wording.go: every message
//
// What is not about a route or a resource is elsewhere: Express compatibility in
// internal/wire, validation, filters and field selection in internal/query,
// rendering in internal/render, authentication of requests in internal/httpauth.
//
// Tokens are minted here and nowhere else: a flow returns an identity, never a
// token, because its result is kept in a history.
package api
