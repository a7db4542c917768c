package mail_test

import (
	netmail "net/mail"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/mail"
)

// FuzzRender fills every field of an event with hostile text. Every resulting mail
// has one recipient and only the expected headers, and shows markup as text.
func FuzzRender(f *testing.F) {
	const evil = "\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>"
	f.Add(0, "ada@example.com", "customer", "token", "2026-11-23T12:15:00Z", "crm")
	f.Add(0, "ada@example.com"+evil, "user"+evil, "token"+evil, evil, evil)
	f.Add(1, `"<script>"@example.com`, evil, `"><script>`, "9999-12-31T23:59:59Z", "{{.}}")
	f.Add(2, "ada@example.com, eve@example.com", "requested", "\x00\xff", "", "\u2028")
	f.Add(3, "ops@example.com", evil, evil, evil, evil)
	f.Add(1, "0@\u032c", "0", "0", "0", "0")
	f.Add(132, "0@0\u05ac", "0", "0", "0", "0")
	m := mailer(f, nil)
	f.Fuzz(func(t *testing.T, which int, entity, actorType, token, expiresAt, text string) {
		names := []string{everlatch.EventPasswordReset, everlatch.EventPasswordReset, everlatch.EventPasswordChanged, everlatch.EventDeadLetters}
		which = ((which % len(names)) + len(names)) % len(names)
		e := event(names[which], everlatch.Metadata{
			"entity_id": entity, "to": entity, "actor_type": actorType, "token": token, "expires_at": expiresAt,
			"metadata": everlatch.Metadata{text: text}, "provider": text, "count": len(text),
			"deliveries": []any{text, nil, everlatch.Metadata{
				"event_id": text, "event": text, "subscriber": text, "error": text, "at": 7, "more": everlatch.Metadata{},
			}},
		})
		if which == 1 {
			e.Data["requested_by"] = everlatch.Metadata{"actor_type": text, "actor_id": text}
		}
		got, ok, err := m.Render(e)
		if err != nil || !ok {
			require.False(t, ok)
			return
		}
		require.Equal(t, entity, got.To)
		require.NotContains(t, got.Subject, "\n")
		require.NotContains(t, got.HTML, "<script")
		if which == 1 && len(token) > 30 {
			require.NotContains(t, got.Text+got.HTML, token, "an administrator's token")
		}
		content, err := mail.Wire(got)
		if err != nil { // such as a domain that cannot exist
			require.ErrorContains(t, err, "the recipient")
			return
		}
		requireOneRecipient(t, content, entity)
	})
}

// requireOneRecipient checks all headers of a mail.
func requireOneRecipient(tb testing.TB, content []byte, to string) {
	tb.Helper()
	header := headersOf(tb, content)
	for name, values := range header {
		require.Len(tb, values, 1, name)
		require.Contains(tb, []string{
			"Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To", "X-Auto-Response-Suppress",
		}, name)
	}
	list, err := header.AddressList("To")
	require.NoError(tb, err)
	require.Len(tb, list, 1)
	want, err := netmail.ParseAddress(to)
	require.NoError(tb, err)
	at := strings.LastIndexByte(want.Address, '@')
	if domain := want.Address[at:]; strings.ContainsFunc(domain, func(r rune) bool { return r > unicode.MaxASCII }) {
		// Mails have the ASCII form of a domain (RFC 5890).
		require.Regexp(tb, `^@[!-~]+$`, list[0].Address[strings.LastIndexByte(list[0].Address, '@'):])
		require.Equal(tb, want.Address[:at], list[0].Address[:strings.LastIndexByte(list[0].Address, '@')])
		return
	}
	require.Equal(tb, want.Address, list[0].Address)
}

func TestHostileEvents(t *testing.T) {
	t.Parallel()

	// Unexpected types: no panic, and no extra header or recipient.
	m := mailer(t, nil)
	for _, odd := range []any{nil, 7, -1.5, true, []any{1}, everlatch.Metadata{"a": []any{}}, "x", time.Time{}} {
		for _, e := range []everlatch.Event{resetEvent("customer"), requestedEvent("user"), changedEvent("user"), deadLettersEvent()} {
			for field := range e.Data {
				if field == "entity_id" || field == "to" {
					continue
				}
				was := e.Data[field]
				e.Data[field] = odd
				got, ok, err := m.Render(e)
				if err == nil && ok {
					requireOneRecipient(t, wire(t, got), got.To)
				}
				e.Data[field] = was
			}
		}
	}
}
