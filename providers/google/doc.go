// Package google implements sign-in with a Google account
// (docs/contract.md#s3-4). It is a preset of [oidc], whose documentation
// describes the verification.
//
// Compared with the contract it adds PKCE and a nonce (docs/weak-spots.md#w48),
// sends the exchange as a form (docs/weak-spots.md#w47), accepts only
// allow-listed callback URLs (docs/weak-spots.md#w46), and refreshes the
// profile at each sign-in (docs/weak-spots.md#w51). Users see every problem of
// a code or a token as "Authentication failed"; only the log has the reason.
package google
