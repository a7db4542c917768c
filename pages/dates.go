package pages

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
)

// Dates and numbers are written by these functions alone. The server knows no visitor's
// time zone, so it writes UTC and says so; everlatch.js replaces it with the local time.

// instant reads what the API writes as a time.
func instant(value any) (time.Time, bool) {
	switch at := value.(type) {
	case time.Time:
		return at.UTC(), !at.IsZero()
	case *time.Time:
		if at != nil {
			return at.UTC(), !at.IsZero()
		}
	case string:
		parsed, err := time.Parse(time.RFC3339, at)
		return parsed.UTC(), err == nil
	case *string:
		if at != nil {
			return instant(*at)
		}
	}
	return time.Time{}, false
}

// date writes a day, "" for no time.
func (l *pageLanguage) date(value any) template.HTML {
	at, ok := instant(value)
	if !ok {
		return ""
	}
	return timeElement(at, "date", l.day(at))
}

// moment writes a day and a time of it, "" for no time.
func (l *pageLanguage) moment(value any) template.HTML {
	at, ok := instant(value)
	if !ok {
		return ""
	}
	return timeElement(at, "moment", l.text("base.moment", "Date", l.day(at), "Time", at.Format("15:04")))
}

func (l *pageLanguage) day(at time.Time) string {
	month := l.text("base.month_" + strconv.Itoa(int(at.Month())))
	return l.text("base.date", "Day", at.Day(), "Month", month, "Year", at.Year())
}

func timeElement(at time.Time, kind, text string) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime=%q data-time=%q>%s</time>`, //nolint:gosec // the text is escaped
		at.Format(time.RFC3339), kind, template.HTMLEscapeString(text)))
}

// number writes a whole number with its thousands apart.
func (l *pageLanguage) number(value any) string {
	text := fmt.Sprint(value)
	digits := strings.TrimPrefix(text, "-")
	sign := text[:len(text)-len(digits)]
	if len(digits) < 5 || strings.Trim(digits, "0123456789") != "" {
		return text
	}
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, groups...), l.text("base.thousands"))
}

// wait writes how long to wait, rounded up.
func (l *pageLanguage) wait(d time.Duration) string {
	up := func(unit time.Duration) int { return int(math.Ceil(float64(d) / float64(unit))) }
	switch {
	case d <= 90*time.Second:
		return l.text("base.seconds", "Count", up(time.Second))
	case d <= 90*time.Minute:
		return l.text("base.minutes", "Count", up(time.Minute))
	case d <= 48*time.Hour:
		return l.text("base.hours", "Count", up(time.Hour))
	}
	return l.text("base.days", "Count", up(24*time.Hour))
}
