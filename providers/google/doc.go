// Package google signs people in with their Google account (docs/contract.md#s3-4): a
// preset of [oidc], which says what is believed and what is refused.
//
// Compared with the contract it adds PKCE and a nonce (docs/weak-spots.md#w48), sends the exchange
// as a form (docs/weak-spots.md#w47), demands that callback URLs are known (docs/weak-spots.md#w46), and refreshes the
// profile at each sign-in (docs/weak-spots.md#w51). What is wrong with a code or a token is
// "Authentication failed" to people; the reason is in the log alone.
package google
