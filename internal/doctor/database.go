package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// leastPostgres is the oldest PostgreSQL that Everlatch is tested with.
const leastPostgres = 14

func (s *Subject) database(ctx context.Context, n *notes) {
	url := s.Config.Database.URL
	if url == "" {
		n.skipRest("database.url is not set")
		return
	}
	size := store.WithMaxConnections(s.Config.Database.MaxConnections)
	found, err := store.Inspect(ctx, url.Reveal(), s.Now, size)
	if err != nil {
		n.fault(databaseReachable, strings.TrimPrefix(Cause(err), "ping: "), databaseAdvice(err, s.Command))
		n.skipRest("the database does not answer")
		return
	}
	n.ok(databaseReachable, "%s answers", url)
	if found.Engine == "SQLite" {
		s.sqlite(n, found)
	} else {
		s.postgres(n, found)
	}
	s.migrations(ctx, n, found, size)
}

// databaseAdvice says what to do about a database that does not answer.
func databaseAdvice(err error, command string) string {
	if _, ok := errors.AsType[*store.NoDatabaseError](err); ok {
		return "Create it with `" + command + " migrate up`, or correct the path in DATABASE_URL."
	}
	f, ok := errors.AsType[*store.FaultError](err)
	if !ok {
		return "Correct DATABASE_URL: postgres://user:password@host:5432/name."
	}
	advice, known := map[store.FaultKind]string{ //nolint:exhaustive // the default is below
		store.FaultRefused:     "Start PostgreSQL, or correct host and port in DATABASE_URL.",
		store.FaultUnknownHost: "Correct the host in DATABASE_URL, or the DNS of this machine.",
		store.FaultNoAnswer:    "Open the firewall or network policy between this machine and the database, or correct the host in DATABASE_URL.",
		store.FaultCredentials: "Correct user and password in DATABASE_URL, or admit this machine in pg_hba.conf.",
		store.FaultNoDatabase:  "Create the database, as deploy/postgres-init.sql does, or correct its name in DATABASE_URL.",
		store.FaultTLS:         "Make sslmode in DATABASE_URL fit the server: verify-full with its sslrootcert, or disable on the same machine.",
		store.FaultFull:        "Lower database.max_connections, put pgbouncer in between, or raise max_connections of PostgreSQL.",
		store.FaultStarting:    "Wait until PostgreSQL has started, and look into its log if it does not.",
	}[f.Kind()]
	if !known {
		return "Look into the log of PostgreSQL, and correct DATABASE_URL."
	}
	return advice
}

// sqlite is about a file of this machine, which has no role, no pool and no clock.
func (s *Subject) sqlite(n *notes, found store.Inspection) {
	if s.Dev {
		n.ok(databaseVersion, "SQLite %s", found.Version)
	} else {
		n.warn(databaseVersion, "SQLite "+found.Version+": only processes on this machine can use the database", "Use PostgreSQL where an API or worker runs elsewhere, or a loss of this disk counts.")
	}
	n.ok(databaseEncoding, "%s", found.Encoding)
	n.skipRest("SQLite has none")
}

func (s *Subject) postgres(n *notes, found store.Inspection) {
	if found.Major < leastPostgres {
		n.fault(databaseVersion, "PostgreSQL "+found.Version, fmt.Sprintf("Upgrade PostgreSQL to %d or newer.", leastPostgres))
	} else {
		n.ok(databaseVersion, "PostgreSQL %s", found.Version)
	}
	if unfit, ok := errors.AsType[*store.UnfitError](found.Unfit); ok {
		n.fault(databaseEncoding, unfit.Problem, sentence(unfit.Remedy))
	} else {
		n.ok(databaseEncoding, "%s", found.Encoding)
	}
	switch {
	case found.ReadOnly:
		n.fault(databaseRole, "transactions can only read: this is a standby, or default_transaction_read_only is on", "Connect to the primary, such as with target_session_attrs=read-write in DATABASE_URL.")
	case found.Superuser:
		n.warn(databaseRole, found.Role+" is a superuser, who can read and change every database of the server", "Give Everlatch a role that owns its database alone, as deploy/postgres-init.sql does.")
	default:
		n.ok(databaseRole, "%s is no superuser", found.Role)
	}
	s.pool(n, found)
	if found.Remote && !found.Encrypted {
		n.warn(databaseEncrypted, "the connection to another machine is not encrypted", "Set sslmode=verify-full in DATABASE_URL.")
	} else if found.Encrypted {
		n.ok(databaseEncrypted, "the connection uses TLS")
	} else {
		n.ok(databaseEncrypted, "the connection does not leave this machine")
	}
	n.clock(databaseClock, "the database", found.Clock, found.At, found.RoundTrip/2)
}

