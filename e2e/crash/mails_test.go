//go:build linux

package crash_test

import (
	"context"
	"regexp"
	"strings"

	"github.com/everlatch/everlatch/internal/mailtest"
)

// checkMails wants each event that the mailer was told about to have at most one mail,
// except for the copies that docs/events.md allows: a worker that dies between the mail
// server's word and its own note sends the mail again, under the same Message-ID.
func (n *inspector) checkMails(ctx context.Context) {
	copies := map[string][]mailtest.Mail{}
	for _, m := range n.cast.mails.Accepted() {
		copies[m.MessageID] = append(copies[m.MessageID], m)
	}
	n.ledger.add("mails", len(copies))
	for id, all := range copies {
		for _, m := range all[1:] {
			n.ledger.count("mails sent twice, under one Message-ID")
			if m.To != all[0].To || m.Subject != all[0].Subject {
				n.ledger.fault("two mails with the Message-ID %s: %q to %s, %q to %s", id, all[0].Subject, all[0].To, m.Subject, m.To)
			}
		}
	}
	mailed, err := n.find(ctx, `SELECT e.id || ' ' || e.name FROM event e JOIN delivery d ON d.event_id = e.id
		WHERE d.subscriber = 'mail' AND d.status = 'delivered'`)
	if err != nil {
		n.ledger.fault("harness: %v", err)
	}
	for _, event := range mailed {
		id, name, _ := strings.Cut(event, " ")
		if mustMail[name] && len(copies[id+"@localhost"]) == 0 {
			n.ledger.fault("%s %s counts as delivered, and there is no mail", name, id)
		}
	}
	n.ledger.add("deliveries of mails", len(mailed))
}

// mustMail are the events whose mails clients of this load always get.
var mustMail = map[string]bool{
	"auth.password_reset": true, "auth.password_changed": true, "auth.email_change_requested": true,
	"auth.email_changed": true, "invite.created": true, "auth.mfa_enabled": true,
}

// alarming are lines of logs that no failure outside of a process may cause.
var alarming = regexp.MustCompile(`panic|DATA RACE|TMPRL1100|[Nn]ondeterministic|unexpected EOF in payload|fatal error`)

// frozen is what the SDK says of a workflow that ran when its process was stopped: its
// detector of deadlocks counts that time. The workflow task is tried again.
const frozen = "TMPRL1101"

// unknownStep is what the SDK says of a workflow with a step that its program doesn't know.
const unknownStep = "TMPRL1100"

// checkLogs looks for what shows nowhere else.
func (n *inspector) checkLogs() {
	for _, name := range append(append([]string{}, apiNames...), workerNames...) {
		var found []string
		err := n.cast.processes[name].logLines(func(line string) {
			switch {
			case strings.Contains(line, frozen):
				n.ledger.count("workflow tasks tried again after a stop")
			case n.wentBack && strings.Contains(line, unknownStep):
				n.ledger.count("workflow tasks that an earlier program left to a later one")
			case alarming.MatchString(line):
				found = append(found, line)
			}
		})
		n.report("an alarming line in the log of "+name, found, err)
	}
}
