package mail

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How a connection is protected: the values of [SMTPOptions.Security].
const (
	// SecurityAuto is [SecurityTLS] on port 465, and elsewhere [SecurityStartTLS];
	// on this machine STARTTLS is used where the server offers it, with any
	// certificate, because there is nobody on the way.
	SecurityAuto = "auto"
	// SecurityStartTLS begins in clear and insists on STARTTLS.
	SecurityStartTLS = "starttls"
	// SecurityTLS is TLS from the first byte.
	SecurityTLS = "tls"
	// SecurityNone never encrypts.
	SecurityNone = "none"
)

// DefaultTimeout bounds one mail where nothing else is said.
const DefaultTimeout = 20 * time.Second

// SMTPOptions describe a mail server.
type SMTPOptions struct {
	// Address is host:port.
	Address string
	// Username and Password are for a server that asks for them. They are sent
	// only over TLS or to this machine.
	Username, Password string
	// Security is one of the constants above; "" is [SecurityAuto].
	Security string
	// Timeout bounds a whole conversation, from dialling on; 0 is [DefaultTimeout].
	// The deadline of a context goes before it when it is earlier.
	Timeout time.Duration
	// Hello is the name by which to greet; "" is the name of this machine.
	Hello string
	// RootCAs are the authorities to trust; nil stands for those of this machine.
	RootCAs *x509.CertPool
}

// SMTP is a [Sender] that gives mails to a mail server, each over a connection of
// its own. It is safe for concurrent use.
type SMTP struct {
	opts SMTPOptions
	host string
	port int
	link link
}

var _ Sender = (*SMTP)(nil)

// NewSMTP returns a sender. It reports everything that is wrong with the options
// at once and does not connect.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	if o.Security == "" {
		o.Security = SecurityAuto
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	s := &SMTP{opts: o}
	problems := []error{s.readAddress(), o.check()}
	s.link = linkOf(o.Security, s.host, s.port)
	if s.link == inClear && o.Username != "" && !isLoopback(s.host) {
		problems = append(problems, errors.New(`security "none" would show the password to everybody on the way`))
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
	if !slices.Contains([]string{SecurityAuto, SecurityStartTLS, SecurityTLS, SecurityNone}, o.Security) {
		problems = append(problems, fmt.Errorf("there is no security %q: expected auto, starttls, tls or none", o.Security))
	}
	if (o.Username == "") != (o.Password == "") {
		problems = append(problems, errors.New("a username and a password are given together or not at all"))
	}
	if o.Timeout < 0 {
		problems = append(problems, errors.New("the timeout is negative"))
	}
	if o.Hello != "" && !plainDomain.MatchString(o.Hello) {
		problems = append(problems, errors.New("the name to greet by is not the name of a machine"))
	}
	return errors.Join(problems...)
}

// link is how [SMTPOptions.Security] works out for an address.
type link int

const (
	inClear link = iota
	startTLSIfOffered
	startTLS
	tlsFirst
)

const portSMTPS = 465

func linkOf(security, host string, port int) link {
	switch {
	case security == SecurityNone:
		return inClear
	case security == SecurityTLS, security == SecurityAuto && port == portSMTPS:
		return tlsFirst
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

// Send implements [Sender]. An answer of 5xx to the sender, the recipient or the
// mail itself is [everlatch.Permanent]. Everything else is worth another attempt:
// 4xx, a connection that fails or breaks, time that runs out, and also a server
// that refuses to talk to us at all or our password, because an operator will
// mend that.
//
// When Send fails, the mail may nevertheless have arrived.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	letter, err := compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	return s.explain(ctx, m, s.talk(ctx, letter))
}
