package mailtest

import (
	"io"
)

// Step is what the server does with one connection.
type Step string

// The steps.
const (
	// Accept accepts every mail.
	Accept Step = "accept"
	// Refuse closes the connection without a greeting.
	Refuse Step = "refuse"
	// RefuseService sends 554 instead of a greeting.
	RefuseService Step = "refuse service"
	// HangAfterGreeting sends the greeting and nothing else.
	HangAfterGreeting Step = "hang after greeting"
	// HangAfterData reads the mail and never replies. The mail is not accepted.
	HangAfterData Step = "hang after data"
	// RcptTemporary and RcptPermanent refuse the recipient with 451 and 550.
	RcptTemporary Step = "451 to the recipient"
	RcptPermanent Step = "550 to the recipient"
	// DataTemporary and DataPermanent refuse the mail with 451 and 550. The 550
	// quotes the mail, as spam filters do.
	DataTemporary Step = "451 to the mail"
	DataPermanent Step = "550 to the mail"
	// DropAccepted accepts the mail and closes the connection without a reply, so
	// that the sender does not learn of it.
	DropAccepted Step = "drop after accepting"
)

// beforeGreeting reports whether a step ends before SMTP commands are exchanged.
func (s Step) beforeGreeting() bool {
	return s == Refuse || s == RefuseService || s == HangAfterGreeting
}

// play runs a step that ends before SMTP commands are exchanged.
func (s Step) play(c io.ReadWriter) {
	switch s { //nolint:exhaustive // the other steps belong to a session
	case RefuseService:
		_, _ = io.WriteString(c, "554 5.3.2 no service for you\r\n")
	case HangAfterGreeting:
		if _, err := io.WriteString(c, "220 mailtest ESMTP\r\n"); err == nil {
			hang(c)
		}
	}
}
