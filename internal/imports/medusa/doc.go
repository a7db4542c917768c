// Package medusa reads the accounts of a Medusa 2 installation from its database, as units
// to import (docs/guides/move-from-medusa.md). It only reads, all of a pass at one point in
// time, in pages that follow the primary keys.
//
// kinds.go has the tables and how they become records; a [Follower] finds what has changed
// since, until the switch.
package medusa
