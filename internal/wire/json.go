package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/everlatch/everlatch"
)

// ISOMillis is the layout of JavaScript's Date.toISOString.
const ISOMillis = "2006-01-02T15:04:05.000Z"

// AppendTime writes a time as JavaScript does.
func AppendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, ISOMillis)
	return append(b, '"')
}

// AppendInt writes a whole number.
func AppendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// AppendText writes a JSON string as JSON.stringify does: only what must be
// escaped is.
func AppendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		b = appendEscape(b, c)
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	default:
		return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}

// AppendMetadata writes free JSON, null for nil.
func AppendMetadata(b []byte, m everlatch.Metadata) []byte {
	switch {
	case m == nil:
		return append(b, "null"...)
	case len(m) == 0:
		return append(b, "{}"...)
	}
	return AppendJSON(b, m)
}

// AppendJSON writes free JSON, without the escapes that only HTML needs. The
// values come out of JSON, so they go back into it.
func AppendJSON(b []byte, v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return append(b, "null"...)
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}
