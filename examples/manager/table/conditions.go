package table

import (
	"maps"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
)

// conditions is a query as SQL. What a caller wrote goes into arguments alone.
func conditions(q everlatch.ActorQuery) (where string, args []any) {
	parts := []string{"TRUE"}
	anyOf := func(expression string, values []any) {
		parts = append(parts, expression+" IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")+")")
		args = append(args, values...)
	}
	if !q.WithDeleted {
		parts = append(parts, "deleted_at IS NULL")
	}
	if len(q.IDs) > 0 {
		var ids []any
		for _, id := range q.IDs {
			ids = append(ids, id)
		}
		anyOf("id", ids)
	}
	for _, name := range slices.Sorted(maps.Keys(q.Equal)) {
		values := slices.Clone(q.Equal[name])
		switch name {
		case "email": // in any case, as it is unique
			for i, v := range values {
				if text, ok := v.(string); ok {
					values[i] = strings.ToLower(text)
				}
			}
			anyOf("LOWER(email)", values)
		case "name":
			anyOf("name", values)
		}
	}
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	for word := range strings.FieldsSeq(q.Q) {
		parts = append(parts, `(email LIKE ? ESCAPE '\' OR name LIKE ? ESCAPE '\')`)
		like := "%" + escape.Replace(word) + "%"
		args = append(args, like, like)
	}
	for column, r := range map[string]everlatch.TimeRange{"created_at": q.CreatedAt, "updated_at": q.UpdatedAt} {
		if !r.From.IsZero() {
			parts, args = append(parts, column+" >= ?"), append(args, r.From.UTC())
		}
		if !r.Until.IsZero() {
			parts, args = append(parts, column+" < ?"), append(args, r.Until.UTC())
		}
	}
	return strings.Join(parts, " AND "), args
}
