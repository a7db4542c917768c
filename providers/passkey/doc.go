// Package passkey implements sign-in with passkeys (W3C Web Authentication), as the
// provider "passkey" and as the second factor "webauthn". The protocol is that of
// go-webauthn; this package decides which options are offered, which answers are
// accepted, and what is stored.
package passkey
