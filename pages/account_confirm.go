package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// byFactor is what a confirmation is asked by where nothing but a second factor will do.
const byFactor = "factor"

// ConfirmPath returns the path of the page on which a signed-in visitor of an actor type
// proves again who they are: with a second factor, if they have one, and otherwise with a
// way to sign in. It then leads to a page of this service. factor says that nothing but a
// second factor will do.
func ConfirmPath(actorType, to string, factor bool) string {
	query := url.Values{"to": {to}}
	if factor {
		query.Set("by", byFactor)
	}
	return Prefix + url.PathEscape(actorType) + "/" + accountPath + "/confirm?" + query.Encode()
}

// confirmPage is the data of account/confirm. Its form is nil for an account that only a new
// sign-in confirms.
type confirmPage struct {
	factorPage

	// SignIn leads through a new sign-in and back, To is where the visitor goes on.
	SignIn, To string
	// Device says that a device answers, to the options of the path Options.
	Device  bool
	Options string

	// factor says that the methods are those of second factors, and ways are the ways to
	// sign in otherwise.
	factor bool
	ways   []way
}

// confirmedFor returns where the visitor was, the account page for anything that is no page
// of their actor type or of an added area.
func confirmedFor(v *Visit) string {
	to := v.Value("to")
	if ownPath(to) && v.site.hasPage(to) && (strings.HasPrefix(to, v.Path("")+"/") || !strings.HasPrefix(to, Prefix)) {
		return to
	}
	return v.Path(accountPath)
}

// newConfirmPage offers what the visitor can prove who they are with. A page whose SignIn is
// all that is left has no form.
func newConfirmPage(v *Visit) (page confirmPage, err error) {
	page.To = confirmedFor(v)
	page.SignIn = v.Path("") + "?" + url.Values{"return_to": {page.To}}.Encode()
	methods, known, err := v.ownFactors()
	if err != nil {
		return page, err
	}
	if page.factor = !known || len(methods) > 0 || v.Value("by") == byFactor; !page.factor {
		if page.ways, err = v.ways(); err != nil {
			return page, err
		}
		methods = waysThatConfirm(page.ways)
	}
	switch {
	case !known:
		page.Form, page.Lead = v.confirmForm(page, "account.go_on"), v.T("account.confirm_begin")
		page.Form.Action = v.account("confirm/prompt")
	case len(methods) > 0:
		page.choose(v, methods)
	}
	return page, nil
}

// ownFactors returns the methods of the visitor's second factors. They are unknown to a
// sign-in that waits for its factor: only a challenge tells them.
func (v *Visit) ownFactors() (methods []string, known bool, err error) {
	if p := v.Pending(); p.Challenge != nil && p.Token == "" {
		methods = p.Challenge.Methods
	} else {
		factors, err := v.factors()
		if refused, ok := Refused(err); ok && refused.Reason == reasonFactorMissing {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		for _, f := range factors {
			if !slices.Contains(methods, f.Provider) {
				methods = append(methods, f.Provider)
			}
		}
		if len(methods) > 0 {
			methods = append(methods, methodRecovery)
		}
	}
	if slices.Contains(methods, methodApp) { // its field takes recovery codes, too
		methods = slices.DeleteFunc(slices.Clone(methods), func(method string) bool { return method == methodRecovery })
	}
	return methods, true, nil
}

// waysThatConfirm are the ways to sign in that this page asks for, the quickest first.
func waysThatConfirm(ways []way) (out []string) {
	for _, provider := range []string{passwordProvider, passkeyProvider, emailCodeProvider} {
		if slices.ContainsFunc(ways, func(w way) bool { return w.Provider == provider }) {
			out = append(out, provider)
		}
	}
	return out
}

// address is the one that a way signs in with.
func (p *confirmPage) address() string {
	for _, w := range p.ways {
		if w.Provider == p.Method {
			return w.EntityID
		}
	}
	return ""
}

// choose takes the method that the visitor has chosen, by default the first one, and asks for
// it.
func (p *confirmPage) choose(v *Visit, methods []string) {
	p.Method = methods[0]
	if asked := v.Value("method"); slices.Contains(methods, asked) {
		p.Method = asked
	}
	for _, other := range methods {
		if other != p.Method {
			p.Others = append(p.Others, Choice{p.path(v, other), v.methodName(other)})
		}
	}
	p.Prompted = v.Pending().Prompted == p.Method
	p.Form = v.confirmForm(*p, "account.confirm")
	code := Field{
		Name: "code", Label: v.T("account.code"), Type: "code", Autocomplete: "one-time-code", Required: true, Focus: true, Max: longestCode,
		Reasons: []string{"challenge_code", "challenge_last_code", "challenge_exhausted", "challenge_method", "recovery_code", "sign_in_code", "sign_in_code_exhausted"},
	}
	switch p.Method {
	case methodApp, methodRecovery:
		code.Hint, code.Type, code.Max, code.Secret = v.T("account.any_code_hint"), "", longestRecoveryCode, true
		if p.Method == methodRecovery {
			code.Hint, code.Label, code.Autocomplete = v.T("signin.factor_recovery"), v.T("signin.recovery_code"), "off"
		}
		p.Form.Fields = []Field{code}
	case methodPasskey, passkeyProvider:
		p.Device, p.Options, p.Lead = true, v.account("confirm/options")+"?method="+p.Method, v.T("signin.factor_passkey")
	case passwordProvider:
		p.Form.Fields = []Field{
			{Name: "email", Label: v.T("account.email"), Type: "email", Autocomplete: "username", ReadOnly: true, Required: true, Value: p.address()},
			{Name: "password", Label: v.T("account.password"), Type: "password", Autocomplete: "current-password", Required: true, Focus: true, Reasons: []string{"credentials_wrong"}},
		}
	default:
		p.askForCode(v, code)
	}
}

// askForCode is for a method that sends its code first.
func (p *confirmPage) askForCode(v *Visit, code Field) {
	p.Lead = v.T("signin.factor_other", "Method", v.methodName(p.Method))
	if p.Method == emailCodeProvider {
		p.Lead = v.T("account.confirm_code", "Email", p.address())
	}
	if p.Prompted {
		p.Form.Fields = []Field{code}
		return
	}
	p.Form.Action, p.Form.Button = v.account("confirm/prompt"), v.T("signin.factor_send")
}

// confirmForm is a form of the page, which carries on what the page is for.
func (v *Visit) confirmForm(p confirmPage, button string) *Form {
	form := &Form{Action: v.account("confirm"), Button: v.T(button), Hidden: map[string]string{"to": p.To, "method": p.Method}}
	if v.Value("by") == byFactor {
		form.Hidden["by"] = byFactor
	}
	return form
}

// path is that of the page for a method.
func (p *confirmPage) path(v *Visit, method string) string {
	return ConfirmPath(v.ActorType, p.To, v.Value("by") == byFactor) + "&" + url.Values{"method": {method}}.Encode()
}

// showConfirm asks who sits in front of the browser.
func showConfirm(v *Visit) error {
	page, err := newConfirmPage(v)
	if err != nil {
		return v.unconfirmed(page, err)
	}
	return v.Show(http.StatusOK, "account/confirm", page)
}

// unconfirmed shows a refusal; a visitor whose session has ended signs in.
func (v *Visit) unconfirmed(page confirmPage, err error) error {
	if refused, ok := Refused(err); ok && refused.Reason == reasonUnauthenticated {
		return v.Redirect(page.SignIn)
	}
	if page.Form == nil {
		return err
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
