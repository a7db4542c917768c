// Package oidc implements sign-in with an OpenID Connect provider (docs/contract.md#s3-6).
// It is registered once for each provider, under an id such as "okta".
//
// A sign-in uses the authorization code flow with PKCE (S256), state and nonce.
// Request URLs never contain secrets: the code, its verifier and the client secret
// are sent in a form (docs/weak-spots.md#w47), or the client secret in a header.
//
// # Verification
//
// The ID token must be signed with a key that the provider publishes and an
// algorithm of [Options.Algorithms], which never include "none" or a shared secret.
// Issuer, audience, authorized party, times and nonce must match the sign-in. An
// unknown key or a wrong signature fetches the keys again, at most once a minute.
// [Options.DiscoveryTTL] limits how long a retired key is accepted.
//
// If the ID token has no address, it is read from the UserInfo endpoint (OpenID
// Connect Core, section 5.4). The response comes over TLS from an endpoint that the
// issuer names, and must be about the subject of the ID token. The claims of the ID
// token take precedence.
//
// email_verified applies to the claim "email" only, whatever claim is mapped.
// [Options.AllowedEmailDomains] checks the address, not whether it is verified, so
// it restricts access only together with [Options.RequireVerifiedEmail].
//
// # Outages and refusals
//
// A missing response, a broken connection and a 5xx status are
// [everlatch.Unavailable], and the call may be repeated. If the first attempt did
// reach the provider, it refuses the second, because a code can be used only once.
// Every other unexpected response is a refusal with the contract's message,
// "Authentication failed". The cause is for the log only and contains no code,
// verifier, secret or token.
//
// During an outage of the provider, its cached document and keys stay in use.
//
// # Connections
//
// Connections go directly to public addresses over TLS 1.2 or newer, and redirects
// are not followed. [Options.AllowPrivate] also permits private addresses.
package oidc
