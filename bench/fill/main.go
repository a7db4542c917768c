package main

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"golang.org/x/crypto/argon2"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

func main() {
	url := flag.String("database", "", "`URL` of the database: postgres://… or sqlite://PATH")
	n := flag.Int("n", 1_000_000, "how `many` accounts there are to be")
	password := flag.String("password", "", "the `password` of all of them, for -filled of the benchmark; none without it")
	hash := flag.String("hash", "19456,2,1", "the `parameters` of argon2id (memory_kib,time,parallelism) by which it is hashed, as the server does")
	flag.Parse()
	metadata, err := credential(*password, *hash)
	if err == nil {
		err = fill(context.Background(), *url, *n, metadata)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fill:", err)
		os.Exit(1)
	}
}

// batch is how many accounts a transaction writes.
const batch = 50_000

// credential returns what emailpass stores about a password, or nothing for none. All
// accounts have the same salt, which would be a fault anywhere else.
func credential(password, parameters string) (metadata string, err error) {
	if password == "" {
		return "", nil
	}
	var memory, passes uint32
	var lanes uint8
	if n, err := fmt.Sscanf(parameters, "%d,%d,%d", &memory, &passes, &lanes); err != nil || n != 3 || passes < 1 || lanes < 1 {
		return "", errors.New("-hash must be memory_kib,time,parallelism of argon2id, such as 19456,2,1")
	}
	salt := make([]byte, 16)
	key := argon2.IDKey([]byte(password), salt, passes, memory, lanes, 32)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf(`{"password":"$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s"}`, memory, passes, lanes, encode(salt), encode(key)), nil
}

// fill writes accounts with the numbers 1 to n. metadata is what emailpass knows of each.
func fill(ctx context.Context, url string, n int, metadata string) (err error) {
	db, err := open(url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for from := 1; from <= n; from += batch {
		if err := write(ctx, db, from, min(from+batch-1, n), metadata); err != nil {
			return fmt.Errorf("accounts from %d: %w", from, err)
		}
	}
	// Without it PostgreSQL plans for the table as it was.
	_, err = db.ExecContext(ctx, "ANALYZE")
	return err
}

func open(url string) (*sql.DB, error) {
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		return sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	}
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, errors.New("-database must be postgres://… or sqlite://PATH")
	}
	return sql.Open("pgx", url)
}

// write adds the accounts of a range, in one transaction.
func write(ctx context.Context, db *sql.DB, from, to int, metadata string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it has been committed, or there is an error to report
	accounts := strings.NewReplacer("{from}", strconv.Itoa(from), "{to}", strconv.Itoa(to)).Replace(account)
	for _, statement := range statements {
		text := strings.NewReplacer("{account}", accounts, "{now}", now, "{metadata}", literal(metadata)).Replace(statement)
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// literal quotes text for SQL; "" is NULL.
func literal(text string) string {
	if text == "" {
		return "NULL"
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// now is a literal that either database takes.
const now = `'2026-01-02 03:04:05.000000+00:00'`

// account makes a row of each number, for either database: an id of the right length,
// and names of which some are common and some rare.
const account = `WITH RECURSIVE number (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM number WHERE i < {to}),
named AS (SELECT i, SUBSTR('00000000000000000000000000' || CAST(i AS TEXT), LENGTH(CAST(i AS TEXT)) + 1, 26) AS id,
	CASE i % 7 WHEN 0 THEN 'Ada' WHEN 1 THEN 'Grace' WHEN 2 THEN 'Alan' WHEN 3 THEN 'Barbara' WHEN 4 THEN 'Edsger' WHEN 5 THEN 'Frances' ELSE 'Katherine' END AS given,
	CASE i % 11 WHEN 0 THEN 'Lovelace' WHEN 1 THEN 'Hopper' WHEN 2 THEN 'Turing' WHEN 3 THEN 'Liskov' WHEN 4 THEN 'Dijkstra' WHEN 5 THEN 'Allen' WHEN 6 THEN 'Johnson' WHEN 7 THEN 'Hamilton' WHEN 8 THEN 'Knuth' WHEN 9 THEN 'Perlman' ELSE 'Goldberg' END AS family
	FROM number),
account AS (SELECT id, given, family, LOWER(given) || '.' || LOWER(family) || '.' || CAST(i AS TEXT) || '@example.com' AS email FROM named)`

var statements = []string{
	`INSERT INTO auth_identity (id, linked, last_used_at, created_at, updated_at)
	{account} SELECT 'authid_' || id, TRUE, {now}, {now}, {now} FROM account WHERE TRUE
	ON CONFLICT DO NOTHING`,
	`INSERT INTO provider_identity (id, auth_identity_id, provider, entity_id, entity_key, provider_metadata, created_at, updated_at)
	{account} SELECT id, 'authid_' || id, 'emailpass', email, LOWER(email), {metadata}, {now}, {now} FROM account WHERE TRUE
	ON CONFLICT DO NOTHING`,
	`INSERT INTO customer (id, email, email_key, first_name, last_name, has_account, created_at, updated_at)
	{account} SELECT 'cus_' || id, email, LOWER(email), given, family, TRUE, {now}, {now} FROM account WHERE TRUE
	ON CONFLICT DO NOTHING`,
	`INSERT INTO actor_link (auth_identity_id, actor_type, actor_id, created_at)
	{account} SELECT 'authid_' || id, 'customer', 'cus_' || id, {now} FROM account WHERE TRUE
	ON CONFLICT DO NOTHING`,
}
