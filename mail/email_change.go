package mail

import (
	"errors"
	"net/url"

	"github.com/everlatch/everlatch"
)

// The mails about an e-mail change that have templates of their own beside those
// of their event.
const (
	// templateEmailTaken goes to an address that has an account already.
	templateEmailTaken = everlatch.EventEmailRequested + ".taken"
	// templateEmailChangedByOthers is about a change that somebody else made and the
	// owner cannot undo by a link.
	templateEmailChangedByOthers = everlatch.EventEmailChanged + ".by_others"
)

// The pages of a storefront that take the token of an e-mail change.
const (
	confirmEmailPath = "/confirm-email"
	undoEmailPath    = "/undo-email"
)

// emailRequested brings the link that proves a new address. When somebody else
// has the address, the one who has it is told, and gets no link.
func (m *Mailer) emailRequested(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	if v.Data["taken"] == true {
		return templateEmailTaken, nil
	}
	return m.withToken(v, confirmEmailPath)
}

// emailAnnounced tells the owner, who may not have been the one who asked.
func (m *Mailer) emailAnnounced(v *view) (string, error) {
	err := m.needURL(v)
	v.Link = v.URL + resetPath
	return v.Event, err
}

// emailChanged tells the former address, and brings the link that undoes it.
func (m *Mailer) emailChanged(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	if v.Data["changed_by"] != nil {
		return templateEmailChangedByOthers, nil
	}
	return m.withToken(v, undoEmailPath)
}

// emailRestored asks for a new password: whoever changed the address knew it.
func (m *Mailer) emailRestored(v *view) (string, error) {
	err := m.needURL(v)
	v.Link = v.URL + resetPath
	return v.Event, err
}

// withToken makes the link. A token that was used, superseded or undone meanwhile
// is gone: then there is nothing to send.
func (m *Mailer) withToken(v *view, path string) (string, error) {
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
	v.Link = v.URL + path + "?token=" + url.QueryEscape(token)
	return v.Event, nil
}