func (s *Subject) pool(n *notes, found store.Inspection) {
	free := max(0, found.MaxConnections-found.Connections)
	counts := fmt.Sprintf("a process opens up to %d, %d of %d are open", found.PoolSize, found.Connections, found.MaxConnections)
	switch {
	case found.Pooled:
		n.ok(databasePool, "behind a pooler; %s", counts)
	case found.PoolSize > found.MaxConnections, found.PoolSize > free:
		n.warn(databasePool, counts, "Lower database.max_connections, put pgbouncer in between, or raise max_connections of PostgreSQL.")
	default:
		n.ok(databasePool, "%s", counts)
	}
}

// migrations compares the schema with that of this program, as a start does.
func (s *Subject) migrations(ctx context.Context, n *notes, found store.Inspection, opts ...store.Option) {
	if found.Unfit != nil || found.ReadOnly {
		return
	}
	db, err := store.Open(ctx, s.Config.Database.URL.Reveal(), s.Now, opts...)
	if err == nil {
		defer func() { _ = db.Close() }()
		var pending int
		if pending, err = db.Pending(ctx); err == nil && pending > 0 {
			n.fault(databaseMigrations, fmt.Sprintf("the schema is behind by %d migrations", pending), "Run `"+s.Command+" migrate up`.")
			return
		}
	}
	if err != nil {
		n.fault(databaseMigrations, Cause(err), "Give the role of DATABASE_URL its own database and schema, and run `"+s.Command+" migrate up`.")
		return
	}
	n.ok(databaseMigrations, "the schema is up to date")
	s.search(ctx, n, db)
	s.keys(ctx, n, db)
}

// search looks for the indexes of PostgreSQL without which a search reads every row.
func (s *Subject) search(ctx context.Context, n *notes, db *store.Store) {
	missing, err := db.MissingSearchIndexes(ctx)
	switch {
	case err != nil:
		n.add(Finding{Check: databaseSearch, Status: Skipped, Message: "not known: " + Cause(err)})
	case len(missing) > 0:
		n.warn(databaseSearch, "missing: "+strings.Join(missing, ", ")+"; a search for a person reads every row",
			"Run CREATE EXTENSION pg_trgm as a superuser in this database, then `"+s.Command+" migrate up`.")
	default:
		n.ok(databaseSearch, "searches have what they need")
	}
}

// keys is about the key rings, as `everlatch keys list` shows them.
func (s *Subject) keys(ctx context.Context, n *notes, db *store.Store) {
	if s.Keys == nil {
		n.add(Finding{Check: databaseKeys, Status: Skipped, Message: "encryption.keys cannot be read"})
		return
	}
	rings, err := s.Keys(ctx, db)
	if err != nil {
		n.add(Finding{Check: databaseKeys, Status: Skipped, Message: "not known: " + Cause(err)})
		return
	}
	if len(rings) == 0 {
		n.ok(databaseKeys, "no process has used this database yet")
	}
	for _, ring := range rings {
		s.ring(n, ring)
	}
}

func (s *Subject) ring(n *notes, ring KeyRing) {
	f := Finding{Check: databaseKeys, About: ring.Name, Status: OK, Message: "key " + ring.Active + " is in use"}
	if ring.Active == "" {
		f.Status, f.Message = Fault, "no key is in use"
		f.Advice = "Run `" + s.Command + " keys rotate " + ring.Name + "`, and see `" + s.Command + " keys list`."
	}
	for _, k := range ring.Previous {
		if f.Status == OK {
			f.Status = Warning
		}
		if k.Needed == "" {
			f.Message += "; nothing needs " + k.ID + " any more"
			f.Advice = "Run `" + s.Command + " keys retire " + ring.Name + " " + k.ID + "`."
			continue
		}
		f.Message += "; " + k.ID + " is still needed: " + k.Needed
		if f.Advice == "" {
			f.Advice = "Wait until the schedule reseal and the retention of the namespace have done their work, then `" + s.Command + " keys retire " + ring.Name + " " + k.ID + "`."
		}
	}
	n.add(f)
}

// outage says whether an error is about a service that does not answer.
func outage(err error) bool { return errors.Is(err, everlatch.ErrUnavailable) }
