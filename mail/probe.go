package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
)

// ProbeError is what keeps a mail server from taking mails. Its text holds no secret.
type ProbeError struct {
	// Credentials says that the server refuses the user name and password, or demands
	// some, and Sender that it refuses the sender. Otherwise there is no connection.
	Credentials, Sender bool

	err error
}

// Error returns what was tried and what the server replied.
func (e *ProbeError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *ProbeError) Unwrap() error { return e.err }

// Probe connects to the server, with TLS where configured, greets it, signs in and names
// the sender of a mail, which it does not send. It says what was found, such as
// "TLS 1.3, signed in". Its error is a [*ProbeError].
func (s *SMTP) Probe(ctx context.Context, from string) (found string, err error) {
	sender, err := parse(from)
	if err != nil {
		return "", &ProbeError{Sender: true, err: fmt.Errorf("the sender: %w", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	l := letter{from: envelope(sender), domain: domainOf(sender.Address)}
	c, hangUp, err := s.greet(ctx, l)
	defer hangUp()
	if err != nil {
		return "", s.probeError(ctx, &failure{stageConnect, err})
	}
	found = "without TLS"
	if state, ok := c.TLSConnectionState(); ok {
		found = tls.VersionName(state.Version)
	}
	if offered, _ := c.Extension("AUTH"); offered && s.opts.Username != "" {
		found += ", signed in"
	}
	if err := c.Mail(l.from); err != nil {
		return found, s.probeError(ctx, &failure{stageSender, err})
	}
	_ = c.Reset()
	_, _ = c.Text.Cmd("QUIT") // the reply does not matter
	return found, nil
}

// probeError says what a failure means for an operator.
func (s *SMTP) probeError(ctx context.Context, f *failure) *ProbeError {
	out := &ProbeError{Sender: f.stage == stageSender, err: s.explain(ctx, Message{}, f)}
	if answer, ok := errors.AsType[*textproto.Error](f.err); ok {
		switch answer.Code {
		case 530, 534, 535, 538: // RFC 4954
			out.Credentials, out.Sender = true, false
		}
	}
	return out
}
