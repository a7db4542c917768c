package pages

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
)

// The methods of second factors that have pages of their own. Every other one sends a code
// when it is asked to.
const (
	methodApp      = "totp"
	methodPasskey  = "webauthn"
	methodRecovery = "recovery_code"
)

// factorPage is the data of signin/second_factor.
type factorPage struct {
	// Form takes the answer, nil where a device gives it.
	Form *Form
	// Method is the one that is asked for, Others are those that can be chosen instead.
	Method string
	Others []Choice
	// Prompt says that the method has to send its code first.
	Prompt, Prompted bool
	Lead             string
}

// challenge returns the second factor that is due, or leads to the sign-in.
func (v *Visit) challenge() (*Challenge, error) {
	p := v.Pending()
	if p.Token == "" || p.Challenge == nil || len(p.Challenge.Methods) == 0 {
		return nil, v.Redirect(v.Path(""))
	}
	return p.Challenge, nil
}

// chosen returns the method that the visitor has chosen, by default the first one.
func (c *Challenge) chosen(v *Visit) string {
	if asked := v.Value("method"); slices.Contains(c.Methods, asked) {
		return asked
	}
	for _, method := range c.Methods {
		if method != methodRecovery {
			return method
		}
	}
	return c.Methods[0]
}

func factorPageOf(v *Visit, c *Challenge) factorPage {
	method := c.chosen(v)
	page := factorPage{Method: method, Prompted: v.Pending().Prompted == method}
	for _, other := range c.Methods {
		if other != method {
			page.Others = append(page.Others, Choice{other, v.methodName(other)})
		}
	}
	page.Form = &Form{Button: v.T("signin.factor_button"), Hidden: map[string]string{"method": method}, Fields: []Field{{
		Name: "code", Label: v.T("signin.code_field"), Type: "code", Autocomplete: "one-time-code", Required: true, Focus: true,
		Reasons: []string{"challenge_code", "recovery_code"},
	}}}
	switch method {
	case methodApp:
		page.Lead = v.T("signin.factor_app")
	case methodPasskey:
		page.Lead, page.Form.Fields = v.T("signin.factor_passkey"), nil
	case methodRecovery:
		page.Lead = v.T("signin.factor_recovery")
		page.Form.Fields[0].Label, page.Form.Fields[0].Type = v.T("signin.recovery_code"), "text"
		page.Form.Fields[0].Autocomplete, page.Form.Fields[0].Secret = "off", true
	default:
		page.Prompt = !page.Prompted
		page.Lead = v.T("signin.factor_other", "Method", v.methodName(method))
	}
	return page
}

// methodName is the name of a method: a message, signin.method_<method>, or its id.
func (v *Visit) methodName(method string) string {
	if id := "signin.method_" + method; v.language.has(id) {
		return v.T(id)
	}
	return method
}

func showSecondFactor(v *Visit) error {
	c, err := v.challenge()
	if c == nil {
		return err
	}
	return v.Show(http.StatusOK, "signin/second_factor", factorPageOf(v, c))
}

// secondFactor passes the challenge with a code, or with the answer of a device.
func secondFactor(v *Visit) error {
	c, err := v.challenge()
	if c == nil {
		return err
	}
	page := factorPageOf(v, c)
	if !page.Form.Read(v) {
		return v.Show(incomplete, "signin/second_factor", page)
	}
	code := v.R.PostFormValue("code")
	if page.Method == methodPasskey {
		code = v.R.PostFormValue("credential")
	}
	var answer signInAnswer
	_, err = v.Do(Call{
		Path: c.route("verify"), Bearer: v.Pending().Token, Body: map[string]string{"method": page.Method, "code": code}, Into: &answer,
	})
	if err == nil {
		return proceed(v, answer)
	}
	if refused, ok := Refused(err); ok && refused.ended() {
		p := v.Pending()
		p.Token, p.Challenge, p.Prompted = "", nil, ""
		v.Keep(p)
		v.Notice("signin.factor_ended", "")
		return v.Redirect(v.Path(""))
	}
	status, err := page.Form.Refuse(v, err)
	if err != nil {
		return err
	}
	return v.Show(status, "signin/second_factor", page)
}

// ended reports whether a challenge can't be passed any more, so that the sign-in begins
// again.
func (r *RefusalError) ended() bool {
	return slices.Contains([]string{
		"challenge_unknown", "challenge_passed", "challenge_expired", "challenge_exhausted", "challenge_last_code", "unauthenticated",
	}, r.Reason)
}

func (c *Challenge) route(step string) string {
	return "/auth/mfa/challenges/" + url.PathEscape(c.ID) + "/" + step
}

// prompt has a method send its code, or make what a device signs.
func (v *Visit) prompt(c *Challenge, method string, into any) error {
	_, err := v.Do(Call{Path: c.route("prompt"), Bearer: v.Pending().Token, Body: map[string]string{"method": method}, Into: into})
	return err
}

func promptFactor(v *Visit) error {
	c, err := v.challenge()
	if c == nil {
		return err
	}
	page := factorPageOf(v, c)
	if err := v.prompt(c, page.Method, nil); err != nil {
		status, err := page.Form.Refuse(v, err)
		if err != nil {
			return err
		}
		return v.Show(status, "signin/second_factor", page)
	}
	p := v.Pending()
	p.Prompted = page.Method
	v.Keep(p)
	return v.Redirect(v.Path("second-factor") + "?method=" + url.QueryEscape(page.Method))
}

// factorOptions are those of navigator.credentials.get for a passkey as a second factor.
func factorOptions(v *Visit) error {
	c, err := v.challenge()
	if c == nil {
		return err
	}
	var answer struct {
		Prompt json.RawMessage `json:"prompt"`
	}
	err = v.prompt(c, methodPasskey, &answer)
	return v.json(err, answer.Prompt)
}
