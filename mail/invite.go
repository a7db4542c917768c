package mail

import (
	"errors"
	"net/url"
	"strings"

	"github.com/everlatch/everlatch"
)

// invitePath is the page of the dashboard where somebody who was invited makes
// an account (contract 9.2).
const invitePath = "/invite"

// invite brings the link to whoever is asked to become an administrator. An
// invite that was accepted, revoked or sent again meanwhile has taken its token
// along: then there is nothing to send. One that ran out of time was meant to be
// sent, and operators shall know that it was not.
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

// InviteLink is where somebody accepts an invite, in the dashboard at a URL.
func InviteLink(dashboard, token string) string {
	return strings.TrimRight(dashboard, "/") + invitePath + "?token=" + url.QueryEscape(token)
}
