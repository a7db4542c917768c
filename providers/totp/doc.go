// Package totp is the second factor of authenticator apps: time-based one-time
// passwords by RFC 6238, with SHA-1, which is what all apps understand.
//
// A code is accepted once. The time step that it stands for is the counter of
// [providers.FactorVerdict], and only a later one is accepted after it
// (docs/weak-spots.md#w58).
package totp
