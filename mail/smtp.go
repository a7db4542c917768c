package mail

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Security is how a connection to a mail server is protected.
type Security string

// The values of [SMTPOptions.Security].
const (
	// SecurityAuto is [SecurityTLS] on port 465, and [SecurityStartTLS] on others.
	// For a server on the loopback address, STARTTLS is used if offered, with any
	// certificate: nothing leaves this machine.
	SecurityAuto Security = "auto"
	// SecurityStartTLS connects unencrypted and requires STARTTLS.
	SecurityStartTLS Security = "starttls"
	// SecurityTLS is TLS from the first byte.
	SecurityTLS Security = "tls"
	// SecurityNone never encrypts.
	SecurityNone Security = "none"
)

// defaultTimeout bounds sending one mail, unless [SMTPOptions.Timeout] is set.
const defaultTimeout = 20 * time.Second

// SMTPOptions describe a mail server.
type SMTPOptions struct {
	// Address is host:port.
	Address string
	// Username and Password are for a server that requires authentication. They are
	// sent only over TLS or to the loopback address.
	Username, Password string
	// Security is [SecurityAuto] when it is "".
	Security Security
	// Timeout bounds a whole conversation, including dialling; 0 is
	// 20 seconds. An earlier deadline of the context wins.
	Timeout time.Duration
	// Hello is the host name to send in EHLO; "" is the name of this machine or,
	// where that has no domain, the domain of the sender.
	Hello string
	// Proxy is http://host:port, which must allow CONNECT to the server's port, or
	// socks5://host:port, each with a name and password if needed; "" is none.
	Proxy string
	// RootCAs are the certificate authorities to trust; nil is those of the system.
	RootCAs *x509.CertPool
}

// SMTP is a [Sender] that sends mails to a mail server, each over a new connection.
// It is safe for concurrent use.
type SMTP struct {
	opts SMTPOptions
	host string
	port int
	link link
	// proxy is nil without one.
	proxy *url.URL
}

var _ Sender = (*SMTP)(nil)

// NewSMTP returns a sender. It does not connect. Its error lists every problem of
// the options.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	if o.Security == "" {
		o.Security = SecurityAuto
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	s := &SMTP{opts: o}
	problems := []error{s.readAddress(), s.readProxy(), o.check()}
	s.link = linkOf(o.Security, s.host, s.port)
	if s.link == unencrypted && o.Username != "" && !isLoopback(s.host) {
		problems = append(problems, errors.New(`security "none" would send the password unencrypted`))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return s, nil
}

func (s *SMTP) readAddress() error {
	host, port, err := net.SplitHostPort(s.opts.Address)
	number, numberErr := strconv.ParseUint(port, 10, 16)
	if err != nil || numberErr != nil || number == 0 || host == "" || strings.ContainsAny(host, " \r\n\t/") {
		return errors.New("the address is not host:port")
	}
	s.host, s.port = host, int(number)
	return nil
}

func (o SMTPOptions) check() error {
	var problems []error
	if !slices.Contains([]Security{SecurityAuto, SecurityStartTLS, SecurityTLS, SecurityNone}, o.Security) {
		problems = append(problems, fmt.Errorf("unknown security %q: expected auto, starttls, tls or none", o.Security))
	}
	if (o.Username == "") != (o.Password == "") {
		problems = append(problems, errors.New("a username and a password must be given together"))
	}
	if o.Timeout < 0 {
		problems = append(problems, errors.New("the timeout is negative"))
	}
	if o.Hello != "" && !plainDomain.MatchString(o.Hello) && !addressLiteral.MatchString(o.Hello) {
		problems = append(problems, errors.New("hello is not a host name"))
	}
	return errors.Join(problems...)
}

// link is what [SMTPOptions.Security] means for an address.
type link int

const (
	unencrypted link = iota
	startTLSIfOffered
	startTLS
	implicitTLS
)

const portSMTPS = 465

func linkOf(security Security, host string, port int) link {
	switch {
	case security == SecurityNone:
		return unencrypted
	case security == SecurityTLS, security == SecurityAuto && port == portSMTPS:
		return implicitTLS
	case security == SecurityAuto && isLoopback(host):
		return startTLSIfOffered
	default:
		return startTLS
	}
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

// Send implements [Sender]. A 5xx reply to the recipient or the mail itself is
// [everlatch.Permanent], and so is an address that the server has no way to take.
// All else is worth a retry: a 4xx reply, a connection that fails or breaks, a
// timeout, and also what an operator can fix: a server that refuses the
// connection, the credentials, the greeting, the sender or to relay.
//
// When Send fails, the mail may still have arrived.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	letter, err := compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	return s.explain(ctx, m, s.talk(ctx, letter))
}
