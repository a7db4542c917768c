//go:build linux

package crash_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// nothingHalf are queries that find what must not exist, with what it would be. Each
// returns one column that names it.
var nothingHalf = []struct{ what, query string }{
	{"an identity without a way to sign in", `SELECT i.id FROM auth_identity i WHERE i.deleted_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM provider_identity p WHERE p.auth_identity_id = i.id AND p.deleted_at IS NULL)`},
	{"a way to sign in to a removed identity", `SELECT p.id FROM provider_identity p JOIN auth_identity i ON i.id = p.auth_identity_id
		WHERE p.deleted_at IS NULL AND i.deleted_at IS NOT NULL`},
	{"a customer with an account without a sign-in method", `SELECT c.id FROM customer c WHERE c.deleted_at IS NULL AND c.has_account = TRUE
		AND NOT EXISTS (SELECT 1 FROM actor_link l WHERE l.actor_type = 'customer' AND l.actor_id = c.id)`},
	{"an administrator without a sign-in method", `SELECT u.id FROM "user" u WHERE u.deleted_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM actor_link l WHERE l.actor_type = 'user' AND l.actor_id = u.id)`},
	{"a link to a customer who is not there", `SELECT l.auth_identity_id FROM actor_link l WHERE l.actor_type = 'customer'
		AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = l.actor_id AND c.deleted_at IS NULL)`},
	{"a link to an administrator who is not there", `SELECT l.auth_identity_id FROM actor_link l WHERE l.actor_type = 'user'
		AND NOT EXISTS (SELECT 1 FROM "user" u WHERE u.id = l.actor_id AND u.deleted_at IS NULL)`},
	{"an actor that two identities have", `SELECT actor_id FROM actor_link GROUP BY actor_type, actor_id HAVING count(*) > 1`},
	{"an accepted invite without its administrator", `SELECT i.id FROM invite i WHERE i.accepted = TRUE
		AND NOT EXISTS (SELECT 1 FROM "user" u WHERE u.email_key = i.email_key AND u.deleted_at IS NULL)`},
	{"an administrator without an accepted invite", `SELECT u.id FROM "user" u WHERE u.email_key <> 'root@example.com' AND u.deleted_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM invite i WHERE i.accepted = TRUE AND i.email_key = u.email_key)`},
	{"an event that its flow has not released", `SELECT name || ' ' || group_id FROM event WHERE released_at IS NULL`},
	{"a released event that was not handed to its subscribers", `SELECT name || ' ' || group_id FROM event WHERE released_at IS NOT NULL AND dispatched_at IS NULL`},
	{"a delivery that is not done", `SELECT event_id || ' ' || subscriber || ' ' || status || ' ' || error FROM delivery
		WHERE status <> 'delivered' AND error <> '` + tooLate + `'`},
	{"a deletion that is not done", `SELECT customer_id FROM account_deletion`},
	{"a session of an identity that is gone", `SELECT s.id FROM session s JOIN auth_identity i ON i.id = s.auth_identity_id WHERE i.deleted_at IS NOT NULL`},
	{"an event that its identity can have once only", `SELECT name || ' of ' || auth_identity_id FROM event WHERE name IN (
		'auth.identity_registered', 'auth.password_changed', 'auth.email_changed', 'auth.email_change_undone', 'auth.mfa_enabled',
		'auth.mfa_recovery_codes_generated', 'auth.mfa_recovery_code_used', 'invite.accepted', 'auth.account_deleted')
		GROUP BY name, auth_identity_id HAVING count(*) > 1`},
	{"an event that its record can have once only", `SELECT name || ' of ' || (data::jsonb ->> 'id') FROM event WHERE name IN (
		'customer.created', 'customer.deleted', 'customer.erased', 'user.created', 'invite.created', 'invite.accepted', 'invite.deleted', 'auth.identity_deleted')
		GROUP BY name, data::jsonb ->> 'id' HAVING count(*) > 1`},
	{"a removed customer who was not erased", `SELECT id FROM customer WHERE deleted_at IS NOT NULL AND erased_at IS NULL`},
}

// tooLate is why a mail about a removal is given up: an outage was longer than the grace of
// the removal, which is short here.
const tooLate = "the account was due for deletion before the mail could be sent"

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// find returns the first column of the rows of a query.
func find(ctx context.Context, db querier, query string, args ...any) (found []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		found = append(found, text)
	}
	return found, rows.Err()
}

