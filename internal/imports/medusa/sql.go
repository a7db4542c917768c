package medusa

import (
	"fmt"
	"strings"
)

// object is SQL for a JSON object with columns of a table, each by its name.
func object(alias, columns string, more ...string) string {
	var parts []string
	for name := range strings.FieldsSeq(columns) {
		parts = append(parts, fmt.Sprintf("'%s', %s.%[1]s", name, alias))
	}
	return "jsonb_build_object(" + strings.Join(append(parts, more...), ", ") + ")"
}

// list is SQL for a member of an object: a list with what belongs to a row x.
func list(name, element, from string) string {
	return fmt.Sprintf("'%s', (SELECT jsonb_agg(%s ORDER BY c.id) FROM %s)", name, element, from)
}

// related is a table whose rows belong to the row that one of its columns names.
type related struct{ table, column string }

// times are SQL for when a row x and what belongs to it were changed last, and for the
// rows of which something was changed since $2.
func times(table string, with ...related) (changed, changes string) {
	latest := []string{"x.updated_at", "x.deleted_at"}
	since := []string{"SELECT id FROM " + table + " WHERE GREATEST(updated_at, deleted_at) >= $2"}
	for _, r := range with {
		latest = append(latest, fmt.Sprintf("(SELECT max(GREATEST(updated_at, deleted_at)) FROM %s WHERE %s = x.id)", r.table, r.column))
		since = append(since, fmt.Sprintf("SELECT %s FROM %s WHERE GREATEST(updated_at, deleted_at) >= $2", r.column, r.table))
	}
	return "GREATEST(" + strings.Join(latest, ", ") + ")", strings.Join(since, " UNION ")
}
