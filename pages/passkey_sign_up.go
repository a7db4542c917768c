package pages

import (
	"encoding/json"
	"net/http"
)

// passkeySignUp is how an account begins with a passkey and without a password.
type passkeySignUp struct {
	rules signUpRules
	// possible says that there is such a way, and byCode that a code in a mail proves the
	// address first, because the account has to have one of its owner.
	possible, byCode bool
}

func (v *Visit) passkeySignUp() (out passkeySignUp, err error) {
	have, err := v.methods()
	if err != nil || have.kind(kindPasskey) == "" {
		return out, err
	}
	if out.rules, err = v.signUpRules(); err != nil {
		return out, err
	}
	out.byCode = out.rules.OwnEmail
	out.possible = out.rules.Open && (!out.byCode || have.kind(kindCode) != "" && !v.Pending().forStorefront())
	return out, nil
}

// step asks for what the account needs, and has the device make a passkey.
func (s passkeySignUp) step(v *Visit) step {
	out := step{
		Name: "sign-up-passkey", Title: v.T("signin.sign_up_title"), Lead: v.T("account.passkey_lead"),
		Links: []link{{Ask: v.T("signin.have_account"), Label: v.T("signin.sign_in")}},
	}
	if s.byCode {
		out.Lead = v.T("base.sentences", "First", out.Lead, "Second", v.T("signin.passkey_after_code"))
		out.Form = &Form{Button: v.T("account.go_on")}
		return out
	}
	out.Form = &Form{Button: v.T("signin.sign_up"), Passkey: v.Path("sign-up/passkey/options"), Hidden: map[string]string{"credential": ""}}
	if s.rules.asksEmail() {
		email := v.emailField("username")
		email.Required = s.rules.field("email").Required
		email.Reasons = append(email.Reasons, "customer_email_taken", "account_email_taken")
		out.Form.Fields = append(out.Form.Fields, email)
	}
	out.Form.Fields = append(out.Form.Fields, s.rules.inputs(v)...)
	return out
}

func showPasskeySignUp(v *Visit) error {
	s, err := v.passkeySignUp()
	switch {
	case err != nil:
		return err
	case !s.possible:
		return errNotFound
	}
	return s.step(v).show(v, 0)
}

// signUpByPasskey makes the account with the passkey that the device has made, or goes on to
// the code that proves the address.
func signUpByPasskey(v *Visit) error {
	s, err := v.passkeySignUp()
	switch {
	case err != nil:
		return err
	case !s.possible:
		return errNotFound
	case s.byCode:
		v.Keep(Pending{ReturnTo: v.account("add/" + passkeyProvider)})
		return v.Redirect(v.Path("code"))
	}
	page := s.step(v)
	return page.submit(v, func() error {
		credential := json.RawMessage(v.R.PostFormValue("credential"))
		if !json.Valid(credential) {
			return &RefusalError{Status: incomplete, Reason: reasonNoPasskey}
		}
		account := s.rules.account(v)
		if email := v.Value("email"); email != "" && s.rules.asksEmail() {
			account["email"] = email
		}
		var answer signInAnswer
		body := map[string]any{"credential": credential, "actor": account}
		if _, err := v.Do(Call{Path: v.authRoute(kindPasskey, "register"), Body: body, Into: &answer}); err != nil {
			return err
		}
		return proceed(v, answer)
	})
}

// passkeySignUpOptions are those of navigator.credentials.create. The device shows the
// address as the name of the passkey.
func passkeySignUpOptions(v *Visit) error {
	name := []rune(v.Value("email"))
	var answer json.RawMessage
	_, err := v.Do(Call{
		Method: http.MethodPost, Path: v.authRoute(kindPasskey, "register"), Body: record{"name": string(name[:min(len(name), longestLabel)])}, Into: &answer,
	})
	return v.json(err, answer)
}
