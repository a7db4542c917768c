// Package vault keeps secrets for the minutes in which a flow needs them, so
// that no password, code or token is ever part of a workflow's history.
//
// The receiver of a secret puts it into the [Vault] and passes the [Ref] on; an
// activity trades the ref for the [Secret] again. A ref can be read until it
// expires or is deleted, not once: an activity that is retried reads again.
// Deleting the row destroys the secret, because nothing else holds it.
//
// A [Secret] refuses to be serialised and prints as "[secret]", so a struct that
// holds one cannot become a payload or a log line by mistake.
//
// The [KeyRing] seals with AES-256-GCM under keys that can be rotated; the
// payload codec and everything else that encrypts use keys derived from the
// same ring by [KeyRing.Derive], one purpose each (docs/weak-spots.md#w64).
package vault
