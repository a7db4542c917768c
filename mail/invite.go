package mail

import (
	"net/url"
	"strings"

	"github.com/everlatch/everlatch"
)

// invitePath is the dashboard page where an invited administrator creates an
// account (docs/contract.md#s9-2).
const invitePath = "/invite"

// invite sends the link to the invited administrator.
func (m *Mailer) invite(v *view) (string, error) {
	v.ActorType = everlatch.ActorUser
	if err := m.needURL(v); err != nil {
		return "", err
	}
	return m.withToken(v, invitePath)
}

// InviteLink is the link to accept an invite in the dashboard at a URL.
func InviteLink(dashboard, token string) string {
	return strings.TrimRight(dashboard, "/") + invitePath + "?token=" + url.QueryEscape(token)
}
