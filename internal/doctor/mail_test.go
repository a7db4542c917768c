package doctor_test

import (
	"testing"

	"github.com/everlatch/everlatch/internal/doctor"
	"github.com/everlatch/everlatch/internal/mailtest"
)

var mailWrongs = map[string]wrong{
	"no mail server": {
		"mail.server", doctor.Warning, set(), nil,
		`mail.smtp.address is not set`, `mail.smtp.address`,
	},
	"a mail server that is away": {
		"mail.server", doctor.Fault, set("EVERLATCH_MAIL_SMTP_ADDRESS=127.0.0.1:1"), nil,
		`127.0.0.1:1: connection refused`, `mail.smtp.address`,
	},
	"a mail server that refuses service": {
		"mail.server", doctor.Fault, mailbox(mailtest.Options{}, mailtest.RefuseService), nil,
		`554 5.3.2 no service for you`, `mail.smtp`,
	},
	"a mail server that hangs up": {
		"mail.server", doctor.Fault, mailbox(mailtest.Options{}, mailtest.Refuse), nil,
		`EOF`, `mail.smtp`,
	},
	"a mail server that demands a sign-in": {
		"mail.server", doctor.Fault, mailbox(mailtest.Options{Username: "ada", Password: "the right one"}), nil,
		`530 5.7.0 authentication required`, `mail.smtp.username`,
	},
	"a wrong password for the mail server": {
		"mail.server", doctor.Fault,
		func(t *testing.T) []string {
			t.Helper()
			return append(mailbox(mailtest.Options{Username: "ada", Password: "the right one"})(t), "EVERLATCH_MAIL_SMTP_USERNAME=ada", "EVERLATCH_MAIL_SMTP_PASSWORD="+hunter)
		}, nil,
		`535 5.7.8`, `mail.smtp.password`,
	},
	"a sender that is refused": {
		"mail.sender", doctor.Fault, mailbox(mailtest.Options{RefuseSender: "550 5.7.1 you are not shop.example"}), nil,
		`550 5.7.1 you are not shop.example`, `mail.from`,
	},
	"a sender without a domain": {
		"mail.sender", doctor.Warning,
		func(t *testing.T) []string {
			t.Helper()
			return append(mailbox(mailtest.Options{})(t), "EVERLATCH_MAIL_FROM=Everlatch <no-reply@localhost>")
		}, nil,
		`no-reply@localhost`, `SPF`,
	},
	"a test mail that is refused": {
		"mail.test", doctor.Fault, mailbox(mailtest.Options{RefuseRecipient: "554 5.7.1 relay access denied"}),
		func(_ *testing.T, s *doctor.Subject) { s.SendTo = "root@shop.example" },
		`554 5.7.1 relay access denied`, `--send-to`,
	},
}
