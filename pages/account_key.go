package pages

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// newKeyPage is the data of account/new_key.
type newKeyPage struct {
	accountView

	Form *Form
}

// newKeyForm asks for a passkey or security key as a second factor. Which factor it is comes
// with the options for the device.
func newKeyForm(v *Visit) newKeyPage {
	form := passkeyForm(v)
	form.Button, form.Passkey, form.Hidden["factor"] = v.T("account.add_key"), v.account("factors/passkey/options"), ""
	return newKeyPage{v.section(sectionSecurity), form}
}

func showNewKey(v *Visit) error { return v.Show(http.StatusOK, "account/new_key", newKeyForm(v)) }

// newKeyOptions begins a second factor and answers the script with what the device needs.
func newKeyOptions(v *Visit) error {
	body := record{"provider": methodPasskey}
	if label := v.Value("label"); label != "" {
		body["label"] = label
	}
	var answer json.RawMessage
	return v.made(v.Post("/auth/mfa/factors", body, &answer), &answer)
}

// made answers the script. A visitor who has to prove who they are is led there.
func (v *Visit) made(err error, answer *json.RawMessage) error {
	if refused, ok := Refused(err); ok && refused.Status == http.StatusUnauthorized {
		return err
	}
	return v.json(err, *answer)
}

// addKey enables the second factor by the first answer of its device.
func addKey(v *Visit) error {
	page := newKeyForm(v)
	page.Form.Read(v)
	credential, factorID := v.R.PostFormValue("credential"), v.R.PostFormValue("factor")
	if !json.Valid([]byte(credential)) || factorID == "" {
		page.Form.Problems = []string{v.T("account.passkey_needs_script")}
		return v.Show(incomplete, "account/new_key", page)
	}
	if err := v.Post("/auth/mfa/factors/"+url.PathEscape(factorID)+"/verify", record{"code": credential}, nil); err != nil {
		return v.refuse(page.Form, err, "account/new_key", page)
	}
	v.Notice("account.factor_enabled", "")
	return v.Redirect(v.account("recovery-codes"))
}
