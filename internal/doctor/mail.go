package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/everlatch/everlatch/mail"
)

func (s *Subject) mailChecks() []string {
	checks := ofGroup("mail")
	if s.SendTo != "" {
		checks = append(checks, mailTest)
	}
	return checks
}

func (s *Subject) mail(ctx context.Context, n *notes) {
	c := s.Config.Mail
	switch {
	case c.SMTP.Address == "" && s.Dev:
		n.ok(mailServer, "mails are kept in the inbox of dev")
		n.skipRest("dev sends no mail")
		return
	case c.SMTP.Address == "":
		n.warn(mailServer, "mail.smtp.address is not set: no mail is sent, so that users cannot reset their passwords", "Set mail.smtp.address, mail.from and mail.urls.")
		n.skipRest("no mail is sent")
		return
	case s.Mail == nil:
		n.skipRest("mail.smtp is wrong, see configuration.parts")
		return
	}
	found, err := s.Mail.Probe(ctx, c.From)
	if err != nil {
		s.mailError(n, found, err)
		return
	}
	n.ok(mailServer, "%s answers: %s", c.SMTP.Address, found)
	s.sender(n)
	if s.SendTo != "" {
		s.send(ctx, n)
	}
}

func (s *Subject) mailError(n *notes, found string, err error) {
	c := s.Config.Mail.SMTP
	refused, ok := errors.AsType[*mail.ProbeError](err)
	switch {
	case ok && refused.Credentials:
		n.fault(mailServer, err.Error(), "Correct mail.smtp.username and mail.smtp.password.")
	case ok && refused.Sender:
		n.ok(mailServer, "%s answers: %s", c.Address, found)
		n.fault(mailSender, err.Error(), "Set mail.from to an address that the user of the mail server may send as.")
	default:
		n.fault(mailServer, named(c.Address, Cause(err)), "Correct mail.smtp.address, mail.smtp.security and mail.smtp.hello, or open the firewall to the mail server.")
	}
	n.skipRest("the mail server does not take the mail")
}

// named puts an address in front of a cause that does not name it.
func named(address, cause string) string {
	if strings.Contains(cause, address) {
		return cause
	}
	return address + ": " + cause
}

func (s *Subject) sender(n *notes) {
	from := s.Config.Mail.From
	if address := strings.TrimSuffix(from, ">"); strings.HasSuffix(address, "@localhost") {
		n.warn(mailSender, from+" is no address of a domain, so most servers refuse or mark the mails", "Set mail.from to an address of your domain, with SPF and DKIM for it.")
		return
	}
	n.ok(mailSender, "the server takes mails from %s", from)
}

// send sends a mail to an operator.
func (s *Subject) send(ctx context.Context, n *notes) {
	c := s.Config.Mail
	err := s.Mail.Send(ctx, mail.Message{
		ID: "doctor-" + rand.Text(), Event: "doctor", From: c.From, To: s.SendTo, Subject: c.Brand + ": test mail",
		Text: "This is a test mail of `" + s.Command + " doctor`. " + c.Brand + " can send mails.\n",
	})
	if err != nil {
		n.fault(mailTest, err.Error(), "Correct what the mail server names, or the address of --send-to.")
		return
	}
	n.ok(mailTest, "the server has taken a mail to %s", s.SendTo)
}
