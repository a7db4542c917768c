package mailtest_test

import (
	"net"
	"net/smtp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/mailtest"
)

const content = "Message-ID: <m1@example.com>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/plain\r\n\r\nHello\r\n.dot\r\n"

func send(s *mailtest.Server, to ...string) error {
	return smtp.SendMail(s.Address(), nil, "shop@example.com", to, []byte(content))
}

func TestServerKeepsMails(t *testing.T) {
	t.Parallel()

	s := mailtest.Start(t, mailtest.Options{})
	require.NoError(t, send(s, "ada@example.com", "eve@example.com"))
	got := s.Accepted()
	require.Len(t, got, 2, "one for each recipient")
	require.Equal(t, "ada@example.com", got[0].To)
	require.Equal(t, "eve@example.com", got[1].To)
	require.Equal(t, "shop@example.com", got[0].From)
	require.Equal(t, "m1@example.com", got[0].MessageID)
	require.Equal(t, "Grüße", got[0].Subject)
	require.Equal(t, "Hello\n.dot\n", got[0].Text)
	require.Contains(t, string(got[0].Raw), "Message-ID: <m1@example.com>\n")
}

func TestServerFollowsItsScript(t *testing.T) {
	t.Parallel()

	s := mailtest.Start(t, mailtest.Options{})
	s.Script(mailtest.Refuse, mailtest.RcptPermanent)
	s.Script(mailtest.DropAccepted)
	require.Error(t, send(s, "1@example.com"))
	require.ErrorContains(t, send(s, "2@example.com"), "550")
	require.Error(t, send(s, "3@example.com"))
	require.NoError(t, send(s, "4@example.com"), "mails are accepted after the script")
	require.Equal(t, 4, s.Connections())
	got := s.Accepted()
	require.Len(t, got, 2)
	require.Equal(t, "3@example.com", got[0].To, "accepted, although the sender got no reply")
}

func TestServerStopsAndStartsAgain(t *testing.T) {
	t.Parallel()

	s := mailtest.Start(t, mailtest.Options{})
	address := s.Address()
	s.Script(mailtest.HangAfterGreeting)
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	greeting := make([]byte, 100)
	_, err = conn.Read(greeting)
	require.NoError(t, err)

	s.Stop()
	_, err = conn.Read(greeting)
	require.Error(t, err, "hanging connections end too")
	require.Error(t, send(s, "ada@example.com"))
	s.Stop()

	s.Restart(t)
	s.Restart(t)
	require.Equal(t, address, s.Address())
	require.NoError(t, send(s, "ada@example.com"))
	require.Len(t, s.Accepted(), 1)
}
