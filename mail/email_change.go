package mail

import (
	"errors"
	"net/url"

	"github.com/everlatch/everlatch"
)

// Additional templates for the events of an e-mail change.
const (
	// templateEmailTaken goes to an address that already has an account.
	templateEmailTaken = everlatch.EventEmailRequested + ".taken"
	// templateEmailChangedByOthers is about a change made by an administrator, which
	// the owner cannot undo by a link.
	templateEmailChangedByOthers = everlatch.EventEmailChanged + ".by_others"
)

// The storefront pages that accept the token of an e-mail change.
const (
	confirmEmailPath = "/confirm-email"
	undoEmailPath    = "/undo-email"
)

// emailRequested sends the link that confirms a new address. When another account
// has the address, its owner is notified instead and gets no link.
func (m *Mailer) emailRequested(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	if v.Data["taken"] == true {
		return templateEmailTaken, nil
	}
	return m.withToken(v, confirmEmailPath)
}

// emailAnnounced notifies the owner, who may not have made the request.
func (m *Mailer) emailAnnounced(v *view) (string, error) {
	err := m.needURL(v)
	v.Link = v.URL + resetPath
	return v.Event, err
}

// emailChanged notifies the previous address, with a link that undoes the change.
func (m *Mailer) emailChanged(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	if v.Data["changed_by"] != nil {
		return templateEmailChangedByOthers, nil
	}
	return m.withToken(v, undoEmailPath)
}

// emailRestored asks for a new password, because the person who changed the
// address may know the current one.
func (m *Mailer) emailRestored(v *view) (string, error) {
	err := m.needURL(v)
	v.Link = v.URL + resetPath
	return v.Event, err
}

// withToken builds the link. A token that has been used, revoked, superseded or
// undone in the meantime has been removed from the event: then there is nothing to
// send.
func (m *Mailer) withToken(v *view, path string) (string, error) {
	token, err := m.token(v)
	if err != nil || token == "" {
		return "", err
	}
	v.Link = v.URL + path + "?token=" + url.QueryEscape(token)
	return v.Event, nil
}

// token returns the token of the event, "" if it has been removed. One that has
// expired is an error, so that operators learn that the mail was not sent.
func (m *Mailer) token(v *view) (string, error) { return m.secret(v, "token") }

// secret returns a secret of the event in the same way.
func (m *Mailer) secret(v *view, name string) (string, error) {
	late := m.readExpiry(v)
	given := v.Data[name]
	if _, sealed := everlatch.SecretOf(given); sealed {
		return "", errors.New("the " + name + " was not resolved: the subscription has no secrets")
	}
	if late {
		return "", errLate()
	}
	token, _ := given.(string)
	return token, nil
}

func errLate() error {
	return everlatch.Permanent(errors.New("the link has expired before the mail could be sent"))
}
