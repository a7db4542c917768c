package mail

// Wire returns a message as SMTP sends it.
func Wire(m Message) ([]byte, error) {
	l, err := compose(m)
	return l.content, err
}

// LinkTo says how a sender protects its connections.
func LinkTo(s *SMTP) string {
	return map[link]string{
		inClear: "in clear", startTLS: "starttls", startTLSIfOffered: "starttls if offered", tlsFirst: "tls first",
	}[s.link]
}

// Span writes a length of time as mails do.
var Span = span

// Redact makes a text of a server fit to be kept.
func Redact(s *SMTP, text string, m Message) string { return s.redact(text, m) }
