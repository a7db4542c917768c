// Package store persists identities and their links, accounts, API keys,
// sessions, sealed secrets and events in PostgreSQL or SQLite.
//
// Both engines share one SQL text and one migration set. The differences are
// confined to a few files:
//
//   - sqlite.go, postgres.go: opening an engine
//   - conn.go: pools, transactions and prepared statements
//   - values.go: how Go values become columns and back (UTC microseconds, JSON as text)
//   - errors.go: driver errors become [everlatch.Error]
//   - migrate.go, migrations/: the schema
//
// Every other file holds one aggregate. All methods follow these rules:
//
//   - Ids come from the caller, so a retried call finds its own row and changes
//     nothing.
//   - Uniqueness and single use are decided by the database in one statement,
//     never by a read before a write. Where two statements must agree, the first
//     one is an UPDATE that locks the row: SELECT … FOR UPDATE is not portable.
//   - Changes of roles and policies are serialized by locking one row; see rbac.go.
//   - Transactions lock auth_identity before its children, and accounts before
//     identities, so that they wait for each other and do not deadlock.
//   - Errors that a caller may see are an [everlatch.Error]; an unavailable
//     database is [everlatch.CodeUnavailable]; anything else is internal.
package store
