package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/everlatch/everlatch"
)

// MetadataTest compares the value of one key of a JSON object. Values are of the same
// JSON type or different: "5" is not 5.
type MetadataTest struct {
	// Key is one of the object's own.
	Key string
	Op  Op
	// Values are string, float64, bool, or nil, which is null or no value; other types
	// pass no test. As in [TextTest], [Is] and [IsNot] take any number of them. A key
	// without a value passes [Is] nil alone.
	Values []any
}

// jsonColumn is a column that holds a JSON object as text, or NULL.
type jsonColumn string

// metadata appends that an object passes all tests. It refuses keys that SQLite
// cannot quote.
func (c *conditions) metadata(column jsonColumn, tests []MetadataTest) error {
	for _, t := range tests {
		if t.Key == "" || strings.ContainsAny(t.Key, "\"\\\x00") {
			return refuse(everlatch.CodeInvalidData, FilterInvalid, "field", t.Key)
		}
		switch t.Op {
		case Present:
			c.is(present(c.field(column, t.Key)))
		case Absent:
			c.is("NOT " + present(c.field(column, t.Key)))
		case Overlaps, Contained:
			c.is(c.listed(c.field(column, t.Key), t.Op, t.Values))
		default:
			c.values(column, t)
		}
	}
	return nil
}

// values appends that the value of a key passes a test for one of its values, or for each.
func (c *conditions) values(column jsonColumn, t MetadataTest) {
	if len(t.Values) == 0 {
		if t.Op == Is {
			c.is("FALSE")
		}
		return
	}
	f := c.field(column, t.Key)
	parts := make([]string, len(t.Values))
	for i, v := range t.Values {
		parts[i] = c.tested(f, t.Op, v)
	}
	if t.Op == Is {
		parts = []string{"(" + strings.Join(parts, " OR ") + ")"}
	}
	c.text = append(c.text, parts...)
}

// jsonField is the value of a key: as JSON, as the text of that JSON, and as the text
// that a string holds.
type jsonField struct{ value, json, text string }

func (c *conditions) field(column jsonColumn, key string) jsonField {
	if c.postgres {
		at, object := "CAST("+c.mark(key)+" AS TEXT)", "CAST("+string(column)+" AS JSONB)"
		value := "(" + object + " -> " + at + ")"
		return jsonField{value, "CAST(" + value + " AS TEXT)", "(" + object + " ->> " + at + ")"}
	}
	at := c.mark(`$."` + key + `"`)
	value := "(" + string(column) + " -> " + at + ")"
	return jsonField{value, "CAST(" + value + " AS TEXT)", "CAST((" + string(column) + " ->> " + at + ") AS TEXT)"}
}

// The value of a field if it is a string or a number, else NULL. CASE keeps
// PostgreSQL from reading a string as a number.
func (f jsonField) asString() string {
	return `CASE WHEN substr(` + f.json + `, 1, 1) = '"' THEN ` + f.text + ` END`
}

func (f jsonField) asNumber() string {
	return `CASE WHEN substr(` + f.json + `, 1, 1) IN ('-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9') THEN CAST(` +
		f.text + ` AS DOUBLE PRECISION) END`
}

var comparisons = map[Op]string{Is: " = ", IsNot: " <> ", Less: " < ", AtMost: " <= ", More: " > ", AtLeast: " >= "} //nolint:exhaustive // the other ones compare nothing

// tested returns the condition that a field passes the test of one value.
func (c *conditions) tested(f jsonField, op Op, value any) string {
	operator, compares := comparisons[op]
	if op == Contains {
		return c.has(f, value)
	}
	switch v := value.(type) {
	case string:
		if !compares {
			return c.matched("("+f.asString()+")", op, v)
		}
		if op == IsNot { // a number is not this string either
			return fmt.Sprintf("(%s AND COALESCE((%s) <> %s, TRUE))", present(f), f.asString(), c.mark(v))
		}
		return "(" + f.asString() + ")" + operator + c.mark(v)
	case float64:
		if op == IsNot {
			return fmt.Sprintf("(%s AND COALESCE((%s) <> %s, TRUE))", present(f), f.asNumber(), c.mark(v))
		}
		if compares {
			return "(" + f.asNumber() + ")" + operator + c.mark(v)
		}
	case bool:
		if op == Is || op == IsNot {
			return fmt.Sprintf("(%s AND %s%s'%t')", present(f), f.json, operator, v)
		}
	case nil:
		if op == Is || op == IsNot {
			if op == Is {
				return "NOT " + present(f)
			}
			return present(f)
		}
	}
	return "(" + f.json + " IS NULL AND FALSE)" // every argument has to be used
}

// present is the condition that a field has a value.
func present(f jsonField) string { return "(COALESCE(" + f.json + ", 'null') <> 'null')" }

// has returns the condition that a field is an array with an element, or with all
// elements of an array.
func (c *conditions) has(f jsonField, element any) string {
	elements, several := element.([]any)
	if !several {
		elements = []any{element}
	}
	text, err := json.Marshal(elements)
	if err != nil {
		return "(" + f.json + " IS NULL AND FALSE)"
	}
	if c.postgres {
		return "(jsonb_typeof(" + f.value + ") = 'array' AND " + f.value + " @> CAST(" + c.mark(string(text)) + " AS JSONB))"
	}
	return "(" + isArray(f) + " AND " + `NOT EXISTS (SELECT 1 FROM json_each(` + c.mark(string(text)) + `) w
		WHERE NOT EXISTS (SELECT 1 FROM json_each(` + f.json + `) e WHERE ` + sameElement + `)))`
}

// listed returns the condition that a field is an array that has an element of a list, or
// no other elements.
func (c *conditions) listed(f jsonField, op Op, elements []any) string {
	if elements == nil {
		elements = []any{}
	}
	text, err := json.Marshal(elements)
	if err != nil {
		return "(" + f.json + " IS NULL AND FALSE)"
	}
	// PostgreSQL compares elements by their JSON, SQLite by type and value.
	list := c.mark(string(text))
	each, wanted, same, array := `json_each(`+f.json+`) e`, `json_each(`+list+`) w`, sameElement, isArray(f)
	if c.postgres {
		array = "jsonb_typeof(" + f.value + ") = 'array'"
		each = `jsonb_array_elements(CASE WHEN ` + array + ` THEN ` + f.value + ` ELSE '[]' END) e(value)`
		wanted, same = `jsonb_array_elements(CAST(`+list+` AS JSONB)) w(value)`, `e.value = w.value`
	}
	if op == Overlaps {
		return `(` + array + ` AND EXISTS (SELECT 1 FROM ` + each + ` JOIN ` + wanted + ` ON ` + same + `))`
	}
	return `(` + array + ` AND NOT EXISTS (SELECT 1 FROM ` + each + ` WHERE NOT EXISTS (SELECT 1 FROM ` + wanted + ` WHERE ` + same + `)))`
}

const sameElement = `e.type = w.type AND e.value = w.value`

// isArray is the condition of SQLite that a field is an array.
func isArray(f jsonField) string { return `substr(` + f.json + `, 1, 1) = '['` }
