package mailtest

import (
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session handles the SMTP commands of one connection.
type session struct {
	server        *Server
	conn          *smtp.Conn
	step          Step
	authenticated bool
	from          string
	to            []string
}

var _ smtp.AuthSession = (*session)(nil)

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c, step: stepOf(c.Conn())}, nil
}

// AuthMechanisms implements [smtp.AuthSession].
func (s *session) AuthMechanisms() []string {
	if s.server.opts.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements [smtp.AuthSession].
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain || s.server.opts.Username == "" {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != s.server.opts.Username || password != s.server.opts.Password {
			return reply(535, smtp.EnhancedCode{5, 7, 8}, "authentication credentials invalid")
		}
		s.authenticated = true
		return nil
	}), nil
}

// Mail implements [smtp.Session].
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.opts.Username != "" && !s.authenticated {
		return reply(530, smtp.EnhancedCode{5, 7, 0}, "authentication required")
	}
	if text := s.server.opts.RefuseSender; text != "" {
		return scripted(text)
	}
	s.from, s.to = from, nil
	return nil
}

// Rcpt implements [smtp.Session].
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch s.step { //nolint:exhaustive // the other steps accept recipients
	case RcptTemporary:
		return reply(451, smtp.EnhancedCode{4, 2, 1}, "<"+to+"> try again later")
	case RcptPermanent:
		return reply(550, smtp.EnhancedCode{5, 1, 1}, "<"+to+"> there is no such mailbox")
	}
	if s.server.opts.QualifiedHello && !strings.Contains(s.conn.Hostname(), ".") {
		return reply(504, smtp.EnhancedCode{5, 5, 2}, "<"+s.conn.Hostname()+">: Helo command rejected: need fully-qualified hostname")
	}
	if text := s.server.opts.RefuseRecipient; text != "" {
		return scripted(text)
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements [smtp.Session].
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	mails := read(raw, s.from, s.to)
	switch s.step { //nolint:exhaustive // the other steps do not get here, or accept mails
	case HangAfterData:
		hang(s.conn.Conn())
		return io.ErrUnexpectedEOF
	case DataTemporary:
		return reply(451, smtp.EnhancedCode{4, 3, 0}, "try again later")
	case DataPermanent:
		return reply(550, smtp.EnhancedCode{5, 7, 1}, "your mail says: "+strings.Join(strings.Fields(mails[0].Text), " "))
	case DropAccepted:
		s.server.keep(mails)
		return s.conn.Close()
	}
	s.server.keep(mails)
	return nil
}

// Reset implements [smtp.Session].
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements [smtp.Session].
func (*session) Logout() error { return nil }

// scripted reads a reply: a code, an enhanced code unless there is none, and words.
func scripted(text string) error {
	var code int
	var enhanced smtp.EnhancedCode
	if n, _ := fmt.Sscanf(text, "%d %d.%d.%d", &code, &enhanced[0], &enhanced[1], &enhanced[2]); n != 4 {
		enhanced = smtp.NoEnhancedCode
	}
	words := strings.Fields(text)[1:]
	if enhanced != smtp.NoEnhancedCode {
		words = words[1:]
	}
	return reply(code, enhanced, strings.Join(words, " "))
}

func reply(code int, enhanced smtp.EnhancedCode, message string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: message}
}
