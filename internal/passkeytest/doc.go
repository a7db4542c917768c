// Package passkeytest is a device with passkeys, for tests: it answers the options of
// the service as a browser with an authenticator does, and can be made to lie.
package passkeytest
