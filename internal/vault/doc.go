// Package vault stores the secrets of a flow for the few minutes in which it
// needs them, so that no password, code or token is part of a workflow's history.
//
// The code that receives a secret puts it into the [Vault] and passes on the
// [Ref]; an activity exchanges the ref for the [Secret]. A ref can be read until
// it expires or is deleted, not just once, so a retried activity can read again.
// Deleting the row destroys the secret, because there is no other copy.
//
// A [Secret] cannot be serialized and prints as "[secret]", so a struct that
// holds one cannot become a payload or a log line by mistake.
//
// The [KeyRing] seals with AES-256-GCM under keys that can be rotated. The
// payload codec and all other encryption use keys that [KeyRing.Derive] derives
// from the same ring, one per purpose (docs/weak-spots.md#w64).
package vault
