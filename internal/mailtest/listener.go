package mailtest

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
)

// listener gives each connection its step of the script. It plays the steps that
// end before the SMTP greeting itself, because go-smtp has no hook for them.
type listener struct {
	net.Listener
	server *Server

	mu     sync.Mutex
	closed bool
	conns  map[*conn]struct{}
}

// conn is a connection and its step.
type conn struct {
	net.Conn
	step     Step
	listener *listener
}

func newListener(s *Server, inner net.Listener) *listener {
	return &listener{Listener: inner, server: s, conns: map[*conn]struct{}{}}
}

// Accept implements [net.Listener]: it returns the next connection that gets as
// far as the SMTP greeting.
func (l *listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c, ok := l.track(raw)
		if !ok {
			_ = raw.Close()
			return nil, net.ErrClosed
		}
		var secured net.Conn = c
		if l.server.opts.TLS {
			secured = tls.Server(c, l.server.tls)
		}
		if !c.step.beforeGreeting() {
			return secured, nil
		}
		l.server.running.Go(func() {
			defer func() { _ = secured.Close() }()
			c.step.play(secured)
		})
	}
}

// track registers a connection, unless the listener is closed.
func (l *listener) track(raw net.Conn) (*conn, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, false
	}
	c := &conn{Conn: raw, step: l.server.nextStep(), listener: l}
	l.conns[c] = struct{}{}
	return c, true
}

// closeAll closes the port and all connections.
func (l *listener) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	_ = l.Close()
	for c := range l.conns {
		_ = c.Conn.Close()
	}
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// stepOf returns the step of a connection, which may be wrapped in TLS.
func stepOf(c net.Conn) Step {
	if secured, ok := c.(*tls.Conn); ok {
		c = secured.NetConn()
	}
	if scripted, ok := c.(*conn); ok {
		return scripted.step
	}
	return Accept
}

// hang reads until the client disconnects or the server is stopped.
func hang(c io.Reader) { _, _ = io.Copy(io.Discard, c) }
