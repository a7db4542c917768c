package pages

import (
	"cmp"
)

// signInAnswer is what the API answers to a proven first factor, and to a second one.
type signInAnswer struct {
	Token string `json:"token"`
	// Challenge is due if MFARequired.
	MFARequired bool       `json:"mfa_required"`
	Challenge   *Challenge `json:"mfa_challenge"`
	// VerificationRequired says that an address has to be verified first.
	VerificationRequired bool `json:"verification_required"`
}

// proceed goes on with what the API still asks for. Every way of signing in comes here.
func proceed(v *Visit, a signInAnswer) error {
	return finish(v, a.Token)
}

// finish ends every way of signing in: the token becomes the session of this browser, a new
// one whatever session it had, and the visitor goes where the sign-in was to lead.
func finish(v *Visit, token string) error {
	if _, err := v.Do(Call{Method: "POST", Path: sessionRoute, Bearer: token}); err != nil {
		return err
	}
	p := v.Pending()
	v.Forget()
	return goOn(v, p, token)
}

// goOn leads to where a sign-in was to lead, by default to the account.
func goOn(v *Visit, p Pending, token string) error {
	to := cmp.Or(p.ReturnTo, v.Path("account"))
	if !v.site.ReturnAllowed(to) {
		to = v.Path("account")
	}
	if ownPath(to) {
		return v.Redirect(to)
	}
	return handOver(v, p, token)
}
