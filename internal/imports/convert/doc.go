// Package convert reads what other systems export and yields the records that
// `everlatch import` takes: for each of their users a unit of an account, an identity with
// its ways to sign in, and the link between the two
// (docs/guides/move-from-other-systems.md).
//
// Readers stream: a file is never in memory as a whole. What can't be moved is in the unit:
// a refusal of the user, or a note about what was left out. Ids are derived from those of
// the other system, so that the same file gives the same records again.
//
// Hashes keep their algorithm and parameters. They are brought into the text form that
// package emailpass verifies, and replaced when their user signs in.
package convert
