package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// stage is how far an SMTP conversation got before it failed.
type stage string

const (
	stageConnect   stage = "connect to the mail server"
	stageSender    stage = "send MAIL FROM"
	stageRecipient stage = "send RCPT TO"
	stageContent   stage = "send the mail"
)

// failure is the error of a conversation, and where it happened.
type failure struct {
	stage stage
	err   error
}

// errNoSMTPUTF8 is a local part outside ASCII for a server that cannot take it: it
// has no other form (RFC 6531), so no attempt will get through.
var errNoSMTPUTF8 = errors.New("the address has characters that need SMTPUTF8, which the server does not offer")

// talk runs one SMTP conversation. It returns nil as soon as the server has
// accepted the mail: a later error must not cause a second copy.
func (s *SMTP) talk(ctx context.Context, l letter) *failure {
	c, hangUp, err := s.greet(ctx, l)
	defer hangUp()
	if err != nil {
		return &failure{stageConnect, err}
	}
	if offered, _ := c.Extension("SMTPUTF8"); l.international() && !offered {
		return &failure{stageRecipient, errNoSMTPUTF8}
	}
	if err := c.Mail(l.from); err != nil {
		return &failure{stageSender, err}
	}
	if err := c.Rcpt(l.to); err != nil {
		return &failure{stageRecipient, err}
	}
	if err := handOver(c, l.content); err != nil {
		return &failure{stageContent, err}
	}
	_, _ = c.Text.Cmd("QUIT") // the reply does not matter
	return nil
}

// greet connects to the server, greets it and signs in. hangUp ends the connection, also
// after an error.
func (s *SMTP) greet(ctx context.Context, l letter) (c *smtp.Client, hangUp func(), err error) {
	var conn net.Conn
	hangUp = func() {
		if conn != nil {
			_ = conn.Close()
		}
	}
	client, err := gomail.NewClient(s.host, s.clientOptions(ctx, l, &conn)...)
	if err != nil {
		return nil, hangUp, err
	}
	c, err = client.DialToSMTPClientWithContext(ctx)
	return c, hangUp, err
}

func handOver(c *smtp.Client, content []byte) error {
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	return w.Close()
}

// clientOptions configure go-mail. The connection is dialled here and stored in
// conn, because go-mail leaves it open when the greeting fails, and restarts its
// timeout with every step. It lives as long as ctx, not as long as the context of
// go-mail, which ends with the greeting.
func (s *SMTP) clientOptions(ctx context.Context, l letter, conn *net.Conn) []gomail.Option {
	policy := gomail.NoTLS
	switch s.link {
	case startTLS:
		policy = gomail.TLSMandatory
	case startTLSIfOffered:
		policy = gomail.TLSOpportunistic
	case unencrypted, implicitTLS:
	}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(s.opts.Timeout),
		gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.tlsConfig()),
		gomail.WithDialContextFunc(func(context.Context, string, string) (c net.Conn, err error) {
			c, err = s.dial(ctx)
			*conn = c
			return c, err
		}),
	}
	if hello := s.hello(l); hello != "" {
		options = append(options, gomail.WithHELO(hello))
	}
	if s.opts.Username != "" {
		options = append(options, gomail.WithUsername(s.opts.Username), gomail.WithPassword(s.opts.Password),
			gomail.WithOpportunisticSMTPAuth(s.mechanisms()...))
	}
	return options
}

// hello is the name to greet with, "" for the name of this machine. Many servers
// refuse a name without a domain, which is all that a container has; then the
// domain of the sender is the best that is known.
func (s *SMTP) hello(l letter) string {
	if s.opts.Hello != "" {
		return s.opts.Hello
	}
	name, err := os.Hostname()
	if err == nil && strings.Contains(name, ".") && plainDomain.MatchString(name) {
		return name
	}
	if strings.Contains(l.domain, ".") && plainDomain.MatchString(l.domain) {
		return l.domain
	}
	return ""
}

// mechanisms are the SMTP authentication mechanisms, strongest first. Those that
// send the password itself require TLS, except to the loopback address.
func (s *SMTP) mechanisms() []gomail.SMTPAuthType {
	show := []gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
	if isLoopback(s.host) {
		show = []gomail.SMTPAuthType{gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
	}
	return append([]gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1}, show...)
}

func (s *SMTP) tlsConfig() *tls.Config {
	config := &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12, RootCAs: s.opts.RootCAs}
	if s.link == startTLSIfOffered {
		config.InsecureSkipVerify = true // loopback only; the alternative is no TLS at all
	}
	return config
}

// dial connects, with implicit TLS where configured. The connection's only
// deadline is ctx.
func (s *SMTP) dial(ctx context.Context) (net.Conn, error) {
	raw, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	conn := &contextConn{Conn: raw}
	conn.stop = context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	if s.link != implicitTLS {
		return conn, nil
	}
	secured := tls.Client(conn, s.tlsConfig())
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// contextConn is a connection whose only deadline is that of the context it was
// dialled with.
type contextConn struct {
	net.Conn
	stop func() bool
}

// SetDeadline implements [net.Conn] and does nothing.
func (*contextConn) SetDeadline(time.Time) error { return nil }

// Close implements [net.Conn].
func (h *contextConn) Close() error {
	h.stop()
	return h.Conn.Close()
}
