package mail

import (
	"bytes"
	"errors"
	"net/mail"

	gomail "github.com/wneessen/go-mail"

	"github.com/everlatch/everlatch"
)

// letter is a mail in the form SMTP sends.
type letter struct {
	from, to string // the envelope's addresses, in angle brackets
	content  []byte
}

// compose encodes a mail as MIME. Its errors are permanent.
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
	// Suppress automatic replies: RFC 3834, and the header that Exchange uses.
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
