package mail

import (
	"net/url"

	"github.com/everlatch/everlatch"
)

// signInPath is the storefront page that signs in with the token of a link, when its user
// presses a button: a scanner that opens the link does not sign in.
const signInPath = "/sign-in-link"

// signInCode sends a code to sign in, and a link for the same.
func (m *Mailer) signInCode(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	code, err := m.secret(v, "code")
	if err != nil || code == "" {
		return "", err
	}
	v.Code = code
	return m.withToken(v, signInPath)
}

// verifyEmailPath is the storefront page that presents the code of a link. It does so when
// its user presses a button, so that a scanner that opens the link verifies nothing.
const verifyEmailPath = "/verify-email"

// verificationRequested sends the code that verifies an address: one of a few digits to be
// typed, and one that anyone who has it may present as a link. Codes for other addresses than those of mails, and codes
// that their provider delivers, are not for this mailer.
func (m *Mailer) verificationRequested(v *view) (string, error) {
	if v.To == "" || v.Data["entity_type"] != everlatch.EntityEmail {
		return "", nil
	}
	if err := m.needURL(v); err != nil {
		return "", err
	}
	code, err := m.secret(v, "code")
	switch {
	case err != nil, code == "":
		return "", err
	case v.Data["bearer"] == true:
		v.Link = v.URL + verifyEmailPath + "?code=" + url.QueryEscape(code)
	default:
		v.Code = code
	}
	return v.Event, nil
}
