// Package medusatest has the database of a small Medusa shop, as Medusa 2.21.2 itself made
// it; `MEDUSA_DUMP=… make medusa-test` writes it. All of its people and secrets are
// invented.
package medusatest
