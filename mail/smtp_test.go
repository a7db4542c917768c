package mail_test

import (
	"context"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/mailtest"
	"github.com/everlatch/everlatch/mail"
)

const planted = "planted-password"

func sender(tb testing.TB, o mail.SMTPOptions) *mail.SMTP {
	tb.Helper()
	s, err := mail.NewSMTP(o)
	require.NoError(tb, err)
	return s
}

func TestSendDelivers(t *testing.T) {
	t.Parallel()

	server := mailtest.Start(t, mailtest.Options{})
	m := message()
	m.Subject, m.Text = "Grüße", ".\n.. dots\n"+m.Text
	require.NoError(t, sender(t, mail.SMTPOptions{Address: server.Address(), Hello: "shop.example"}).Send(t.Context(), m))

	got := server.Accepted()
	require.Len(t, got, 1)
	require.Equal(t, "ada@example.com", got[0].To)
	require.Equal(t, "no-reply@shop.example", got[0].From)
	require.Equal(t, "evt_01@shop.example", got[0].MessageID)
	require.Equal(t, "Grüße", got[0].Subject)
	require.Equal(t, m.Text, got[0].Text)
	require.Equal(t, m.HTML, got[0].HTML)
}

// Every way a server can misbehave: what is reported, and whether the mail may
// still have arrived.
func TestMisbehaviour(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		step      mailtest.Step
		want      string
		permanent bool
		arrived   bool
	}{
		"closes the connection":       {step: mailtest.Refuse, want: "connect to the mail server: EOF"},
		"refuses service":             {step: mailtest.RefuseService, want: "connect to the mail server: the server replied 554 5.3.2 no service for you"},
		"hangs after the greeting":    {step: mailtest.HangAfterGreeting, want: "connect to the mail server: context deadline exceeded"},
		"hangs after the mail":        {step: mailtest.HangAfterData, want: "send the mail: context deadline exceeded"},
		"451 to the recipient":        {step: mailtest.RcptTemporary, want: "send RCPT TO: the server replied 451 4.2.1 […] try again later"},
		"550 to the recipient":        {step: mailtest.RcptPermanent, want: "send RCPT TO: the server replied 550 5.1.1 […] there is no such mailbox", permanent: true},
		"451 to the mail":             {step: mailtest.DataTemporary, want: "send the mail: the server replied 451 4.3.0 try again later"},
		"550 to the mail, quoting it": {step: mailtest.DataPermanent, want: "send the mail: the server replied 550 […] (the reply quotes the mail)", permanent: true},
		"accepts without a reply":     {step: mailtest.DropAccepted, want: "send the mail: EOF", arrived: true},
		"accepts":                     {step: mailtest.Accept, arrived: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := mailtest.Start(t, mailtest.Options{})
			server.Script(tt.step)
			timeout := time.Minute
			if strings.HasPrefix(string(tt.step), "hang") {
				timeout = 100 * time.Millisecond
			}
			m := message()
			m.Text = "You asked to set a new password: https://shop.example/reset?token=planted-token\n"
			s := sender(t, mail.SMTPOptions{Address: server.Address(), Timeout: timeout})

			err := s.Send(t.Context(), m)
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, tt.want)
			}
			require.Equal(t, tt.permanent, everlatch.IsPermanent(err))
			require.Equal(t, tt.arrived, len(server.Accepted()) == 1)

			if err != nil && !tt.permanent {
				require.NoError(t, sender(t, mail.SMTPOptions{Address: server.Address()}).Send(t.Context(), m), "the next attempt")
				for _, got := range server.Accepted() {
					require.Equal(t, "evt_01@shop.example", got.MessageID, "copies share a Message-ID")
				}
			}
		})
	}
}

