package mailtest

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Mail is an accepted mail, for one recipient.
type Mail struct {
	// From and To are the envelope's addresses.
	From, To string
	// MessageID is without its angle brackets.
	MessageID string
	Subject   string
	// Text and HTML are decoded, with "\n" line endings.
	Text, HTML string
	// Header and Raw are the mail as received, Raw with "\n" line endings.
	Header mail.Header
	Raw    []byte
}

// read parses a mail. What cannot be parsed stays empty, for the sender's test to
// notice.
func read(raw []byte, from string, to []string) []Mail {
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	m := Mail{From: from, Raw: raw}
	if parsed, err := mail.ReadMessage(bytes.NewReader(raw)); err == nil {
		m.Header = parsed.Header
		m.MessageID = strings.Trim(parsed.Header.Get("Message-ID"), "<>")
		m.Subject, _ = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
		m.addPart(parsed.Header.Get("Content-Type"), parsed.Header.Get("Content-Transfer-Encoding"), parsed.Body)
	}
	mails := make([]Mail, 0, len(to))
	for _, address := range to {
		m.To = address
		mails = append(mails, m)
	}
	return mails
}

func (m *Mail) addPart(contentType, encoding string, body io.Reader) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return
			}
			m.addPart(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		}
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch kind {
	case "text/plain":
		m.Text = text
	case "text/html":
		m.HTML = text
	}
}
