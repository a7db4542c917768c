package mail

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"golang.org/x/net/proxy"
)

// connect opens a connection to the mail server, through the proxy if there is one.
func (s *SMTP) connect(ctx context.Context) (net.Conn, error) {
	dialer := new(net.Dialer)
	switch {
	case s.proxy == nil:
		return dialer.DialContext(ctx, "tcp", s.opts.Address)
	case s.proxy.Scheme == "socks5":
		through, err := proxy.FromURL(s.proxy, dialer)
		if err != nil {
			return nil, errors.New("the proxy cannot be used")
		}
		byContext, ok := through.(proxy.ContextDialer)
		if !ok {
			return nil, errors.New("the proxy cannot be used")
		}
		return byContext.DialContext(ctx, "tcp", s.opts.Address)
	}
	conn, err := dialer.DialContext(ctx, "tcp", s.proxy.Host)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := s.askProxy(conn); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// askProxy asks an HTTP proxy for a tunnel (RFC 9110, section 9.3.6). The mail
// server speaks first, so what follows the answer may already be its greeting: the
// answer is read byte by byte.
func (s *SMTP) askProxy(conn net.Conn) error {
	r := &http.Request{
		Method: http.MethodConnect, Host: s.opts.Address, URL: &url.URL{Opaque: s.opts.Address}, Header: http.Header{},
	}
	if user := s.proxy.User; user != nil {
		password, _ := user.Password()
		r.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := r.Write(conn); err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(oneByte{conn}, 16), r) //nolint:bodyclose // an answer to CONNECT has none
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy refuses the mail server with status %d", answer.StatusCode)
	}
	return nil
}

// oneByte reads no further than it is asked to.
type oneByte struct{ net.Conn }

// Read implements [io.Reader].
func (o oneByte) Read(p []byte) (int, error) { return o.Conn.Read(p[:min(1, len(p))]) }

// readProxy parses the proxy of the options. Its error does not repeat the text,
// which may hold a password.
func (s *SMTP) readProxy() (err error) {
	if s.opts.Proxy == "" {
		return nil
	}
	s.proxy, err = url.Parse(s.opts.Proxy)
	if err != nil || s.proxy.Scheme != "http" && s.proxy.Scheme != "socks5" || s.proxy.Port() == "" {
		return errors.New("the proxy is not of the form http://host:port or socks5://host:port")
	}
	return nil
}
