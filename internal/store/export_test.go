package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// SearchedCustomers is the statement that counts customers with a word, and its arguments.
func SearchedCustomers(q string) (text string, args []any) {
	where := conditions{postgres: true}
	CustomerFilter{Q: q}.test(&where)
	return "SELECT COUNT(*) FROM customer c WHERE " + where.all(), where.args
}

// SearchedIdentities is the statement that counts identities with a word.
func SearchedIdentities(q string) (text string, args []any) {
	where := conditions{postgres: true}
	IdentitySearch{Q: q}.search(&where)
	return "SELECT COUNT(*) FROM auth_identity a WHERE " + where.all(), where.args
}

// Searchable reports whether searches have their indexes. SQLite has none: it reads
// every row.
func (s *Store) Searchable(ctx context.Context) (bool, error) {
	missing, err := s.MissingSearchIndexes(ctx)
	return s.onPostgres() && len(missing) == 0, err
}

// Statement is a statement with its arguments.
type Statement struct {
	Text string
	Args []any
}

// StatisticsStatements are those that count events, mails and sign-ins.
func (s *Store) StatisticsStatements(r StatisticsRange) []Statement {
	var out []Statement
	for _, q := range s.statisticsQueries(r) {
		_ = bind(q.args) // valid in tests
		out = append(out, Statement{q.text, q.args})
	}
	return out
}

// ReadValue reads a value with the store, to where the scanner says.
func ReadValue(ctx context.Context, s *Store, text string, dest any) error {
	_, err := first(ctx, s.reads, func(row scanner) (any, error) { return nil, row.Scan(dest) }, text)
	return err
}

// Destinations make the kinds of variables that columns are scanned to, each with how to
// scan to one.
func Destinations() map[string]func() (variable, dest any) {
	type pair = func() (any, any)
	return map[string]pair{
		"string":            func() (any, any) { v := new(string); return v, v },
		"*string":           func() (any, any) { v := new(*string); return v, v },
		"bool":              func() (any, any) { v := new(bool); return v, v },
		"int64":             func() (any, any) { v := new(int64); return v, v },
		"int":               func() (any, any) { v := new(int); return v, v },
		"bytes":             func() (any, any) { v := new([]byte); return v, v },
		"text or NULL":      func() (any, any) { v := new(string); return v, toText{v} },
		"boolean or NULL":   func() (any, any) { v := new(bool); return v, toBool{v} },
		"time or NULL":      func() (any, any) { v := new(time.Time); return v, toTime{v} },
		"optional time":     func() (any, any) { v := new(*time.Time); return v, toOptionalTime{v} },
		"metadata":          func() (any, any) { v := new(everlatch.Metadata); return v, toMetadata{v} },
		"words":             func() (any, any) { v := new([]string); return v, toWords{v} },
		"a type of strings": func() (any, any) { v := new(everlatch.Code); return v, v },
	}
}
