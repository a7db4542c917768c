package store

import (
	"fmt"
	"strings"
	"time"
)

// Op is a comparison (docs/contract.md#s2-1). [Is] and [IsNot] take any number
// of values and mean one of them, or none of them; the others must hold for
// each value.
type Op string

// The comparisons.
const (
	Is      Op = "is"
	IsNot   Op = "is not"
	Less    Op = "less"
	AtMost  Op = "at most"
	More    Op = "more"
	AtLeast Op = "at least"
	// Like and ILike compare with a pattern in which % stands for any text and _ for
	// any character; ILike ignores case, on SQLite that of ASCII letters only.
	Like  Op = "like"
	ILike Op = "ilike"
	// Matches finds a regular expression of [CheckRegexp].
	Matches Op = "matches"
	// Contains finds a part of a text, or an element of a JSON array, or all of several.
	Contains Op = "contains"
	// Overlaps and Contained take any number of values. They find a JSON array with at
	// least one of them, and one whose elements are all among them.
	Overlaps  Op = "overlaps"
	Contained Op = "contained"
	// Present and Absent take no value.
	Present Op = "present"
	Absent  Op = "absent"
)

// nullness are the tests of whether a column has a value.
var nullness = map[Op]string{Present: " IS NOT NULL", Absent: " IS NULL"} //nolint:exhaustive // the other ones test a value

// TextTest compares a string, byte by byte.
type TextTest struct {
	Op    Op
	Texts []string
}

// Period is a time as a client wrote it: everything from From up to, but not
// including, Until. Clients see milliseconds where the database keeps
// microseconds, and filtering by a value they saw must find the record.
type Period struct{ From, Until time.Time }

// TimeTest compares a time: less is before a period, at most within it or
// before. A time that is not set passes no test.
type TimeTest struct {
	Op      Op
	Periods []Period
}

// texts appends that a column passes all tests.
func (c *conditions) texts(column string, tests []TextTest) {
	for _, t := range tests {
		if test, ok := nullness[t.Op]; ok {
			c.is(column + test)
			continue
		}
		if t.Op == Is && len(t.Texts) == 0 {
			c.is("FALSE")
		}
		if t.Op == Is { // flat, whatever their number
			c.in(column, t.Texts)
			continue
		}
		for _, text := range t.Texts {
			if operator, compares := comparisons[t.Op]; compares {
				c.add(column+operator+"%s", text)
			} else {
				c.is(c.matched(column, t.Op, text))
			}
		}
	}
}

// times appends that a column passes all tests.
func (c *conditions) times(column string, tests []TimeTest) {
	for _, t := range tests {
		if test, ok := nullness[t.Op]; ok {
			c.is(column + test)
			continue
		}
		parts := make([]string, len(t.Periods))
		for i, p := range t.Periods {
			parts[i] = c.compared(column, t.Op, p)
		}
		switch {
		case t.Op != Is:
			c.text = append(c.text, parts...)
		case len(parts) == 0:
			c.is("FALSE")
		default:
			c.is("(" + strings.Join(parts, " OR ") + ")")
		}
	}
}

func (c *conditions) compared(column string, op Op, p Period) string {
	switch op {
	case Is:
		return fmt.Sprintf("(%s >= %s AND %[1]s < %[3]s)", column, c.mark(p.From), c.mark(p.Until))
	case IsNot:
		return fmt.Sprintf("(%s < %s OR %[1]s >= %[3]s)", column, c.mark(p.From), c.mark(p.Until))
	case Less:
		return column + " < " + c.mark(p.From)
	case AtMost:
		return column + " < " + c.mark(p.Until)
	case More:
		return column + " >= " + c.mark(p.Until)
	case AtLeast:
		return column + " >= " + c.mark(p.From)
	default: // a time has no parts
		return "FALSE"
	}
}

// mark adds an argument and returns its placeholder.
func (c *conditions) mark(arg any) string {
	c.args = append(c.args, arg)
	return fmt.Sprintf("$%d", len(c.args))
}

// inner returns the text of the conditions that fill adds.
func (c *conditions) inner(fill func(*conditions)) string {
	inner := conditions{args: c.args, postgres: c.postgres}
	fill(&inner)
	c.args = inner.args
	return inner.all()
}

// exists appends that a query, in which %s stands for the conditions that fill
// adds, finds a row.
func (c *conditions) exists(query string, fill func(*conditions)) {
	c.is("EXISTS (" + strings.ReplaceAll(query, "%s", c.inner(fill)) + ")")
}

// every appends that all filters hold. Each stands in brackets, so that many of
// them do not nest deeper than SQLite reads.
func every[F any](c *conditions, filters []F, fill func(F, *conditions)) {
	for _, f := range filters {
		c.is("(" + c.inner(func(c *conditions) { fill(f, c) }) + ")")
	}
}

// either appends that one of the filters holds, unless there are none.
func either[F any](c *conditions, filters []F, fill func(F, *conditions)) {
	parts := make([]string, len(filters))
	for i, f := range filters {
		parts[i] = c.inner(func(c *conditions) { fill(f, c) })
	}
	if len(parts) > 0 {
		c.is("(" + strings.Join(parts, " OR ") + ")")
	}
}

// dates appends the filters for created_at, updated_at and deleted_at. prefix
// is "" or that of a table, such as "c.".
func (c *conditions) dates(prefix string, created, updated, deleted []TimeTest) {
	c.times(prefix+"created_at", created)
	c.times(prefix+"updated_at", updated)
	c.times(prefix+"deleted_at", deleted)
}

// combine appends that every one of and holds, and one of or.
func combine[F any](c *conditions, and, or []F, fill func(F, *conditions)) {
	every(c, and, fill)
	either(c, or, fill)
}

// except appends that a filter does not hold, unless it is nil. One that can't be decided,
// because there is no value to test, does not hold.
func except[F any](c *conditions, not *F, fill func(F, *conditions)) {
	if not != nil {
		c.is("NOT COALESCE((" + c.inner(func(c *conditions) { fill(*not, c) }) + "), FALSE)")
	}
}

// all is the text of all conditions together.
func (c *conditions) all() string {
	if len(c.text) == 0 {
		return "TRUE"
	}
	return strings.Join(c.text, " AND ")
}
