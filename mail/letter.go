package mail

import (
	"bytes"
	"errors"
	"net/mail"

	gomail "github.com/wneessen/go-mail"

	"github.com/everlatch/everlatch"
)

// letter is a mail as it travels.
type letter struct {
	from, to string // of the envelope, in angle brackets
	content  []byte
}

// compose writes a mail as MIME. What it refuses, it refuses for ever.
func compose(m Message) (letter, error) {
	if err := m.check(); err != nil {
		return letter{}, err
	}
	from, fromErr := mail.ParseAddress(m.From)
	to, toErr := mail.ParseAddress(m.To)
	if err := errors.Join(fromErr, toErr); err != nil {
		return letter{}, everlatch.Permanent(err) // unreachable: checked above
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, from)
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderTo, to)
	msg.SetMessageIDWithValue(messageID(m.ID, from.Address))
	msg.Subject(m.Subject)
	// Robots must not answer: RFC 3834, and what Exchange has instead.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	var content bytes.Buffer
	if _, err := msg.WriteTo(&content); err != nil {
		return letter{}, everlatch.Permanent(errors.New("this mail cannot be written as MIME"))
	}
	return letter{from: envelope(from), to: envelope(to), content: content.Bytes()}, nil
}

func envelope(a *mail.Address) string { return (&mail.Address{Address: a.Address}).String() }
