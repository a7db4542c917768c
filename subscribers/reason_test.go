package subscribers_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/subscribers"
)

// talker answers every connection with a few bytes.
func talker(t *testing.T, says string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, says)
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
			_, _ = io.Copy(io.Discard, conn) // closing before would reset the connection
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

func closedPort(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func tlsServer(t *testing.T, newest uint16) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.TLS = &tls.Config{MaxVersion: newest}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// What a stranger says and what the URL holds stays out of errors: they are
// kept, and shown to administrators.
func TestReasons(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ scheme, host, want string }{
		"no listener":                           {"http", closedPort(t), "cannot be reached: connection refused"},
		"another protocol":                      {"http", talker(t, "SSH-2.0-topsecret\r\n"), "gives no answer that can be read"},
		"an answer that breaks off":             {"http", talker(t, "HTTP/1.1 200 OK\r\ntopsecret"), "gives no answer that can be read"},
		"nothing":                               {"http", talker(t, ""), "gives no answer that can be read"},
		"no TLS":                                {"https", talker(t, "HTTP/1.1 400 topsecret\r\n\r\n"), "gives no answer that can be read"},
		"a certificate of an unknown authority": {"https", tlsServer(t, tls.VersionTLS13), "has a certificate of an unknown authority"},
		"TLS of the past":                       {"https", tlsServer(t, tls.VersionTLS11), "gives no answer that can be read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			webhook := newWebhook(t, subscribers.WebhookOptions{URL: tt.scheme + "://" + tt.host + "/topsecret", AllowPrivate: true})

			err := webhook.Deliver(t.Context(), someDelivery())

			require.ErrorContains(t, err, tt.host+" "+tt.want)
			require.NotContains(t, err.Error(), "topsecret")
			require.False(t, everlatch.IsPermanent(err))
		})
	}
}

func TestReasonsOfNamesAndCertificates(t *testing.T) {
	t.Parallel()

	untrusted := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	tests := map[string]struct {
		give error
		want string
	}{
		"no such name":             {&net.DNSError{Err: "no such host", Name: "topsecret", Server: "topsecret", IsNotFound: true}, "has no address"},
		"a name server fails":      {&net.DNSError{Err: "server misbehaving", Server: "topsecret"}, "cannot be looked up"},
		"a name server is slow":    {&net.DNSError{Err: "i/o timeout", Server: "topsecret", IsTimeout: true}, "does not answer in time"},
		"another name":             {untrusted(x509.HostnameError{Host: "topsecret", Certificate: &x509.Certificate{}}), "has a certificate for another name"},
		"an unknown authority":     {untrusted(x509.UnknownAuthorityError{}), "has a certificate of an unknown authority"},
		"an expired certificate":   {untrusted(x509.CertificateInvalidError{Reason: x509.Expired, Detail: "topsecret"}), "has a certificate that has expired, or is not valid yet"},
		"a certificate misused":    {untrusted(x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}), "has a certificate that is not accepted"},
		"a network is unreachable": {&net.OpError{Op: "dial", Err: syscall.ENETUNREACH}, "cannot be reached: network is unreachable"},
		"anything else":            {&url.Error{Op: "Post", URL: "topsecret", Err: errors.New("topsecret")}, "gives no answer that can be read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			require.EqualError(t, subscribers.Reason(&url.Error{Op: "Post", URL: "https://topsecret", Err: tt.give}), tt.want)
		})
	}
}
