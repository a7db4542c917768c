// Package google signs people in with their Google account (contract 3.4): a
// preset of [oidc], which says what is believed and what is refused.
//
// Compared with the contract it adds PKCE and a nonce (W48), sends the exchange
// as a form (W47), demands that callback URLs are known (W46), and refreshes the
// profile at each sign-in (W51). What is wrong with a code or a token is
// "Authentication failed" to people; the reason is in the log alone.
package google
