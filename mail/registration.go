package mail

import "github.com/everlatch/everlatch"

// templateRegistrationTaken goes to an address that has an account.
const templateRegistrationTaken = everlatch.EventRegistrationRequested + ".taken"

// confirmRegistrationPath is the storefront page that accepts the token of a
// registration, and asks for the password.
const confirmRegistrationPath = "/confirm-registration"

// registrationRequested sends the link that confirms a registration. When the address
// has an account, its owner is told how to sign in instead.
func (m *Mailer) registrationRequested(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	if v.Data["taken"] == true {
		v.Link = v.URL + resetPath
		return templateRegistrationTaken, nil
	}
	return m.withToken(v, confirmRegistrationPath)
}
