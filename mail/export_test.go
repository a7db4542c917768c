package mail

import "time"

// Wire returns a message as SMTP sends it.
func Wire(m Message) ([]byte, error) {
	l, err := compose(m)
	return l.content, err
}

// LinkTo returns how a sender protects its connections.
func LinkTo(s *SMTP) string {
	return map[link]string{
		unencrypted: "unencrypted", startTLS: "starttls", startTLSIfOffered: "starttls if offered", implicitTLS: "implicit tls",
	}[s.link]
}

// Span formats a duration as mails do.
var Span = func(d time.Duration) string {
	l, _ := LoadLanguages("", "")
	return span(l.of(""), d)
}

// Redact makes a server's reply safe to store.
func Redact(s *SMTP, text string, m Message) string { return s.redact(text, m) }