// whole are rows of which nothing is half: a customer, an administrator who accepted an
// invite, and an event that was delivered.
//
//nolint:dupword // SQL
const whole = `
INSERT INTO auth_identity (id, linked, last_used_at, created_at, updated_at) VALUES ('i1', TRUE, now(), now(), now()), ('i2', TRUE, now(), now(), now());
INSERT INTO provider_identity (id, auth_identity_id, provider, entity_id, entity_key, created_at, updated_at)
	VALUES ('p1', 'i1', 'emailpass', 'ada@example.com', 'ada@example.com', now(), now()), ('p2', 'i2', 'emailpass', 'grace@example.com', 'grace@example.com', now(), now());
INSERT INTO customer (id, email, email_key, has_account, created_at, updated_at) VALUES ('c1', 'ada@example.com', 'ada@example.com', TRUE, now(), now());
INSERT INTO "user" (id, email, email_key, created_at, updated_at) VALUES ('u2', 'grace@example.com', 'grace@example.com', now(), now());
INSERT INTO invite (id, email, email_key, accepted, token_hash, expires_at, roles, workflow_id, created_at, updated_at, deleted_at)
	VALUES ('v2', 'grace@example.com', 'grace@example.com', TRUE, '', now(), '[]', '', now(), now(), now());
INSERT INTO actor_link (auth_identity_id, actor_type, actor_id, created_at) VALUES ('i1', 'customer', 'c1', now()), ('i2', 'user', 'u2', now());
INSERT INTO session (id, secret_hash, auth_identity_id, auth_provider, actor_type, actor_id, credential_version, created_at, idle_expires_at, expires_at)
	VALUES ('s1', 'h1', 'i1', 'emailpass', 'customer', 'c1', 1, now(), now(), now());
INSERT INTO event (id, name, group_id, auth_identity_id, data, created_at, released_at, dispatched_at)
	VALUES ('e1', 'customer.created', 'g', 'i1', '{"id":"c1"}', now(), now(), now()), ('e2', 'auth.identity_registered', 'g', 'i1', '{}', now(), now(), now());
INSERT INTO delivery (event_id, subscriber, position, order_key, status, created_at, updated_at) VALUES ('e1', 'mail', 1, '', 'delivered', now(), now());
`

// halves make each thing that must not exist out of the whole rows.
var halves = map[string]string{
	"an identity without a way to sign in":                    `UPDATE provider_identity SET deleted_at = now() WHERE id = 'p1'`,
	"a way to sign in to a removed identity":                  `UPDATE auth_identity SET deleted_at = now() WHERE id = 'i2'`,
	"a customer with an account without a sign-in method":     `DELETE FROM actor_link WHERE actor_id = 'c1'`,
	"an administrator without a sign-in method":               `DELETE FROM actor_link WHERE actor_id = 'u2'`,
	"a link to a customer who is not there":                   `UPDATE customer SET deleted_at = now(), erased_at = now()`,
	"a link to an administrator who is not there":             `UPDATE "user" SET deleted_at = now()`,
	"an actor that two identities have":                       `INSERT INTO actor_link VALUES ('i2', 'customer', 'c1', now())`,
	"an accepted invite without its administrator":            `UPDATE "user" SET email_key = 'root@example.com'`,
	"an administrator without an accepted invite":             `UPDATE invite SET accepted = FALSE`,
	"an event that its flow has not released":                 `UPDATE event SET released_at = NULL WHERE id = 'e1'`,
	"a released event that was not handed to its subscribers": `UPDATE event SET dispatched_at = NULL WHERE id = 'e1'`,
	"a delivery that is not done":                             `UPDATE delivery SET status = 'dead', error = 'refused'`,
	"a deletion that is not done":                             `INSERT INTO account_deletion VALUES ('c1', now(), now())`,
	"a session of an identity that is gone":                   `UPDATE auth_identity SET deleted_at = now() WHERE id = 'i1'`,
	"an event that its identity can have once only":           `UPDATE event SET name = 'auth.password_changed'`,
	"an event that its record can have once only":             `UPDATE event SET name = 'customer.created', data = '{"id":"c1"}'`,
	"a removed customer who was not erased":                   `UPDATE customer SET deleted_at = now()`,
}

// TestNothingHalf shows that each query finds what it is for, and nothing where all is
// whole.
func TestNothingHalf(t *testing.T) {
	t.Parallel()
	if !storetest.HasPostgres() {
		t.Skip("TEST_POSTGRES_URL is not set")
	}
	url := storetest.PostgresURL(t)
	s, err := store.Open(t.Context(), url, time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	require.NoError(t, s.Migrate(t.Context()))
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	require.Len(t, halves, len(nothingHalf))

	for _, invariant := range nothingHalf { //nolint:paralleltest // each takes milliseconds
		t.Run(invariant.what, func(t *testing.T) {
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			defer tx.Rollback()
			_, err = tx.ExecContext(t.Context(), whole)
			require.NoError(t, err)
			for _, each := range nothingHalf {
				found, err := find(t.Context(), tx, each.query)
				require.NoError(t, err, each.what)
				require.Empty(t, found, each.what)
			}
			_, err = tx.ExecContext(t.Context(), halves[invariant.what])
			require.NoError(t, err)
			found, err := find(t.Context(), tx, invariant.query)
			require.NoError(t, err)
			require.Len(t, found, 1)
		})
	}
}
