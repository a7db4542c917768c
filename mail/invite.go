package mail

import (
	"errors"
	"net/url"
	"strings"

	"github.com/everlatch/everlatch"
)

// invitePath is the dashboard page where an invited administrator creates an
// account (docs/contract.md#s9-2).
const invitePath = "/invite"

// invite sends the link to the invited administrator. When an invite is accepted,
// revoked or resent, its token is removed: then there is nothing to send. An
// invite that expired first is an error, so that operators learn that the mail
// was not sent.
func (m *Mailer) invite(v *view) (string, error) {
	v.ActorType = everlatch.ActorUser
	if err := m.needURL(v); err != nil {
		return "", err
	}
	late := m.readExpiry(v)
	given := v.Data["token"]
	if _, sealed := everlatch.SecretOf(given); sealed {
		return "", errors.New("the token was not resolved: the subscription has no secrets")
	}
	token, _ := given.(string)
	switch {
	case late:
		return "", everlatch.Permanent(errors.New("the link has expired before the mail could be sent"))
	case token == "":
		return "", nil
	}
	v.Link = InviteLink(v.URL, token)
	return v.Event, nil
}

// InviteLink is the link to accept an invite in the dashboard at a URL.
func InviteLink(dashboard, token string) string {
	return strings.TrimRight(dashboard, "/") + invitePath + "?token=" + url.QueryEscape(token)
}