func TestServerOutage(t *testing.T) {
	t.Parallel()

	server := mailtest.Start(t, mailtest.Options{})
	s := sender(t, mail.SMTPOptions{Address: server.Address()})
	server.Stop()
	err := s.Send(t.Context(), message())
	require.ErrorContains(t, err, "connection refused")
	require.False(t, everlatch.IsPermanent(err))
	server.Restart(t)
	require.NoError(t, s.Send(t.Context(), message()))
	require.Len(t, server.Accepted(), 1)
}

func TestSecurity(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		server   mailtest.Options
		security mail.Security
		trusted  bool
		want     string // "" = delivered
	}{
		"starttls":                              {server: mailtest.Options{StartTLS: true}, security: "starttls", trusted: true},
		"starttls is not offered":               {security: "starttls", trusted: true, want: "does not support STARTTLS"},
		"starttls, unknown certificate":         {server: mailtest.Options{StartTLS: true}, security: "starttls", want: "certificate"},
		"tls":                                   {server: mailtest.Options{TLS: true}, security: "tls", trusted: true},
		"tls, unknown certificate":              {server: mailtest.Options{TLS: true}, security: "tls", want: "certificate"},
		"tls, not supported":                    {security: "tls", trusted: true, want: "TLS handshake"},
		"auto on loopback, starttls offered":    {server: mailtest.Options{StartTLS: true}, security: "auto"},
		"auto on loopback, no starttls offered": {security: "auto"},
		"none, starttls offered":                {server: mailtest.Options{StartTLS: true}, security: "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := mailtest.Start(t, tt.server)
			cas := server.RootCAs()
			if !tt.trusted {
				cas = x509.NewCertPool()
			}
			err := sender(t, mail.SMTPOptions{Address: server.Address(), Security: tt.security, RootCAs: cas}).Send(t.Context(), message())
			if tt.want == "" {
				require.NoError(t, err)
				require.Len(t, server.Accepted(), 1)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.False(t, everlatch.IsPermanent(err), "an operator can fix it")
			require.Empty(t, server.Accepted())
		})
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		server    mailtest.Options
		user, pwd string
		want      string
	}{
		"unencrypted, on loopback": {server: mailtest.Options{}, user: "shop", pwd: planted},
		"over starttls":            {server: mailtest.Options{StartTLS: true}, user: "shop", pwd: planted},
		"over tls":                 {server: mailtest.Options{TLS: true}, user: "shop", pwd: planted},
		"a wrong password": {
			user: "shop", pwd: "planted-but-wrong",
			want: "connect to the mail server: the server replied 535 5.7.8 authentication credentials invalid",
		},
		"no password given": {want: "send MAIL FROM: the server replied 530 5.7.0 authentication required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			tt.server.Username, tt.server.Password = "shop", planted
			server := mailtest.Start(t, tt.server)
			security := mail.SecurityAuto
			if tt.server.TLS {
				security = mail.SecurityTLS
			}
			s := sender(t, mail.SMTPOptions{
				Address: server.Address(), Security: security, RootCAs: server.RootCAs(), Username: tt.user, Password: tt.pwd,
			})
			err := s.Send(t.Context(), message())
			if tt.want == "" {
				require.NoError(t, err)
				require.Len(t, server.Accepted(), 1)
				return
			}
			require.EqualError(t, err, tt.want)
			require.False(t, everlatch.IsPermanent(err), "the mail itself is fine")
		})
	}
}

func TestServerWithoutAuthentication(t *testing.T) {
	t.Parallel()

	server := mailtest.Start(t, mailtest.Options{})
	s := sender(t, mail.SMTPOptions{Address: server.Address(), Username: "shop", Password: planted})
	require.ErrorContains(t, s.Send(t.Context(), message()), "does not support SMTP AUTH")
}

