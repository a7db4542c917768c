// Package tokens issues and verifies the JSON web tokens of the service
// (docs/contract.md#s4-2, "JWT claims") and publishes its public keys.
//
// A token says what it is for (docs/weak-spots.md#w36): one that was made to sign in is refused
// everywhere else. The algorithm is fixed by the configuration and never read
// from a token (docs/weak-spots.md#w37). With [Config.OwnActorOnly] a token names only the actor
// that it was issued for (docs/weak-spots.md#w38).
//
// A verified token is not yet a permission: whether its identity still lives,
// still is that actor and has not ended its credentials is asked of the store
// (docs/weak-spots.md#w14, #w25).
//
// No error of this package contains a token, a part of one, or a key.
package tokens
