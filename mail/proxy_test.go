package mail_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/mailtest"
	"github.com/everlatch/everlatch/mail"
)

// startProxy runs an HTTP proxy that demands a password and tunnels each connection
// to where it is asked to; hosts gets the targets.
func startProxy(t *testing.T) (address string, hosts chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	hosts = make(chan string, 8)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go tunnel(conn, hosts)
		}
	}()
	return listener.Addr().String(), hosts
}

func tunnel(client net.Conn, hosts chan<- string) {
	defer func() { _ = client.Close() }()
	r, err := http.ReadRequest(bufio.NewReader(client))
	if err != nil {
		return
	}
	r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
	if _, password, _ := r.BasicAuth(); r.Method != http.MethodConnect || password != planted {
		_, _ = io.WriteString(client, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return
	}
	hosts <- r.Host
	server, err := net.Dial("tcp", r.Host)
	if err != nil {
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
	_, _ = io.Copy(client, server)
}

func TestProxy(t *testing.T) {
	t.Parallel()

	server := mailtest.Start(t, mailtest.Options{StartTLS: true})
	proxy, hosts := startProxy(t)
	through := func(userinfo string) error {
		return sender(t, mail.SMTPOptions{
			Address: server.Address(), Security: mail.SecurityStartTLS, RootCAs: server.RootCAs(), Proxy: "http://" + userinfo + proxy,
		}).Send(t.Context(), message())
	}
	require.NoError(t, through("ada:"+planted+"@"))
	require.Len(t, server.Accepted(), 1)
	require.Equal(t, server.Address(), <-hosts)

	err := through("ada:wrong@")
	require.ErrorContains(t, err, "the proxy refuses the mail server with status 407")
	require.False(t, everlatch.IsPermanent(err))
	require.Len(t, server.Accepted(), 1)
}

func TestProxyThatIsAway(t *testing.T) {
	t.Parallel()

	server := mailtest.Start(t, mailtest.Options{})
	for _, scheme := range []string{"http://", "socks5://"} {
		err := sender(t, mail.SMTPOptions{Address: server.Address(), Proxy: scheme + "ada:" + planted + "@127.0.0.1:1"}).Send(t.Context(), message())
		require.ErrorContains(t, err, "connection refused")
		require.NotContains(t, err.Error(), planted)
		require.False(t, everlatch.IsPermanent(err))
	}
	require.Zero(t, server.Connections(), "never without the proxy")
	for _, wrong := range []string{"ftp://" + planted + ":21", "http://proxy", "://" + planted} {
		_, err := mail.NewSMTP(mail.SMTPOptions{Address: server.Address(), Proxy: wrong})
		require.ErrorContains(t, err, "the proxy is not of the form")
		require.NotContains(t, err.Error(), planted)
	}
}
