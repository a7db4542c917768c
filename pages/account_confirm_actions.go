package pages

import (
	"encoding/json"
	"net/http"
	"slices"
)

// confirm takes what the visitor proves who they are with. Their session counts as recent
// from then on.
func confirm(v *Visit) error {
	page, err := newConfirmPage(v)
	if err != nil {
		return v.unconfirmed(page, err)
	}
	if page.Form == nil || page.Method == "" || !page.Form.Read(v) {
		return v.Show(incomplete, "account/confirm", page)
	}
	if page.factor {
		err = v.answerChallenge(page.Method)
	} else {
		err = v.signInAgain(page)
	}
	if err != nil {
		return v.unconfirmed(page, err)
	}
	v.Forget()
	v.Notice("account.confirmed", "")
	return v.Redirect(page.To)
}

// promptConfirm has a method send its code, or begins the challenge that tells the methods.
func promptConfirm(v *Visit) error {
	page, err := newConfirmPage(v)
	if err != nil {
		return v.unconfirmed(page, err)
	}
	if page.Form == nil {
		return v.Redirect(page.SignIn)
	}
	if !page.factor && page.Method != emailCodeProvider {
		return v.Redirect(page.path(v, page.Method))
	}
	if !page.factor {
		if err := v.Post(v.authRoute(emailCodeProvider), record{"email": page.address()}, nil); err != nil {
			return v.unconfirmed(page, err)
		}
		v.Keep(Pending{Prompted: page.Method})
		return v.Redirect(page.path(v, page.Method))
	}
	p, err := v.stepUp()
	if err == nil && page.Method != "" {
		p.Prompted = page.Method
		err = v.Post(p.Challenge.route("prompt"), record{"method": page.Method}, nil)
	}
	if err != nil {
		v.keepChallenge(p, err)
		return v.unconfirmed(page, err)
	}
	v.Keep(p)
	return v.Redirect(page.path(v, page.Method))
}

// confirmOptions are those of navigator.credentials.get.
func confirmOptions(v *Visit) error {
	if v.Value("method") == passkeyProvider {
		return passkeyOptions(v)
	}
	p, err := v.stepUp()
	if err != nil {
		return v.json(err, nil)
	}
	v.Keep(p)
	var answer struct {
		Prompt json.RawMessage `json:"prompt"`
	}
	err = v.Post(p.Challenge.route("prompt"), record{"method": methodPasskey}, &answer)
	return v.json(err, answer.Prompt)
}

// stepUp returns the challenge that the visitor answers here, a new one without any. Wrong
// answers are counted by challenge, so a further attempt is one of the same.
func (v *Visit) stepUp() (Pending, error) {
	if p := v.Pending(); p.Challenge != nil && p.Token == "" {
		return p, nil
	}
	var answer struct {
		Challenge *Challenge `json:"mfa_challenge"`
	}
	err := v.Post("/auth/mfa/challenges", record{}, &answer)
	if err == nil && answer.Challenge == nil {
		err = errNotFound
	}
	return Pending{Challenge: answer.Challenge}, err
}

// answerChallenge passes a challenge.
func (v *Visit) answerChallenge(method string) error {
	p, err := v.stepUp()
	if err != nil {
		return err
	}
	code := withoutBlanks(v.R.PostFormValue("code"))
	switch method {
	case methodPasskey:
		code = v.R.PostFormValue("credential")
	case methodApp, methodRecovery:
		method = codeMethod(code)
	}
	if err := v.Post(p.Challenge.route("verify"), record{"method": method, "code": code}, nil); err != nil {
		v.keepChallenge(p, err)
		return err
	}
	return nil
}

// keepChallenge keeps a challenge for the next attempt, unless it is over.
func (v *Visit) keepChallenge(p Pending, err error) {
	refused, ok := Refused(err)
	if ok && p.Challenge != nil && slices.Contains([]string{"challenge_code", "challenge_method", "passkey_refused", "passkey_unverified"}, refused.Reason) {
		v.Keep(p)
		return
	}
	v.Forget()
}

// signInAgain proves a way to sign in of the account. The new sign-in takes the place of the
// session, so it has to be one of the same identity.
func (v *Visit) signInAgain(page confirmPage) error {
	var of struct {
		Session struct {
			Identity string `json:"auth_identity_id"`
		} `json:"session"`
	}
	if err := v.Get("/auth/sessions/current", &of); err != nil {
		return err
	}
	call := Call{Method: http.MethodPost, Path: v.authRoute(page.Method, "callback")}
	switch page.Method {
	case passwordProvider:
		call.Path, call.Body = v.authRoute(page.Method), record{"email": page.address(), "password": v.R.PostFormValue("password")}
	case emailCodeProvider:
		call.Body = record{"email": page.address(), "code": withoutBlanks(v.R.PostFormValue("code"))}
	case passkeyProvider:
		credential := json.RawMessage(v.R.PostFormValue("credential"))
		if !json.Valid(credential) {
			return &RefusalError{Status: http.StatusBadRequest, Reason: reasonForm}
		}
		call.Body = map[string]json.RawMessage{"credential": credential}
	}
	var answer signInAnswer
	call.Into = &answer
	if _, err := v.Do(call); err != nil {
		return err
	}
	said := claimsOf(answer.Token)
	if answer.MFARequired || answer.VerificationRequired || said.IdentityID == "" || said.IdentityID != of.Session.Identity {
		return &RefusalError{Status: http.StatusBadRequest, Reason: reasonOtherAccount}
	}
	_, err := v.Do(Call{Method: http.MethodPost, Path: sessionRoute, Bearer: answer.Token})
	return err
}
