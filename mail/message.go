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
	// ID identifies the mail. A message that is sent again keeps it, and so its
	// Message-ID.
	ID string `json:"id"`
	// Event is the name of the event that the mail is about.
	Event string `json:"event"`
	// Template is the name of the templates that the mail was made of.
	Template string `json:"template,omitempty"`
	// From may include a name: "Shop <no-reply@shop.example>".
	From string `json:"from"`
	// To is a bare address.
	To      string `json:"to"`
	Subject string `json:"subject"`
	// Language is the tag of the language it is written in (BCP 47), or both if the two
	// parts differ: "de, en" (RFC 3282).
	Language string `json:"language,omitempty"`
	// Text is the plain-text part, HTML the optional HTML alternative.
	Text string `json:"text"`
	HTML string `json:"html"`
}

// Sender sends a mail. An error marked with [everlatch.Permanent] would recur with
// every attempt; any other is worth a retry. The text of an error contains no
// secret, no link and nothing of the mail's text.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// maxAddress is the maximum length of an address (RFC 5321, 4.5.3.1.3).
const maxAddress = 254

// check reports why a message cannot be sent. Header values must be a single line:
// a second line would inject a header.
func (m Message) check() error {
	var problems []error
	for _, field := range []struct{ name, value string }{
		{"id", m.ID}, {"event", m.Event}, {"sender", m.From}, {"recipient", m.To}, {"subject", m.Subject}, {"language", m.Language},
	} {
		if oneLine(field.value) != field.value {
			problems = append(problems, fmt.Errorf("the %s is not a single plain line", field.name))
		}
	}
	if m.ID == "" {
		problems = append(problems, errors.New("the id is missing"))
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

// isAddress reports whether text is exactly one e-mail address: no name, no
// comment, no second address.
func isAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && len(text) <= maxAddress && (&mail.Address{Address: a.Address}).String() == "<"+text+">"
}

// oneLine collapses line breaks, control characters and runs of blanks into single
// blanks, and replaces invalid UTF-8 with the replacement character.
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
	// addressLiteral is what a machine without a name greets with (RFC 5321).
	addressLiteral = regexp.MustCompile(`^\[(IPv6:)?[0-9A-Fa-f.:]+\]$`)
)

// messageID builds the Message-ID, without angle brackets, from a message's id and
// its sender's domain.
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
