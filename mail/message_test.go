package mail_test

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/mail"
)

func message() mail.Message {
	return mail.Message{
		ID: "evt_01", Event: "auth.password_reset", From: "Shop <no-reply@shop.example>", To: "ada@example.com",
		Subject: "Hello", Text: "Open https://shop.example/reset?token=planted-token\n", HTML: "<p>Hello</p>",
	}
}

// headersOf parses the header of an encoded mail.
func headersOf(tb testing.TB, wire []byte) netmail.Header {
	tb.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(wire))
	require.NoError(tb, err)
	return parsed.Header
}

func TestMessageID(t *testing.T) {
	t.Parallel()

	id := func(change func(*mail.Message)) string {
		m := message()
		change(&m)
		wire, err := mail.Wire(m)
		require.NoError(t, err)
		return headersOf(t, wire).Get("Message-ID")
	}
	same := func(*mail.Message) {}
	require.Equal(t, "<evt_01@shop.example>", id(same))
	require.Equal(t, id(same), id(func(m *mail.Message) { m.Text = "other" }), "a mail that is sent again keeps its id")
	require.NotEqual(t, id(same), id(func(m *mail.Message) { m.ID = "evt_02" }))
	require.Regexp(t, `^<[0-9a-f]{64}@shop\.example>$`, id(func(m *mail.Message) { m.ID = "a b@c>" }))
	require.Equal(t, "<evt_01@xn--kse-qla.example>", id(func(m *mail.Message) { m.From = "no-reply@käse.example" }))
}

func TestEncoding(t *testing.T) {
	t.Parallel()

	m := message()
	m.Subject = "Grüße" + strings.Repeat(" und noch mehr", 20)
	wire, err := mail.Wire(m)
	require.NoError(t, err)
	header := headersOf(t, wire)
	require.Equal(t, "auto-generated", header.Get("Auto-Submitted"))
	require.Equal(t, `"Shop" <no-reply@shop.example>`, header.Get("From"))
	require.Equal(t, "<ada@example.com>", header.Get("To"))
	require.Contains(t, header.Get("Content-Type"), "multipart/alternative")
	for _, absent := range []string{"X-Mailer", "User-Agent", "Bcc", "Cc"} {
		require.Empty(t, header.Get(absent))
	}
	for line := range strings.Lines(string(wire)) {
		require.LessOrEqual(t, len(line), 998+2, "RFC 5322")
		require.True(t, strings.HasSuffix(line, "\r\n"), "%q", line)
	}

	m.HTML = ""
	wire, err = mail.Wire(m)
	require.NoError(t, err)
	require.Contains(t, headersOf(t, wire).Get("Content-Type"), "text/plain")
}

func TestMessagesThatCannotBeSent(t *testing.T) {
	t.Parallel()

	const evil = "\r\nBcc: victim@example.com"
	for name, change := range map[string]func(*mail.Message){
		"a line break in the subject":        func(m *mail.Message) { m.Subject += evil },
		"a bare line feed in the subject":    func(m *mail.Message) { m.Subject += "\nBcc: victim@example.com" },
		"a bare return in the subject":       func(m *mail.Message) { m.Subject += "\rBcc: victim@example.com" },
		"a line break in the sender":         func(m *mail.Message) { m.From = "Shop" + evil + " <a@b.c>" },
		"a line break in the recipient":      func(m *mail.Message) { m.To += evil },
		"a line break in the id":             func(m *mail.Message) { m.ID += evil },
		"a line break in the event":          func(m *mail.Message) { m.Event += evil },
		"a folded line in the recipient":     func(m *mail.Message) { m.To = "ada@example.com,\r\n eve@example.com" },
		"two recipients":                     func(m *mail.Message) { m.To = "ada@example.com, eve@example.com" },
		"a recipient with a name":            func(m *mail.Message) { m.To = "Ada <ada@example.com>" },
		"a recipient with a comment":         func(m *mail.Message) { m.To = "(eve@example.com) ada@example.com" },
		"a recipient that is not an address": func(m *mail.Message) { m.To = "+4912345" },
		"a recipient that is too long":       func(m *mail.Message) { m.To = strings.Repeat("a", 250) + "@example.com" },
		"an SMTP command in the recipient":   func(m *mail.Message) { m.To = "ada@example.com>\r\nRCPT TO:<eve@example.com" },
		"no recipient":                       func(m *mail.Message) { m.To = "" },
		"no sender":                          func(m *mail.Message) { m.From = "" },
		"no id":                              func(m *mail.Message) { m.ID = "" },
		"a zero byte in the subject":         func(m *mail.Message) { m.Subject += "\x00" },
		"invalid UTF-8":                      func(m *mail.Message) { m.Subject += "\xff" },
		"a line separator of Unicode inside": func(m *mail.Message) { m.Subject += "\u2028Bcc: x" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			m := message()
			change(&m)
			_, err := mail.Wire(m)
			require.Error(t, err)
			require.True(t, everlatch.IsPermanent(err), "%v", err)
			require.NotContains(t, err.Error(), "example", "no address")
		})
	}
}

func TestUnusualAddressesAreAccepted(t *testing.T) {
	t.Parallel()

	for _, to := range []string{`"ada lovelace"@example.com`, "ada+shop@example.com", "o'neill@example.com", "ada@localhost", "ada@[192.0.2.1]"} {
		m := message()
		m.To = to
		wire, err := mail.Wire(m)
		require.NoError(t, err, to)
		require.Equal(t, "<"+to+">", headersOf(t, wire).Get("To"))
	}
}

func wire(tb testing.TB, m mail.Message) []byte {
	tb.Helper()
	content, err := mail.Wire(m)
	require.NoError(tb, err)
	return content
}
