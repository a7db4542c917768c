package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/everlatch/everlatch"
)

// bind converts arguments for both engines, in place: times become UTC with
// microseconds (otherwise equal times would not match), metadata becomes JSON
// text, and text that PostgreSQL could not hold is refused on SQLite too.
func bind(args []any) error {
	for i, arg := range args {
		var err error
		switch v := arg.(type) {
		case string:
			err = checkText(v)
		case *string:
			if v != nil {
				err = checkText(*v)
			}
		case time.Time:
			args[i] = instant(v)
		case *time.Time:
			args[i] = nil
			if v != nil {
				args[i] = instant(*v)
			}
		case everlatch.Metadata:
			args[i], err = encode(v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// instant is t as both engines store it.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// optional is nil for the zero time.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// optionalText writes "" as NULL.
func optionalText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func checkText(s string) error {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return nil
	}
	return refuse(everlatch.CodeInvalidData, TextInvalid)
}

func encode(m everlatch.Metadata) (any, error) {
	if m == nil {
		return nil, nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode metadata: %w", err)
	}
	return string(text), nil
}

// scanner is a row: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// toTime scans a time, which SQLite returns as text; NULL is the zero time.
type toTime struct{ t *time.Time }

// sqliteTime is how the SQLite driver writes times (_time_format=sqlite). With
// UTC everywhere, the order of the text is chronological.
const sqliteTime = "2006-01-02 15:04:05.999999999-07:00"

// Scan implements [sql.Scanner].
func (d toTime) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d.t = time.Time{}
	case time.Time:
		*d.t = v.UTC()
	case string:
		t, err := time.Parse(sqliteTime, v)
		if err != nil {
			return fmt.Errorf("scan time: %w", err)
		}
		*d.t = t.UTC()
	default:
		return fmt.Errorf("scan time: unexpected %T", src)
	}
	return nil
}

// toOptionalTime scans a time that may be NULL.
type toOptionalTime struct{ t **time.Time }

// Scan implements [sql.Scanner].
func (d toOptionalTime) Scan(src any) error {
	*d.t = nil
	if src == nil {
		return nil
	}
	var t time.Time
	if err := (toTime{&t}).Scan(src); err != nil {
		return err
	}
	*d.t = &t
	return nil
}

// toMetadata scans a JSON object; NULL is a nil map.
type toMetadata struct{ m *everlatch.Metadata }

// Scan implements [sql.Scanner].
func (d toMetadata) Scan(src any) error {
	*d.m = nil
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		return decode([]byte(v), d.m)
	case []byte:
		return decode(v, d.m)
	default:
		return fmt.Errorf("scan metadata: unexpected %T", src)
	}
}

func decode(text []byte, m *everlatch.Metadata) error {
	if err := json.Unmarshal(text, m); err != nil {
		return fmt.Errorf("scan metadata: %w", err)
	}
	return nil
}

// toText scans text; NULL, as from an outer join, is "".
type toText struct{ s *string }

// Scan implements [sql.Scanner].
func (d toText) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d.s = ""
	case string:
		*d.s = v
	case []byte:
		*d.s = string(v)
	default:
		return fmt.Errorf("scan text: unexpected %T", src)
	}
	return nil
}

// toWords scans words that are separated by spaces; "" is none.
type toWords struct{ words *[]string }

// Scan implements [sql.Scanner].
func (d toWords) Scan(src any) error {
	var text string
	if err := (toText{&text}).Scan(src); err != nil {
		return err
	}
	*d.words = nil
	if text != "" {
		*d.words = strings.Fields(text)
	}
	return nil
}

// toBool scans a boolean, which SQLite returns as a number; NULL, as from an
// outer join, is false.
type toBool struct{ b *bool }

// Scan implements [sql.Scanner].
func (d toBool) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d.b = false
	case bool:
		*d.b = v
	case int64:
		*d.b = v != 0
	default:
		return fmt.Errorf("scan boolean: unexpected %T", src)
	}
	return nil
}