func TestDeadlines(t *testing.T) {
	t.Parallel()

	t.Run("an earlier deadline of the caller wins", func(t *testing.T) {
		t.Parallel()
		server := mailtest.Start(t, mailtest.Options{})
		server.Script(mailtest.HangAfterData)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := sender(t, mail.SMTPOptions{Address: server.Address(), Timeout: time.Hour}).Send(ctx, message())
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("a cancelled caller", func(t *testing.T) {
		t.Parallel()
		server := mailtest.Start(t, mailtest.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := sender(t, mail.SMTPOptions{Address: server.Address()}).Send(ctx, message())
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, server.Connections())
	})
	t.Run("a server that never completes the TLS handshake", func(t *testing.T) {
		t.Parallel()
		silent, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts, but there is no reply
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, silent.Close()) })
		s := sender(t, mail.SMTPOptions{Address: silent.Addr().String(), Security: mail.SecurityTLS, Timeout: 50 * time.Millisecond})
		require.ErrorIs(t, s.Send(t.Context(), message()), context.DeadlineExceeded)
	})
	t.Run("a server with an endless greeting", func(t *testing.T) {
		t.Parallel()
		drips, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, drips.Close()) })
		go drip(drips)
		s := sender(t, mail.SMTPOptions{Address: drips.Addr().String(), Timeout: 100 * time.Millisecond})
		require.ErrorIs(t, s.Send(t.Context(), message()), context.DeadlineExceeded, "the deadline covers the whole conversation")
	})
}

// drip accepts one connection and never finishes its greeting.
func drip(listener net.Listener) {
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := conn.Write([]byte("220-wait\r\n")); err != nil {
			return
		}
	}
}

func TestSMTPOptions(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		options mail.SMTPOptions
		want    []string // none = valid
	}{
		"only an address":                     {options: mail.SMTPOptions{Address: "mail.shop.example:587"}},
		"no encryption":                       {options: mail.SMTPOptions{Address: "mailpit:1025", Security: "none"}},
		"an unencrypted password on loopback": {options: mail.SMTPOptions{Address: "127.0.0.1:1025", Security: "none", Username: "shop", Password: planted}},
		"an IPv6 address":                     {options: mail.SMTPOptions{Address: "[::1]:1025"}},
		"no address":                          {options: mail.SMTPOptions{}, want: []string{"the address is not host:port"}},
		"no port":                             {options: mail.SMTPOptions{Address: "mail"}, want: []string{"the address is not host:port"}},
		"no host":                             {options: mail.SMTPOptions{Address: ":25"}, want: []string{"the address is not host:port"}},
		"a port too high":                     {options: mail.SMTPOptions{Address: "mail:65536"}, want: []string{"the address is not host:port"}},
		"a socket":                            {options: mail.SMTPOptions{Address: "unix:///mail:25"}, want: []string{"the address is not host:port"}},
		"an unencrypted password": {
			options: mail.SMTPOptions{Address: "mail:25", Security: "none", Username: "shop", Password: planted},
			want:    []string{"send the password unencrypted"},
		},
		"everything at once": {
			options: mail.SMTPOptions{Address: "mail", Password: planted, Security: "ssl", Timeout: -1, Hello: "a b"},
			want:    []string{"the address", `unknown security "ssl"`, "together", "timeout is negative", "hello is not a host name"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := mail.NewSMTP(tt.options)
			if len(tt.want) == 0 {
				require.NoError(t, err)
			}
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
				require.NotContains(t, err.Error(), planted)
			}
		})
	}
}

func TestAutoSecurity(t *testing.T) {
	t.Parallel()

	for address, want := range map[string]string{
		"mail.shop.example:465": "implicit tls",
		"127.0.0.1:465":         "implicit tls",
		"mail.shop.example:587": "starttls",
		"mail.shop.example:25":  "starttls",
		"192.0.2.1:25":          "starttls",
		"localhost:25":          "starttls if offered",
		"LOCALHOST:1025":        "starttls if offered",
		"127.1.2.3:25":          "starttls if offered",
		"[::1]:25":              "starttls if offered",
		"localhost.evil:25":     "starttls",
	} {
		require.Equal(t, want, mail.LinkTo(sender(t, mail.SMTPOptions{Address: address})), address)
	}
}
