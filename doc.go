// Package everlatch is the vocabulary of the system: identities, actors,
// accounts, sessions, errors and events. It holds types, not behavior.
//
// It depends on the standard library only, and every other package depends on
// it. Reading its files is the shortest way to learn the service:
//
//   - errors.go: what can go wrong, and what a caller may be told
//   - identity.go: who can sign in, by which credential, as which actor
//   - account.go: the business records behind an identity
//   - actor.go: custom actor types
//   - session.go: a browser that stays signed in
//   - event.go: what has happened, for subscribers
//
// How the packages depend on one another:
//
//	everlatch ← store ← vault ← providers ← activities ← workflows ← flows ← api ← app ← cmd/everlatch
//
// Code that reads a clock, a disk, a network or the environment belongs
// elsewhere.
package everlatch
