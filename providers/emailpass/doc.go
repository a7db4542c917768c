// Package emailpass signs people in with an e-mail address and a password
// (docs/contract.md#s3-3).
//
// Addresses are compared in a canonical form, so that one person does not
// become two by a capital letter (docs/weak-spots.md#w22); see [CanonicalEmail]. Passwords count in
// characters, are taken exactly as given, and are checked against a policy when
// they are chosen, never when they are used (docs/weak-spots.md#w21).
//
// # Hashes
//
// New hashes are argon2id in PHC form. Medusa's scrypt container, bcrypt,
// PBKDF2, scrypt and argon2 hashes of other parameters are verified and
// replaced at the next login (docs/weak-spots.md#w24). What a stored hash costs is read and capped
// before any work is done ([CheckHash]), and a weighted semaphore bounds the
// memory of all hashes that run at once (docs/weak-spots.md#w20).
//
// # What the time of an answer tells (docs/weak-spots.md#w19)
//
// A refused login always costs one hash: of the stored record, or of a dummy
// with the parameters of new hashes if the account or its hash does not exist. So
// an account with an Everlatch hash takes as long as an unknown address.
//
// An account with an imported hash takes longer until the hash is replaced:
// Medusa's scrypt takes three to four times as long as argon2id, bcrypt with cost
// 12 eight times (BenchmarkRefusedLogin). An attacker who measures this learns that
// the address has an account that has not been used since the import. The user's
// next login replaces the hash and ends the difference. [Options.MedusaHashes] closes the gap for
// Medusa's default parameters by doing both kinds of work for every refusal; the
// price is that a refusal costs about five times as much, so switch it off when
// the last such hash is gone. Nothing closes it for other imported formats.
//
// Registration tells whether an address is taken in words (docs/contract.md#s3-3), so
// its time is not the weak point; it costs one hash either way.
package emailpass
