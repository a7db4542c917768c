// Package github implements sign-in with GitHub or a GitHub Enterprise Server
// (docs/contract.md#s3-5).
//
// The account number identifies the user, because it never changes; logins and
// addresses do. The email address is the primary one, and only if GitHub has
// verified it. Otherwise an attacker could take over an account by adding its
// address to a GitHub account (see [Options.RequireVerifiedEmail]).
//
// # Secrets
//
// The client secret, codes, verifiers and tokens travel in bodies and headers,
// never in a URL (docs/weak-spots.md#w47). No error contains them, in its message
// or its cause; GitHub's error descriptions are dropped for that reason. Tokens are
// discarded after use unless [Options.KeepTokens] is set (docs/weak-spots.md#w50).
//
// # Refusals and outages
//
// A missing response, a 5xx status and an exceeded API rate limit are outages
// ([everlatch.CodeUnavailable]). Every other unexpected response is a refusal,
// because a code can be used only once. If the response is lost, a retry with the
// same code is refused.
package github
