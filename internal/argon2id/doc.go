// Package argon2id computes argon2id (RFC 9106) as golang.org/x/crypto/argon2 does, in memory
// that it keeps from one hash to the next. That package allocates the memory of each hash,
// 19 MiB by default, which the garbage collector then finds by scanning everything else: a
// tenth of what a sign-in cost. It offers no way to hand memory in, so its two steps that
// work on it are linked to by name; a new version that lacks or changes them fails to
// link, or fails the test vectors.
package argon2id
