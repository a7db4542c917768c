package mailtest

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/textproto"
	"strings"
)

// Step is what the server does with one connection.
type Step string

// The steps.
const (
	// Accept takes every mail.
	Accept Step = "accept"
	// Refuse closes the connection without a word.
	Refuse Step = "refuse"
	// RefuseService answers 554 instead of a greeting.
	RefuseService Step = "refuse service"
	// HangAfterGreeting greets and never says anything again.
	HangAfterGreeting Step = "hang after greeting"
	// HangAfterData reads the mail and never answers. It is not accepted.
	HangAfterData Step = "hang after data"
	// RcptTemporary and RcptPermanent answer the recipient with 451 and 550.
	RcptTemporary Step = "451 to the recipient"
	RcptPermanent Step = "550 to the recipient"
	// DataTemporary and DataPermanent answer the mail with 451 and 550. The 550
	// quotes the mail, as filters do.
	DataTemporary Step = "451 to the mail"
	DataPermanent Step = "550 to the mail"
	// DropAccepted accepts the mail and closes the connection without an answer:
	// the sender cannot know.
	DropAccepted Step = "drop after accepting"
)

// session is one connection.
type session struct {
	server  *Server
	conn    net.Conn
	step    Step
	text    *textproto.Reader
	secured bool
	signed  bool // in
	from    string
	to      []string
}

func (s *session) run() {
	if s.step == Refuse {
		return
	}
	s.text = textproto.NewReader(bufio.NewReader(s.conn))
	if s.step == RefuseService {
		s.say("554 5.3.2 no service for you")
		return
	}
	s.say("220 mailtest ESMTP")
	if s.step == HangAfterGreeting {
		s.hang()
		return
	}
	for {
		line, err := s.text.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		if !s.answer(strings.ToUpper(verb), rest) {
			return
		}
	}
}

// answer answers one command, and reports whether the conversation goes on.
func (s *session) answer(verb, rest string) bool {
	switch verb {
	case "EHLO":
		s.say(s.extensions()...)
	case "HELO", "NOOP":
		s.say("250 mailtest")
	case "RSET":
		s.from, s.to = "", nil
		s.say("250 2.0.0 forgotten")
	case "STARTTLS":
		return s.startTLS()
	case "AUTH":
		s.signIn(rest)
	case "MAIL":
		s.sender(rest)
	case "RCPT":
		s.recipient(rest)
	case "DATA":
		return s.data()
	case "QUIT":
		s.say("221 2.0.0 bye")
		return false
	default:
		s.say("502 5.5.1 not implemented")
	}
	return true
}

func (s *session) extensions() []string {
	lines := []string{"250-mailtest", "250-8BITMIME", "250-SMTPUTF8"}
	if s.server.opts.StartTLS && !s.secured {
		lines = append(lines, "250-STARTTLS")
	}
	if s.server.opts.Username != "" {
		lines = append(lines, "250-AUTH PLAIN")
	}
	return append(lines, "250 ENHANCEDSTATUSCODES")
}

func (s *session) startTLS() bool {
	if !s.server.opts.StartTLS || s.secured {
		s.say("502 5.5.1 not offered")
		return true
	}
	s.say("220 2.0.0 go ahead")
	s.conn, s.secured = tls.Server(s.conn, s.server.tls), true
	s.text = textproto.NewReader(bufio.NewReader(s.conn))
	return true
}

func (s *session) signIn(rest string) {
	mechanism, initial, _ := strings.Cut(rest, " ")
	raw, err := base64.StdEncoding.DecodeString(initial)
	parts := strings.Split(string(raw), "\x00")
	opts := s.server.opts
	switch {
	case !strings.EqualFold(mechanism, "PLAIN") || err != nil || len(parts) != 3:
		s.say("504 5.5.4 only AUTH PLAIN with an initial response")
	case opts.Username == "" || parts[1] != opts.Username || parts[2] != opts.Password:
		s.say("535 5.7.8 authentication credentials invalid")
	default:
		s.signed = true
		s.say("235 2.7.0 welcome")
	}
}

func (s *session) sender(rest string) {
	if s.server.opts.Username != "" && !s.signed {
		s.say("530 5.7.0 authentication required")
		return
	}
	s.from, s.to = address(rest), nil
	s.say("250 2.1.0 ok")
}

func (s *session) recipient(rest string) {
	to := address(rest)
	switch {
	case s.step == RcptTemporary:
		s.say("451 4.2.1 <" + to + "> try again later")
	case s.step == RcptPermanent:
		s.say("550 5.1.1 <" + to + "> there is no such mailbox")
	case s.from == "":
		s.say("503 5.5.1 MAIL first")
	default:
		s.to = append(s.to, to)
		s.say("250 2.1.5 ok")
	}
}

// data reads a mail, and reports whether the conversation goes on.
func (s *session) data() bool {
	if len(s.to) == 0 {
		s.say("503 5.5.1 RCPT first")
		return true
	}
	s.say("354 end with a dot")
	raw, err := s.text.ReadDotBytes()
	if err != nil {
		return false
	}
	mails := read(raw, s.from, s.to)
	switch s.step {
	case HangAfterData:
		s.hang()
		return false
	case DataTemporary:
		s.say("451 4.3.0 try again later")
	case DataPermanent:
		s.say("550 5.7.1 your mail says: " + strings.Join(strings.Fields(mails[0].Text), " "))
	case DropAccepted:
		s.server.keep(mails)
		return false
	case Accept, Refuse, RefuseService, HangAfterGreeting, RcptTemporary, RcptPermanent:
		s.server.keep(mails)
		s.say("250 2.0.0 accepted")
	}
	return true
}

// hang waits until the other side has had enough, or the server is stopped.
func (s *session) hang() { _, _ = io.Copy(io.Discard, s.text.R) }

func (s *session) say(lines ...string) {
	_, _ = io.WriteString(s.conn, strings.Join(lines, "\r\n")+"\r\n")
}

// address returns what stands in angle brackets: "FROM:<a@b.c> BODY=8BITMIME".
func address(rest string) string {
	_, rest, _ = strings.Cut(rest, "<")
	at := strings.LastIndex(rest, ">")
	if at < 0 {
		return ""
	}
	return rest[:at]
}
