package mail_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/mailtest"
	"github.com/everlatch/everlatch/mail"
)

// A server that demands a qualified greeting gets one: the setting, or the domain
// of the sender for a machine whose name has none.
func TestQualifiedGreeting(t *testing.T) {
	t.Parallel()

	for name, hello := range map[string]string{"set": "auth.shop.example", "not set": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := mailtest.Start(t, mailtest.Options{QualifiedHello: true})
			require.NoError(t, sender(t, mail.SMTPOptions{Address: server.Address(), Hello: hello}).Send(t.Context(), message()))
			require.Len(t, server.Accepted(), 1)
		})
	}
}

func TestUnqualifiedGreetingIsWorthARetry(t *testing.T) {
	t.Parallel()

	server := mailtest.Start(t, mailtest.Options{QualifiedHello: true})
	err := sender(t, mail.SMTPOptions{Address: server.Address(), Hello: "container"}).Send(t.Context(), message())
	require.ErrorContains(t, err, "504 5.5.2")
	require.False(t, everlatch.IsPermanent(err), "an operator can set mail.smtp.hello")
}

// What is wrong on our side can be mended, so the mail waits for that; what is
// wrong with the recipient cannot.
func TestWhoseFaultARefusalIs(t *testing.T) {
	t.Parallel()

	for reply, permanent := range map[string]bool{
		"550 5.1.1 no such mailbox":                       true,
		"550 no such mailbox":                             true,
		"501 bad recipient address syntax":                true,
		"501 5.1.3 bad recipient address syntax":          true,
		"553 5.1.2 no such domain":                        true,
		"552 5.2.2 mailbox full":                          true,
		"556 5.1.10 the domain accepts no mail":           true,
		"504 5.5.2 need fully-qualified hostname":         false,
		"504 need fully-qualified hostname":               false,
		"501 5.5.4 invalid HELO":                          false,
		"503 5.5.1 polite people say hello":               false,
		"554 5.7.1 relay access denied":                   false,
		"550 5.7.1 client host blocked":                   false,
		"550 5.1.8 sender address rejected: no such zone": false,
		"530 5.7.0 authentication required":               false,
		"530 must issue STARTTLS":                         false,
		"521 this host accepts no mail":                   false,
	} {
		t.Run(reply, func(t *testing.T) {
			t.Parallel()

			server := mailtest.Start(t, mailtest.Options{RefuseRecipient: reply})
			err := sender(t, mail.SMTPOptions{Address: server.Address()}).Send(t.Context(), message())
			require.ErrorContains(t, err, "send RCPT TO: the server replied "+reply[:3])
			require.Equal(t, permanent, everlatch.IsPermanent(err))
		})
	}
	server := mailtest.Start(t, mailtest.Options{RefuseSender: "553 5.1.8 no such sender"})
	err := sender(t, mail.SMTPOptions{Address: server.Address()}).Send(t.Context(), message())
	require.ErrorContains(t, err, "send MAIL FROM")
	require.False(t, everlatch.IsPermanent(err), "mail.from can be set")
}

func TestInternationalRecipients(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		to, want  string // want "" = a permanent refusal
		asciiOnly bool
	}{
		"a domain":                             {to: "ada@bücher.example", want: "ada@xn--bcher-kva.example", asciiOnly: true},
		"a domain, with SMTPUTF8":              {to: "ada@bücher.example", want: "ada@xn--bcher-kva.example"},
		"a local part, with SMTPUTF8":          {to: "żółć@bücher.example", want: "żółć@xn--bcher-kva.example"},
		"a local part, without SMTPUTF8":       {to: "żółć@example.com", asciiOnly: true},
		"a domain that cannot exist":           {to: "ada@b\u00adü_.example"},
		"a domain that is in ASCII beforehand": {to: "ada@xn--bcher-kva.example", want: "ada@xn--bcher-kva.example", asciiOnly: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := mailtest.Start(t, mailtest.Options{ASCIIOnly: tt.asciiOnly})
			m := message()
			m.To = tt.to
			err := sender(t, mail.SMTPOptions{Address: server.Address()}).Send(t.Context(), m)
			if tt.want == "" {
				require.Error(t, err)
				require.True(t, everlatch.IsPermanent(err), "%v", err)
				require.NotContains(t, err.Error(), tt.to)
				require.Empty(t, server.Accepted())
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, server.Accepted()[0].To)
		})
	}
	t.Run("a sender whose domain is not ASCII", func(t *testing.T) {
		t.Parallel()

		server := mailtest.Start(t, mailtest.Options{ASCIIOnly: true, QualifiedHello: true})
		m := message()
		m.From = "Bücher <no-reply@bücher.example>"
		require.NoError(t, sender(t, mail.SMTPOptions{Address: server.Address()}).Send(t.Context(), m))
		require.Equal(t, "no-reply@xn--bcher-kva.example", server.Accepted()[0].From)
	})
}
