package pages

import (
	"net/http"
	"net/url"
	"strings"
)

// confirmPage is the data of account/confirm.
type confirmPage struct {
	// Form asks for a second factor, nil for an account without one.
	Form *Form
	// SignIn leads through a new sign-in and back.
	SignIn string
	// SecondFactor leads to every method that the account has.
	SecondFactor bool
}

// newConfirmPage is about what a recent sign-in is needed for: to is a page of the account.
func newConfirmPage(v *Visit, to string) confirmPage {
	return confirmPage{SignIn: v.Path("") + "?" + url.Values{"return_to": {to}}.Encode()}
}

// confirmedFor returns where the visitor was, the account page for anything else.
func confirmedFor(v *Visit) string {
	to := v.Value("to")
	if to != v.Path(accountPath) && !strings.HasPrefix(to, v.Path(accountPath)+"/") || !ownPath(to) {
		return v.Path(accountPath)
	}
	return to
}

// confirmIdentityForm takes a code of an app or a recovery code.
func confirmIdentityForm(v *Visit, to string) *Form {
	return &Form{
		Action: v.account("confirm"), Button: v.T("account.confirm"), Hidden: map[string]string{"to": to},
		Fields: []Field{{
			Name: "code", Label: v.T("account.code"), Hint: v.T("account.any_code_hint"), Autocomplete: "one-time-code", Required: true, Focus: true, Max: longestRecoveryCode, Secret: true,
			Reasons: []string{"challenge_code", "challenge_last_code", "challenge_exhausted", "challenge_method", "recovery_code"},
		}},
	}
}

// showConfirm asks who sits in front of the browser. A second factor is quicker than a new
// sign-in, and for some pages nothing else will do.
func showConfirm(v *Visit) error {
	to := confirmedFor(v)
	page := newConfirmPage(v, to)
	if v.Value("by") == "factor" {
		page.Form = confirmIdentityForm(v, to)
		return v.Show(http.StatusOK, "account/confirm", page)
	}
	factors, err := v.factors()
	if refused, ok := Refused(err); ok {
		if refused.Reason == reasonUnauthenticated {
			return v.Redirect(page.SignIn)
		}
		err = nil // a sign-in that waits for its factor sees no list, and answers by a code
	}
	if err != nil {
		return err
	}
	if len(factors) > 0 {
		page.Form = confirmIdentityForm(v, to)
	}
	return v.Show(http.StatusOK, "account/confirm", page)
}

// confirm answers a challenge. Its session counts as recent from then on. Wrong answers
// are counted by challenge, so a second attempt is one of the same.
func confirm(v *Visit) error {
	to := confirmedFor(v)
	page := newConfirmPage(v, to)
	page.Form = confirmIdentityForm(v, to)
	if !page.Form.Read(v) {
		return v.Show(incomplete, "account/confirm", page)
	}
	pending := v.Pending()
	if pending.Challenge == nil || pending.Token != "" {
		var answer struct {
			Challenge *Challenge `json:"mfa_challenge"`
		}
		if err := v.Post("/auth/mfa/challenges", record{}, &answer); err != nil {
			return v.refuseConfirm(page, err)
		}
		pending = Pending{Challenge: answer.Challenge}
	}
	code := withoutBlanks(v.Value("code"))
	route := "/auth/mfa/challenges/" + url.PathEscape(pending.Challenge.ID) + "/verify"
	if err := v.Post(route, record{"method": codeMethod(code), "code": code}, nil); err != nil {
		v.keepChallenge(pending, err)
		return v.refuseConfirm(page, err)
	}
	v.Forget()
	v.Notice("account.confirmed", "")
	return v.Redirect(to)
}

// keepChallenge keeps a challenge for the next attempt, unless it is over.
func (v *Visit) keepChallenge(p Pending, err error) {
	if refused, ok := Refused(err); ok && (refused.Reason == "challenge_code" || refused.Reason == "challenge_method") {
		v.Keep(p)
		return
	}
	v.Forget()
}

// refuseConfirm shows a refusal; a visitor whose session has ended signs in.
func (v *Visit) refuseConfirm(page confirmPage, err error) error {
	if refused, ok := Refused(err); ok && refused.Reason == reasonUnauthenticated {
		return v.Redirect(page.SignIn)
	}
	status, err := page.Form.Refuse(v, err)
	if err != nil {
		return err
	}
	return v.Show(status, "account/confirm", page)
}

// longestRecoveryCode is how many characters a code takes, blanks included.
const longestRecoveryCode = 64

// codeMethod tells the codes of an app, which are digits, from recovery codes.
func codeMethod(code string) string {
	if code != "" && strings.Trim(code, "0123456789") == "" {
		return methodTOTP
	}
	return methodRecoveryCode
}
