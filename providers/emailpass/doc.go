// Package emailpass implements sign-in with an email address and a password
// (docs/contract.md#s3-3).
//
// Addresses are compared in a canonical form, so that a capital letter does not
// create a second account (docs/weak-spots.md#w22). Password
// length is counted in characters. Passwords are hashed in Unicode NFC, so that
// every keyboard types the same one. The policy applies to new passwords only,
// never at login (docs/weak-spots.md#w21).
//
// # Hashes
//
// New hashes are argon2id in PHC form. Hashes of other parameters and of other systems
// (docs/guides/move-from-other-systems.md#password-hashes) are verified and
// replaced at the next login (docs/weak-spots.md#w24). What a stored hash costs is read and capped
// before any work is done (see hash.go), and a weighted semaphore bounds the
// memory of all hashes that run at once (docs/weak-spots.md#w20).
//
// # Timing (docs/weak-spots.md#w19)
//
// A refused login always costs one hash: of the stored record, or of a dummy
// with the parameters of new hashes if the account or its hash does not exist. (It
// costs two for a password that is not in NFC, with and without an account.) So
// an account with an Everlatch hash takes as long as an unknown address.
//
// A refusal of a hash that costs less, such as an imported MD5, costs that dummy too. An
// account with a more expensive hash takes longer until the hash is replaced:
// Medusa's scrypt takes three to four times as long as argon2id, bcrypt with cost
// 12 eight times (BenchmarkRefusedLogin). An attacker who measures this learns that
// the address has an account that has not been used since the import. The user's
// next login replaces the hash and ends the difference. [Options.ImportedHashes], and
// [Options.MedusaHashes] for Medusa's default parameters, hide it by doing each kind of work
// for every refusal. A refusal then costs the sum of them, so clear the options once the
// imported hashes are replaced.
//
// Registration states whether an address is taken (docs/contract.md#s3-3), so its
// timing reveals nothing more; it costs one hash either way.
package emailpass
