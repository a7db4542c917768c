package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Page is a part of a list.
type Page struct {
	// Limit is the maximum number of records; 0 is no limit.
	Limit int
	// Offset is the number of records to skip.
	Offset int
	// Order is a field, or "-" and a field for descending order; "" means the
	// list's own order, by id (docs/contract.md#s2-1).
	Order string
	// WithDeleted includes deleted records whose rows still exist.
	WithDeleted bool
}

// conditions is a WHERE clause under construction.
type conditions struct {
	text []string
	args []any
	// postgres is the engine. Only patterns and JSON differ.
	postgres bool
}

// add appends a condition, in which every %s stands for the argument.
func (c *conditions) add(format string, arg any) {
	c.text = append(c.text, strings.ReplaceAll(format, "%s", c.mark(arg)))
}

// is appends a condition without argument.
func (c *conditions) is(text string) { c.text = append(c.text, text) }

// equal appends column = value, unless the value is "".
func (c *conditions) equal(column, value string) {
	if value != "" {
		c.add(column+" = %s", value)
	}
}

// in appends column IN (values), unless there are none.
func (c *conditions) in(column string, values []string) {
	if len(values) == 0 {
		return
	}
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = c.mark(v)
	}
	c.text = append(c.text, column+" IN ("+strings.Join(marks, ", ")+")")
}

// live appends that a row is not deleted, unless the page includes deleted
// ones.
func (c *conditions) live(column string, page Page) {
	if !page.WithDeleted {
		c.is(column + " IS NULL")
	}
}

// maxWords bounds the length of a statement; further words are ignored.
const maxWords = 10

// contains appends that each of the words is part of one of the columns, in
// any case. SQLite folds the case of ASCII letters only.
func (c *conditions) contains(words string, columns ...string) {
	for _, word := range searched(words) {
		escaped := literal(word)
		parts := make([]string, len(columns))
		for i, column := range columns {
			parts[i] = `LOWER(` + column + `) LIKE %s ESCAPE '\'`
		}
		c.add("("+strings.Join(parts, " OR ")+")", "%"+escaped+"%")
	}
}

// literal returns a pattern of LIKE that stands for a text.
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// searched returns the words to search for.
func searched(words string) []string {
	list := strings.Fields(strings.ToLower(words))
	return list[:min(len(list), maxWords)]
}

// listing describes a list of records: which, how many, in which order.
type listing[T any] struct {
	table, columns string
	scan           func(scanner) (T, error)
	where          conditions
	page           Page
	// orders are the fields by which a caller may order; those that may be NULL
	// stand in nullable too.
	orders       []string
	nullable     []string
	defaultOrder string
	// tieBreak decides between equals; "" is id.
	tieBreak string
	// prefix is that of the table with the orders, where another one has such columns too.
	prefix string
}

// list runs a listing and counts what it would return without its page.
func list[T any](ctx context.Context, s *Store, op string, l listing[T]) ([]T, int, error) {
	order, err := l.order()
	if err != nil {
		return nil, 0, err
	}
	from := " FROM " + l.table + " WHERE " + l.where.all()
	count, err := first(ctx, adhoc{s.reads}, scanned[int], "SELECT COUNT(*)"+from, slices.Clone(l.where.args)...)
	if err != nil {
		return nil, 0, s.fail(ctx, op, err)
	}
	text, args := "SELECT "+l.columns+from+" ORDER BY "+order, l.where.args
	if l.page.Limit > 0 || l.page.Offset > 0 {
		limit := l.page.Limit
		if limit <= 0 {
			limit = count // SQLite has no OFFSET without LIMIT
		}
		text += fmt.Sprintf(" LIMIT $%d OFFSET $%d", len(args)+1, len(args)+2)
		args = append(args, limit, max(0, l.page.Offset))
	}
	out, err := all(ctx, adhoc{s.reads}, l.scan, text, args...)
	return out, count, s.fail(ctx, op, err)
}

// order never puts a caller's text into a statement: it must be one of orders.
func (l listing[T]) order() (string, error) {
	if l.page.Order == "" {
		return l.defaultOrder, nil
	}
	field, descending := strings.CutPrefix(l.page.Order, "-")
	if !slices.Contains(l.orders, field) {
		return "", errOrder(field)
	}
	direction := " ASC"
	if descending {
		direction = " DESC"
	}
	tie := l.tieBreak
	if tie == "" {
		tie = "id"
	}
	by := l.prefix + field + direction
	if slices.Contains(l.nullable, field) {
		// PostgreSQL's default, which differs from SQLite's.
		by += map[bool]string{false: " NULLS LAST", true: " NULLS FIRST"}[descending]
	}
	return by + ", " + tie + direction, nil
}
