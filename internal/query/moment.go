package query

import (
	"strconv"
	"strings"
	"time"
)

// Moment is a field of a query string that holds one time, as [Times] reads them.
func Moment(name string) Field {
	return Field{Name: name, Kind: Times, Test: func(f Field, value any) *Issue {
		text, ok := value.(string)
		if ok {
			_, ok = period(text)
		}
		return f.expect(ok, value)
	}}
}

// Moment returns the time of such a field, or the zero time when it is missing.
func (in Input) Moment(name string) time.Time {
	p, _ := period(in.Plain(name)) // valid, or the request was refused
	return p.From
}

// span is the kind of [Span].
const span Kind = "duration"

// Span is a field of a query string that holds a length of time, such as 90s, 15m, 6h or
// 1d.
func Span(name string) Field {
	return Field{Name: name, Kind: span, Test: func(f Field, value any) *Issue {
		text, ok := value.(string)
		return f.expect(ok && spanOf(text) > 0, value)
	}}
}

// Span returns the length of such a field, or 0 when it is missing.
func (in Input) Span(name string) time.Duration { return spanOf(in.Plain(name)) }

// mostDays is more than any list reaches back, and fits a duration.
const mostDays = 10_000

// spanOf returns 0 for what is not a length of time.
func spanOf(text string) time.Duration {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > mostDays {
			return 0
		}
		return time.Duration(n) * 24 * time.Hour
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return max(d, 0)
}
