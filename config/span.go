package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Span is a length of time as Medusa's settings spell it: "1d", "10h", "2 days",
// or a plain number of seconds (docs/contract.md#s4-2).
type Span time.Duration

// Duration returns the span as the standard library's type.
func (s Span) Duration() time.Duration { return time.Duration(s) }

// spanUnits are the units of vercel's ms, longest names first in each.
var spanUnits = map[string]time.Duration{
	"milliseconds": time.Millisecond, "millisecond": time.Millisecond, "msecs": time.Millisecond, "msec": time.Millisecond, "ms": time.Millisecond,
	"seconds": time.Second, "second": time.Second, "secs": time.Second, "sec": time.Second, "s": time.Second, "": time.Second,
	"minutes": time.Minute, "minute": time.Minute, "mins": time.Minute, "min": time.Minute, "m": time.Minute,
	"hours": time.Hour, "hour": time.Hour, "hrs": time.Hour, "hr": time.Hour, "h": time.Hour,
	"days": day, "day": day, "d": day,
	"weeks": 7 * day, "week": 7 * day, "w": 7 * day,
	"years": yearSpan, "year": yearSpan, "yrs": yearSpan, "yr": yearSpan, "y": yearSpan,
}

// yearSpan is a year of 365.25 days.
const yearSpan = 365*day + 6*time.Hour

var (
	spanForm = regexp.MustCompile(`^(-?(?:\d+|\d*\.\d+)) *([a-z]*)$`)
	sizeForm = regexp.MustCompile(`^(\d+(?:\.\d+)?) *(b|kb|mb|gb)?$`)
)

// ParseSpan reads a span. A compound of Go's form ("1h30m") is understood too.
func ParseSpan(text string) (Span, error) {
	wrong := fmt.Errorf("%q is not a length of time, such as 10h, 1d or 90 (seconds)", text)
	lower := strings.ToLower(strings.TrimSpace(text))
	m := spanForm.FindStringSubmatch(lower)
	if m == nil {
		d, err := time.ParseDuration(lower)
		if err != nil {
			return 0, wrong
		}
		return Span(d), nil
	}
	unit, known := spanUnits[m[2]]
	number, err := strconv.ParseFloat(m[1], 64)
	if !known || err != nil || math.Abs(number*float64(unit)) >= math.MaxInt64 {
		return 0, wrong
	}
	if whole, err := strconv.ParseInt(m[1], 10, 64); err == nil {
		return Span(whole * int64(unit)), nil // exact, where a float would round
	}
	return Span(math.Round(number * float64(unit))), nil
}

// String returns the span in its largest whole unit.
func (s Span) String() string {
	d := time.Duration(s)
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
		if d != 0 && d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	if d == 0 {
		return "0s"
	}
	return d.String()
}

// Size is a number of bytes: "100kb", "1mb", or a plain number.
type Size int64

// Bytes returns the size.
func (s Size) Bytes() int64 { return int64(s) }

// sizeUnits are powers of 1024, as in the body parser that Medusa uses.
var sizeUnits = map[string]float64{"": 1, "b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}

// ParseSize reads a size.
func ParseSize(text string) (Size, error) {
	m := sizeForm.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return 0, fmt.Errorf("%q is not a size, such as 100kb or 1mb", text)
	}
	number, err := strconv.ParseFloat(m[1], 64)
	if bytes := number * sizeUnits[m[2]]; err == nil && bytes >= 1 && bytes < 1<<40 {
		return Size(bytes), nil
	}
	return 0, fmt.Errorf("%q is not a size between one byte and 1024 gb", text)
}

// String returns the size in its largest whole unit.
func (s Size) String() string {
	for _, u := range []struct {
		name string
		unit int64
	}{{"gb", 1 << 30}, {"mb", 1 << 20}, {"kb", 1 << 10}} {
		if s != 0 && int64(s)%u.unit == 0 {
			return strconv.FormatInt(int64(s)/u.unit, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}
