package mailtest

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"sync"
	"testing"
)

// Options describe a server. The zero value takes mails in clear from anybody.
type Options struct {
	// StartTLS offers STARTTLS, TLS speaks it from the first byte; the certificate
	// is self-signed, see [Server.RootCAs].
	StartTLS, TLS bool
	// Username and Password, when given, must be given (AUTH PLAIN), or the
	// sender of a mail is refused with 530.
	Username, Password string
}

// Server is a mail server on 127.0.0.1. It is safe for concurrent use.
type Server struct {
	opts Options
	tls  *tls.Config
	cas  *x509.CertPool

	mu       sync.Mutex
	address  string
	listener net.Listener // nil while the server is stopped
	conns    map[net.Conn]struct{}
	script   []Step
	accepted []Mail
	seen     int
	running  sync.WaitGroup
}

// Start runs a server until the test ends.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s := &Server{opts: o, address: "127.0.0.1:0", conns: map[net.Conn]struct{}{}}
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

// Address returns host:port. It stays the same when the server is restarted.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// RootCAs returns the authority that signed the server's certificate, or nil.
func (s *Server) RootCAs() *x509.CertPool { return s.cas }

// Script says what happens to the next connections, one step each, after those
// that were scripted before. Then every mail is accepted again.
func (s *Server) Script(steps ...Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, steps...)
}

// Accepted returns the mails that the server took, oldest first.
func (s *Server) Accepted() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.accepted)
}

// Connections returns how many connections there were so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// Stop closes the port and all connections, and returns when nothing of the
// server runs any more. What it had accepted and what is scripted stays.
func (s *Server) Stop() {
	s.mu.Lock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Restart runs a server that was stopped again, on the same port.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return
	}
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", s.address)
	if err != nil {
		tb.Fatalf("mailtest: %v", err)
	}
	s.listener, s.address = listener, listener.Addr().String()
	s.running.Go(func() { s.serve(listener) })
}

func (s *Server) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		step, ok := s.begin(listener, conn)
		if !ok {
			_ = conn.Close()
			return
		}
		s.running.Go(func() {
			defer s.end(conn)
			if s.opts.TLS {
				secured := tls.Server(conn, s.tls)
				defer func() { _ = secured.Close() }()
				(&session{server: s, conn: secured, secured: true, step: step}).run()
				return
			}
			(&session{server: s, conn: conn, step: step}).run()
		})
	}
}

// begin notes a connection and returns what shall happen to it; false when the
// server was stopped meanwhile.
func (s *Server) begin(listener net.Listener, conn net.Conn) (Step, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != listener {
		return Accept, false
	}
	s.conns[conn] = struct{}{}
	s.seen++
	step := Accept
	if len(s.script) > 0 {
		step, s.script = s.script[0], s.script[1:]
	}
	return step, true
}

func (s *Server) end(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = conn.Close()
	delete(s.conns, conn)
}

func (s *Server) keep(mails []Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = append(s.accepted, mails...)
}
