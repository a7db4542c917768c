package mail

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/everlatch/everlatch"
)

// letter is a mail in the form SMTP sends.
type letter struct {
	from, to string // the envelope's addresses, in angle brackets
	// domain is that of the sender, in ASCII.
	domain  string
	content []byte
}

// international reports whether the envelope needs SMTPUTF8 (RFC 6531).
func (l letter) international() bool { return !isASCII(l.from) || !isASCII(l.to) }

// compose encodes a mail as MIME. Its errors are permanent.
func compose(m Message) (letter, error) {
	if err := m.check(); err != nil {
		return letter{}, err
	}
	from, fromErr := parse(m.From)
	to, toErr := parse(m.To)
	if fromErr != nil {
		return letter{}, fmt.Errorf("the sender: %w", fromErr) // an operator can change it
	}
	if toErr != nil {
		return letter{}, everlatch.Permanent(fmt.Errorf("the recipient: %w", toErr))
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, from)
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderTo, to)
	msg.SetMessageIDWithValue(messageID(m.ID, from.Address))
	msg.Subject(m.Subject)
	if m.Language != "" {
		msg.SetGenHeader("Content-Language", m.Language)
	}
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
	return letter{from: envelope(from), to: envelope(to), domain: domainOf(from.Address), content: content.Bytes()}, nil
}

// parse reads an address and writes its domain in ASCII: in that form the DNS and
// every mail server know it.
func parse(text string) (*mail.Address, error) {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return nil, errors.New("this is not an address") // the parser's error quotes it
	}
	domain := domainOf(a.Address)
	if isASCII(domain) {
		return a, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return nil, errors.New("the domain of the address cannot exist")
	}
	a.Address = strings.TrimSuffix(a.Address, domain) + ascii
	return a, nil
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func envelope(a *mail.Address) string { return (&mail.Address{Address: a.Address}).String() }
