package pages

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// newFactorPage is the data of account/new_factor.
type newFactorPage struct {
	accountView

	// Begun says that the app can be set up: Code is the square that it reads, and Key is
	// for those who type.
	Begun bool
	Code  template.HTML
	Key   string
	Form  *Form
}

func showNewFactor(v *Visit) error {
	return v.Show(http.StatusOK, "account/new_factor", newFactorPage{accountView: v.section(sectionSecurity), Form: nameFactorForm(v)})
}

func nameFactorForm(v *Visit) *Form {
	return &Form{Button: v.T("account.go_on"), Fields: []Field{
		{Name: "label", Label: v.T("account.factor_name"), Hint: v.T("account.factor_name_hint"), Autocomplete: "off", Max: longestLabel},
	}}
}

// addFactor sets up an authenticator app. What it needs is shown by the answer to the
// first form, and sent along with the second: behind a redirect it would have to be stored.
func addFactor(v *Visit) error {
	if v.Value("factor") != "" {
		return confirmFactor(v)
	}
	page := newFactorPage{accountView: v.section(sectionSecurity), Form: nameFactorForm(v)}
	page.Form.Read(v)
	me, err := v.me()
	if err != nil {
		return err
	}
	var answer struct {
		Factor struct {
			ID string `json:"id"`
		} `json:"mfa_factor"`
		Secret string `json:"secret"`
		Link   string `json:"otpauth_url"`
	}
	body := record{"provider": methodTOTP, "label": me.text("email"), "issuer": v.site.opts.Brand}
	if label := strings.TrimSpace(v.Value("label")); label != "" {
		body["label"] = label
	} else if me.text("email") == "" {
		delete(body, "label")
	}
	if v.site.opts.Brand == "" {
		delete(body, "issuer")
	}
	if err := v.Post("/auth/mfa/factors", body, &answer); err != nil {
		return v.refuse(page.Form, err, "account/new_factor", page)
	}
	return v.showCode(http.StatusOK, confirmForm(v, answer.Factor.ID, answer.Link))
}

func confirmForm(v *Visit, factorID, link string) *Form {
	return &Form{
		Action: v.account("factors/new"), Button: v.T("account.confirm_factor"),
		Hidden: map[string]string{"factor": factorID, "link": link},
		Fields: []Field{{
			Name: "code", Label: v.T("account.code"), Hint: v.T("account.code_hint"), Type: "code", Autocomplete: "one-time-code", Required: true, Max: longestCode,
			Reasons: []string{"factor_code", "factor_exhausted"},
		}},
	}
}

// longestCode is how many characters a code of an app takes, blanks included.
const longestCode = 12

// showCode shows the code that an app scans, for a link of the API.
func (v *Visit) showCode(status int, form *Form) error {
	link, err := url.Parse(form.Hidden["link"])
	if err != nil || link.Scheme != "otpauth" {
		return errNotFound
	}
	code, err := qrCode(form.Hidden["link"], v.T("account.qr"))
	if err != nil {
		return err
	}
	return v.Show(status, "account/new_factor", newFactorPage{
		accountView: v.section(sectionSecurity), Begun: true, Code: code, Key: grouped(link.Query().Get("secret")), Form: form,
	})
}

// grouped writes a key in groups of four, as people copy it.
func grouped(key string) string {
	var out []string
	for part := range slices.Chunk([]byte(key), 4) {
		out = append(out, string(part))
	}
	return strings.Join(out, " ")
}

func confirmFactor(v *Visit) error {
	form := confirmForm(v, v.Value("factor"), v.Value("link"))
	if !form.Read(v) {
		return v.showCode(incomplete, form)
	}
	route := "/auth/mfa/factors/" + url.PathEscape(v.Value("factor")) + "/verify"
	if err := v.Post(route, record{"code": withoutBlanks(v.Value("code"))}, nil); err != nil {
		if refused, ok := Refused(err); !ok || refused.Status == http.StatusUnauthorized && refused.Reason != "factor_code" {
			return err
		}
		status, err := form.Refuse(v, err)
		if err != nil {
			return err
		}
		return v.showCode(status, form)
	}
	v.Notice("account.factor_enabled", "")
	return v.Redirect(v.account("recovery-codes"))
}

