package mail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/mail"
)

// Servers quote what they refuse, and errors are stored and shown.
func TestErrorsContainNothingOfTheMail(t *testing.T) {
	t.Parallel()

	s := sender(t, mail.SMTPOptions{Address: "mail.shop.example:587", Username: "shop", Password: "open sesame"})
	m := message()
	m.Text = "You asked to set a new password.\nhttps://shop.example/reset?token=abc123.def456\nYour code is 918273.\n"
	for text, want := range map[string]string{
		"5.7.1 listed: https://shop.example/reset?token=abc123.def456": "5.7.1 listed: […]",
		"5.7.1 listed: 'abc123.def456'":                                "5.7.1 listed: […]",
		"5.7.1 what is (918273),":                                      "5.7.1 what is […]",
		"5.7.1 token=abc":                                              "5.7.1 […]",
		"5.1.1 <ada@example.com>: no such user":                        "5.1.1 […] no such user",
		"no entry for open sesame here":                                "no entry for […] here",
		"5.7.1 Body: asked to  set\r\na new password.":                 "[…] (the reply quotes the mail)",
		"5.7.1 " + strings.Repeat("x", 61):                             "5.7.1 […]",
		"two\r\nlines\x00":                                             "two lines",
		"dial tcp 192.0.2.1:587: connect: connection refused":          "dial tcp 192.0.2.1:587: connect: connection refused",
		"lookup email-smtp.eu-west-1.amazonaws.com: no such host":      "lookup email-smtp.eu-west-1.amazonaws.com: no such host",
		"5.7.26 mail from shop.example is not authenticated, see SPF":  "5.7.26 mail from shop.example is not authenticated, see SPF",
	} {
		require.Equal(t, want, mail.Redact(s, text, m))
	}
	long := mail.Redact(s, strings.Repeat("word ", 1000), m)
	require.LessOrEqual(t, len(long), 310)
	require.True(t, strings.HasSuffix(long, "…"))
}
