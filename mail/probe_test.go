package mail_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/mailtest"
	"github.com/everlatch/everlatch/mail"
)

const shop = "Shop <no-reply@shop.example>"

func TestProbe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		server  mailtest.Options
		options mail.SMTPOptions
		want    string
	}{
		"plain":            {mailtest.Options{}, mail.SMTPOptions{}, "without TLS"},
		"STARTTLS":         {mailtest.Options{StartTLS: true}, mail.SMTPOptions{}, "TLS 1.3"},
		"TLS and password": {mailtest.Options{TLS: true, Username: "ada", Password: planted}, mail.SMTPOptions{Security: mail.SecurityTLS, Username: "ada", Password: planted}, "TLS 1.3, signed in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailtest.Start(t, tt.server)
			tt.options.Address, tt.options.RootCAs = server.Address(), server.RootCAs()
			found, err := sender(t, tt.options).Probe(t.Context(), shop)
			require.NoError(t, err)
			require.Equal(t, tt.want, found)
			require.Empty(t, server.Accepted())
		})
	}
}

// A refusal says whether the credentials, the sender or the connection is meant.
func TestProbeRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		server              mailtest.Options
		options             mail.SMTPOptions
		step                mailtest.Step
		credentials, sender bool
	}{
		"no service":        {step: mailtest.RefuseService},
		"no STARTTLS":       {options: mail.SMTPOptions{Security: mail.SecurityStartTLS}},
		"wrong password":    {server: mailtest.Options{Username: "ada", Password: "right"}, options: mail.SMTPOptions{Username: "ada", Password: planted}, credentials: true},
		"password demanded": {server: mailtest.Options{Username: "ada", Password: "right"}, credentials: true},
		"sender":            {server: mailtest.Options{RefuseSender: "553 5.1.8 no such sender"}, sender: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailtest.Start(t, tt.server)
			if tt.step != "" {
				server.Script(tt.step)
			}
			tt.options.Address = server.Address()
			_, err := sender(t, tt.options).Probe(t.Context(), shop)
			got, ok := errors.AsType[*mail.ProbeError](err)
			require.True(t, ok, err)
			require.Equal(t, tt.credentials, got.Credentials, err)
			require.Equal(t, tt.sender, got.Sender, err)
			require.NotContains(t, err.Error(), planted)
		})
	}
}
