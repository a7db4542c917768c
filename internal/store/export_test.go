package store

import "context"

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
