// Package oidc signs people in at an OpenID Connect provider (docs/contract.md#s3-6).
// It is registered once for each provider, under an id such as "okta".
//
// A sign-in is an authorization code with PKCE (S256), state and nonce. Nothing
// secret is ever part of an address that this package requests: the code, its
// verifier and the client's secret travel in a form (docs/weak-spots.md#w47), or the last in a header.
//
// # What is believed
//
// The ID token. Its signature must be that of a key that the
// provider publishes, by an algorithm of [Options.Algorithms]; a shared secret
// and "none" are never among them. Issuer, audience, authorized party, times
// and nonce must fit the sign-in. Keys are fetched again when a token names
// one that is unknown, at most once a minute, and at the latest when
// [Options.DiscoveryTTL] is over, so that a key that was taken back ends.
//
// The UserInfo endpoint is asked for people whose ID token leaves their address
// out, as OpenID Connect Core has it (section 5.4) and strict providers do. Its
// answer comes over TLS from an endpoint that the issuer names, and must be about
// the subject of the ID token, which goes before it in every claim that both have.
//
// An address counts as verified when the provider says so of the very claim that
// it was read from: email_verified speaks of "email", whatever is mapped.
// [Options.AllowedEmailDomains] looks at the address, not at who vouches for it,
// so it is a gate only while [Options.RequireVerifiedEmail] is on.
//
// # Outages and refusals
//
// What a provider answers is final, except an answer of the 500s: a refusal has
// the contract's words, "Authentication failed", and the cause is for the log
// alone. Silence, broken connections and 500s are [everlatch.Unavailable]: the
// same call may be made again. When the first attempt had reached the provider
// after all, it refuses the second, since a code is good only once. Causes hold
// neither code, verifier, secret nor token.
//
// While a provider is away, its last known document and keys go on serving.
//
// # Where this connects to
//
// To public addresses, directly, over TLS 1.2 or newer, and without following
// redirects, unless [Options.AllowPrivate] says that the operator vouches for
// the provider.
package oidc
