// Package tokens issues and verifies the JSON web tokens of the service
// (docs/contract.md#s4-2, "JWT claims") and publishes its public keys.
//
// Each token has a purpose (docs/weak-spots.md#w36): an access token is refused
// everywhere else. The algorithm is fixed by the configuration and never read
// from a token (docs/weak-spots.md#w37). With [Config.OwnActorOnly] a token names
// only the actor that it was issued for (docs/weak-spots.md#w38).
//
// A verified token grants nothing by itself: the store decides whether its
// identity still exists, is still linked to that actor and has not ended its
// credentials (docs/weak-spots.md#w14, #w25).
//
// No error of this package contains a token, a part of one, or a key.
package tokens
