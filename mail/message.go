package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"github.com/everlatch/everlatch"
)

// Message is one mail to one person.
type Message struct {
	// ID identifies the mail: a message that is sent again keeps it, and gets the
	// same Message-ID.
	ID string `json:"id"`
	// Event is the name of the event that the mail is about.
	Event string `json:"event"`
	// From may have a name: "Shop <no-reply@shop.example>".
	From string `json:"from"`
	// To is an address alone.
	To      string `json:"to"`
	Subject string `json:"subject"`
	// Text is the mail for everybody, HTML the same for those who like it nicer.
	// A mail may do without HTML.
	Text string `json:"text"`
	HTML string `json:"html"`
}

// Sender sends a mail, or says why not: an error that was marked by
// [everlatch.Permanent] would come again with every attempt. The text of an error
// holds no secret, nothing of the mail's text and no link.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// maxAddress is how long an address may be (RFC 5321, 4.5.3.1.3).
const maxAddress = 254

// check says why a message cannot be sent by anybody. What goes into a header
// must be one line, or its second line would be a header of somebody's choice.
func (m Message) check() error {
	var problems []error
	for _, field := range []struct{ name, value string }{
		{"id", m.ID}, {"event", m.Event}, {"sender", m.From}, {"recipient", m.To}, {"subject", m.Subject},
	} {
		if oneLine(field.value) != field.value {
			problems = append(problems, fmt.Errorf("the %s is not one plain line", field.name))
		}
	}
	if m.ID == "" {
		problems = append(problems, errors.New("it has no id"))
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		problems = append(problems, errors.New("the sender is not an address"))
	}
	if !isAddress(m.To) {
		problems = append(problems, errors.New("the recipient is not an address"))
	}
	if err := errors.Join(problems...); err != nil {
		return everlatch.Permanent(fmt.Errorf("this mail cannot be sent: %w", err))
	}
	return nil
}

// isAddress reports whether text is one e-mail address and nothing else: no name,
// no comment, no second address.
func isAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && len(text) <= maxAddress && (&mail.Address{Address: a.Address}).String() == "<"+text+">"
}

// oneLine replaces whatever could begin a new line, and blanks in a row, by one
// blank, and bytes that are not UTF-8 by the sign for that.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
}

var (
	plainID     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	plainDomain = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)
)

// messageID makes the Message-ID, without its angle brackets, of the id of a
// message and the domain of its sender.
func messageID(id, from string) string {
	if !plainID.MatchString(id) {
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:])
	}
	domain := from[strings.LastIndex(from, "@")+1:]
	if !plainDomain.MatchString(domain) {
		domain = "everlatch.invalid"
	}
	return id + "@" + domain
}
