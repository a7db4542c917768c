package mailtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Options configure a server. The zero value accepts unencrypted mails from
// anyone.
type Options struct {
	// StartTLS offers STARTTLS, TLS starts with TLS; the certificate is
	// self-signed, see [Server.RootCAs].
	StartTLS, TLS bool
	// Username and Password, when set, are required (AUTH PLAIN): without them the
	// sender of a mail is refused with 530.
	Username, Password string
	// QualifiedHello refuses recipients, with 504, from a sender whose greeting
	// names no domain, as Postfix's reject_non_fqdn_helo_hostname does.
	QualifiedHello bool
	// ASCIIOnly offers no SMTPUTF8.
	ASCIIOnly bool
	// RefuseSender and RefuseRecipient are replies to MAIL FROM and RCPT TO, such as
	// "554 5.7.1 relay access denied".
	RefuseSender, RefuseRecipient string
}

// Server is a mail server on 127.0.0.1. It is safe for concurrent use.
type Server struct {
	opts Options
	tls  *tls.Config
	cas  *x509.CertPool

	mu       sync.Mutex
	address  string
	listener *listener    // nil while the server is stopped
	smtp     *smtp.Server // a new one for each listener
	script   []Step
	accepted []Mail
	seen     int
	running  sync.WaitGroup
}

// Start runs a server until the test ends.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s := &Server{opts: o, address: "127.0.0.1:0"}
	if o.StartTLS || o.TLS {
		var err error
		if s.tls, s.cas, err = selfSigned(); err != nil {
			tb.Fatalf("mailtest: %v", err)
		}
	}
	s.Restart(tb)
	tb.Cleanup(s.Stop)
	return s
}

// Address returns host:port. It stays the same after a restart.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// RootCAs returns the authority that signed the server's certificate, or nil.
func (s *Server) RootCAs() *x509.CertPool { return s.cas }

// Script appends what happens to the next connections, one step each. After the
// last step every mail is accepted again.
func (s *Server) Script(steps ...Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, steps...)
}

// Accepted returns the mails that the server accepted, oldest first.
func (s *Server) Accepted() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.accepted)
}

// Connections returns how many connections the server has had so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// Stop closes the port and all connections, and returns when all goroutines of
// the server have ended. Accepted mails and the rest of the script are kept.
func (s *Server) Stop() {
	s.mu.Lock()
	l, server := s.listener, s.smtp
	s.listener, s.smtp = nil, nil
	s.mu.Unlock()
	if l == nil {
		return
	}
	l.closeAll()
	s.running.Wait()
	_ = server.Shutdown(context.Background()) // waits for the connections' handlers
}

// Restart starts a stopped server again, on the same port.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return
	}
	inner, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", s.address)
	if err != nil {
		tb.Fatalf("mailtest: %v", err)
	}
	l := newListener(s, inner)
	server := smtp.NewServer(smtp.BackendFunc(s.newSession))
	server.Domain = "mailtest"
	server.AllowInsecureAuth = true
	server.EnableSMTPUTF8 = !s.opts.ASCIIOnly
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // broken connections are the purpose
	if s.opts.StartTLS {
		server.TLSConfig = s.tls
	}
	s.listener, s.smtp, s.address = l, server, inner.Addr().String()
	s.running.Go(func() { _ = server.Serve(l) }) // ends when the listener is closed
}

// nextStep counts a connection and takes its step from the script.
func (s *Server) nextStep() Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen++
	if len(s.script) == 0 {
		return Accept
	}
	step := s.script[0]
	s.script = s.script[1:]
	return step
}

func (s *Server) keep(mails []Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = append(s.accepted, mails...)
}