// withoutBlanks reads a code as apps show it: 123 456.
func withoutBlanks(code string) string { return strings.Join(strings.Fields(code), "") }

// ownFactorPage is the data of account/factor.
type ownFactorPage struct {
	accountView

	Factor factor
	// Last says that without it, a sign-in needs no second factor any more.
	Last           bool
	Rename, Remove *Form
}

func oneFactorPage(v *Visit) (page ownFactorPage, err error) {
	factors, err := v.factors()
	if err != nil {
		return page, err
	}
	i := slices.IndexFunc(factors, func(f factor) bool { return f.ID == v.R.PathValue("id") })
	if i < 0 {
		return page, errNotFound
	}
	f := factors[i]
	return ownFactorPage{
		accountView: v.section(sectionSecurity), Factor: f, Last: len(factors) == 1, Rename: labelForm(v, f.Label),
		Remove: &Form{Action: v.account("factors/" + url.PathEscape(f.ID) + "/remove"), Button: v.T("account.remove_factor"), Danger: true},
	}, nil
}

func showFactor(v *Visit) error {
	page, err := oneFactorPage(v)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, "account/factor", page)
}

func factorRoute(v *Visit) string { return "/auth/mfa/factors/" + url.PathEscape(v.R.PathValue("id")) }

func renameFactor(v *Visit) error {
	page, err := oneFactorPage(v)
	if err != nil {
		return err
	}
	page.Rename.Read(v)
	if err := v.Post(factorRoute(v), record{"label": v.Value("label")}, nil); err != nil {
		return v.refuse(page.Rename, err, "account/factor", page)
	}
	v.Notice("account.name_saved", "")
	return v.Redirect(v.account("security"))
}

// removeFactor disables a factor. Where the policy of the service asks for a code with
// every removal, the form then has a field for it.
func removeFactor(v *Visit) error {
	page, err := oneFactorPage(v)
	if err != nil {
		return err
	}
	var body any
	if code := withoutBlanks(v.Value("removal_code")); code != "" {
		body = record{"method": codeMethod(code), "code": code}
	}
	if _, err := v.Do(Call{Method: http.MethodDelete, Path: factorRoute(v), Body: body}); err != nil {
		if refused, ok := Refused(err); ok && (refused.Reason == "factor_removal_unproven" || refused.Reason == "factor_removal_code") {
			page.Remove.Fields = []Field{removalCode(v)}
		}
		return v.refuse(page.Remove, err, "account/factor", page)
	}
	v.Notice("account.factor_removed", "")
	return v.Redirect(v.account("security"))
}

func removalCode(v *Visit) Field {
	return Field{
		Name: "removal_code", Label: v.T("account.code"), Hint: v.T("account.any_code_hint"), Autocomplete: "one-time-code", Required: true, Max: longestRecoveryCode, Secret: true,
		Reasons: []string{"factor_removal_unproven", "factor_removal_code"},
	}
}

// codesPage is the data of account/recovery_codes.
type codesPage struct {
	accountView

	// Codes are the new ones, which only the answer to the form shows.
	Codes []string
	Form  *Form
}

func showRecoveryCodes(v *Visit) error {
	factors, err := v.factors()
	if err != nil {
		return err
	}
	if len(factors) == 0 {
		return v.Redirect(v.account("security"))
	}
	return v.Show(http.StatusOK, "account/recovery_codes", codesPage{accountView: v.section(sectionSecurity), Form: &Form{Button: v.T("account.make_codes")}})
}

// makeRecoveryCodes shows the codes in its answer: they are shown once, so that nothing
// keeps them.
func makeRecoveryCodes(v *Visit) error {
	page := codesPage{accountView: v.section(sectionSecurity), Form: &Form{Button: v.T("account.make_codes")}}
	var answer struct {
		Codes []string `json:"recovery_codes"`
	}
	if err := v.Post("/auth/mfa/recovery-codes", record{}, &answer); err != nil {
		return v.refuse(page.Form, err, "account/recovery_codes", page)
	}
	page.Codes = answer.Codes
	return v.Show(http.StatusOK, "account/recovery_codes", page)
}
