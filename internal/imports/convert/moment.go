package convert

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// moment is a time in one of the forms of exports: RFC 3339, that of PostgreSQL, or
// milliseconds since 1970. One that cannot be read is zero.
type moment struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (m *moment) UnmarshalJSON(raw []byte) error {
	var nested struct {
		Date text `json:"$date"` // MongoDB's
	}
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &nested); err != nil {
			return err
		}
		*m = parseMoment(string(nested.Date))
		return nil
	}
	var t text
	err := t.UnmarshalJSON(raw)
	*m = parseMoment(string(t))
	return err
}

func parseMoment(written string) moment {
	written = strings.TrimSpace(written)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, written); err == nil {
			return moment{at.UTC()}
		}
	}
	if ms, err := strconv.ParseInt(written, 10, 64); err == nil && ms > 0 {
		return moment{time.UnixMilli(ms).UTC()}
	}
	return moment{}
}
