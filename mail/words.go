package mail

import (
	"fmt"
	htmltemplate "html/template"
	"maps"
	"regexp"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/everlatch/everlatch/internal/messages"
	"github.com/everlatch/everlatch/internal/useragent"
)

// functions are the functions that templates may call besides the standard ones.
var functions = texttemplate.FuncMap{
	"t":       plain,
	"rich":    rich,
	"date":    date,
	"moment":  view.moment,
	"oneline": oneLine,
	"way":     way,
	"device":  device,
	"button":  newButton,
}

// in returns the view for templates in a language.
func (v view) in(l *messages.Language) view {
	v.language = l
	v.Language, v.Direction, v.Start = l.Tag(), l.Text("mail.direction"), "left"
	if v.Direction == "rtl" {
		v.Start = "right"
	}
	v.At.language, v.Until.language = l, l
	v.ExpiresIn = ""
	if v.left > 0 {
		v.ExpiresIn = span(l, v.left)
	}
	return v
}

// plain returns a message as plain text. Its placeholders are the fields Brand, To, At,
// Until and In, which is how long the link works, and the pairs: "Device", .Data.device.
func plain(id string, v view, pairs ...any) (string, error) {
	return v.fill(id, pairs, func(text string) string { return emphasis.ReplaceAllString(text, "$1") }, fmt.Sprint)
}

// rich returns a message as HTML, with what is between double asterisks in bold. Values are
// escaped, and apart from text that runs in the other direction.
func rich(id string, v view, pairs ...any) (htmltemplate.HTML, error) {
	value := func(value ...any) string {
		text := htmltemplate.HTMLEscapeString(fmt.Sprint(value...))
		if v.Direction == "rtl" {
			return "<bdi>" + text + "</bdi>"
		}
		return text
	}
	text, err := v.fill(id, pairs, func(text string) string {
		return emphasis.ReplaceAllString(htmltemplate.HTMLEscapeString(text), "<strong>$1</strong>")
	}, value)
	return htmltemplate.HTML(text), err //nolint:gosec // message and values are escaped
}

// emphasis is a part of a message that HTML shows in bold.
var emphasis = regexp.MustCompile(`\*\*(.+?)\*\*`)

// fill formats a message and only then inserts the values, each formatted by itself: a value
// is never read as a part of the message. A count chooses the form of the plural, too.
func (v view) fill(id string, pairs []any, format func(string) string, value func(...any) string) (string, error) {
	given := map[string]any{"Brand": v.Brand, "To": v.To, "At": date(v.At), "Until": date(v.Until), "In": v.ExpiresIn}
	for i := 0; i+1 < len(pairs); i += 2 {
		given[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	const firstMark rune = '\uE000' // of the runes for private use
	marked, replaced, next := maps.Clone(given), []string{}, firstMark
	for name, one := range given {
		if name == "Count" {
			continue
		}
		mark := string(next)
		next++
		marked[name], replaced = mark, append(replaced, mark, value(one))
	}
	text, err := v.language.Fill(id, marked)
	return strings.NewReplacer(replaced...).Replace(format(text)), err
}

// moment is a time in a mail, which [date] writes in the mail's language.
type moment struct {
	time.Time
	language *messages.Language
}

// date writes a time with its day; the zero time is "".
func date(m moment) string {
	if m.IsZero() {
		return ""
	}
	at := m.UTC()
	return m.language.Text("mail.date", "Day", at.Day(), "Month", m.language.Text(fmt.Sprintf("mail.month_%d", at.Month())),
		"Year", at.Year(), "Time", at.Format("15:04"))
}

// moment writes a time of the event's data (RFC 3339); another text stays as it is.
func (v view) moment(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return date(moment{at, v.language})
}

// span writes a duration, rounded to a sensible unit.
func span(l *messages.Language, d time.Duration) string {
	const day = 24 * time.Hour
	minutes := int((d + 30*time.Second) / time.Minute)
	switch {
	case d < time.Minute-10*time.Second:
		return l.Text("mail.moments")
	case d >= 2*day:
		return l.Text("mail.days", "Count", int(d/day))
	case d >= 2*time.Hour, minutes == 60:
		return l.Text("mail.hours", "Count", int((d+time.Minute)/time.Hour))
	}
	return l.Text("mail.minutes", "Count", minutes)
}

// way names the sign-in method or second step of the event: what is not ours has its own name.
func way(v view) string {
	provider, _ := v.Data["provider"].(string)
	if id := "mail.way_" + provider; v.language.Has(id) {
		return v.language.Text(id)
	}
	return oneLine(provider)
}

// device describes the device of the event in the language of the mail, such as "Firefox on
// Windows".
func device(v view) string {
	text, _ := v.Data["device"].(string)
	if text = oneLine(text); text == "" {
		return v.language.Text("mail.new_device.unknown")
	}
	return useragent.In(text, func(part string, pairs ...any) string {
		if part == "system" {
			part = "browser" // the earlier name
		}
		return v.language.Text("mail.new_device."+part, pairs...)
	})
}

// button is the argument of the template "button" of the layout. Hint is the sentence above
// the link itself.
type button struct{ Link, Label, Hint string }

// newButton returns a button of a mail in the language of the view, English without one.
func newButton(link, label string, in ...view) button {
	b := button{Link: link, Label: label, Hint: "If the button doesn't work, open this link:"}
	if len(in) > 0 {
		b.Hint = in[0].language.Text("mail.button_fails")
	}
	return b
}
