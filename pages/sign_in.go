package pages

import (
	"net/http"
	"net/url"
)

// signInArea is the way in: sign-in, sign-up, recovery and what the links in mails lead to.
func signInArea() Area {
	return Area{Name: "signin", Files: embedded, Routes: map[string]Handler{
		"GET /ui/{actor_type}":                          showSignIn,
		"POST /ui/{actor_type}":                         signIn,
		"POST /ui/{actor_type}/sign-out":                signOut,
		"POST /ui/{actor_type}/with/{provider}":         beginAt,
		"GET /ui/{actor_type}/callback/{provider}":      callback,
		"GET /ui/{actor_type}/link":                     showLink,
		"POST /ui/{actor_type}/link":                    linkProvider,
		"GET /ui/{actor_type}/code":                     showCode,
		"POST /ui/{actor_type}/code":                    requestCode,
		"GET /ui/{actor_type}/code/enter":               showEnterCode,
		"POST /ui/{actor_type}/code/enter":              enterCode,
		"GET /ui/{actor_type}/sign-in-link":             landing("sign-in-link", showSignInLink),
		"POST /ui/{actor_type}/sign-in-link":            withLink("sign-in-link", useSignInLink),
		"POST /ui/{actor_type}/passkey/options":         passkeyOptions,
		"POST /ui/{actor_type}/passkey":                 passkeySignIn,
		"GET /ui/{actor_type}/sign-up":                  showSignUp,
		"POST /ui/{actor_type}/sign-up":                 signUp,
		"GET /ui/{actor_type}/sign-up/passkey":          showPasskeySignUp,
		"POST /ui/{actor_type}/sign-up/passkey":         signUpByPasskey,
		"POST /ui/{actor_type}/sign-up/passkey/options": passkeySignUpOptions,
		"GET /ui/{actor_type}/confirm-registration":     landing("confirm-registration", showConfirmRegistration),
		"POST /ui/{actor_type}/confirm-registration":    withLink("confirm-registration", confirmRegistration),
		"GET /ui/{actor_type}/complete":                 showComplete,
		"POST /ui/{actor_type}/complete":                complete,
		"GET /ui/{actor_type}/sent/{what}":              showSent,
		"GET /ui/{actor_type}/waiting":                  showWaiting,
		"GET /ui/{actor_type}/forgot":                   showForgot,
		"POST /ui/{actor_type}/forgot":                  forgot,
		"GET /ui/{actor_type}/reset-password":           fromResetMail,
		"GET /ui/{actor_type}/reset":                    landing("reset-password", showReset),
		"POST /ui/{actor_type}/reset":                   withLink("reset-password", reset),
		"GET /ui/{actor_type}/verify":                   showVerify,
		"POST /ui/{actor_type}/verify":                  requestVerification,
		"GET /ui/{actor_type}/verify-email":             landing("verify-email", showVerifyEmail),
		"POST /ui/{actor_type}/verify-email":            withLink("verify-email", verifyEmail),
		"GET /ui/{actor_type}/confirm-email":            landing("confirm-email", showConfirmEmail),
		"GET /ui/{actor_type}/email/confirm":            landing("confirm-email", showConfirmEmail),
		"POST /ui/{actor_type}/email/confirm":           withLink("confirm-email", confirmEmail),
		"GET /ui/{actor_type}/undo-email":               landing("undo-email", showUndoEmail),
		"GET /ui/{actor_type}/email/undo":               landing("undo-email", showUndoEmail),
		"POST /ui/{actor_type}/email/undo":              withLink("undo-email", undoEmail),
		"GET /ui/{actor_type}/not-me":                   landing("not-me", showNotMe),
		"POST /ui/{actor_type}/not-me":                  withLink("not-me", notMe),
		"GET /ui/{actor_type}/invite":                   landing("invite", showInvite),
		"POST /ui/{actor_type}/invite":                  withLink("invite", acceptInvite),
		"GET /ui/{actor_type}/second-factor":            showSecondFactor,
		"POST /ui/{actor_type}/second-factor":           secondFactor,
		"POST /ui/{actor_type}/second-factor/prompt":    promptFactor,
		"POST /ui/{actor_type}/second-factor/options":   factorOptions,
	}}
}

// signInPage is the data of signin/sign_in.
type signInPage struct {
	// Form asks for a password, nil where none is accepted.
	Form *Form
	// Providers are elsewhere; Code and Passkey say that these ways exist.
	Providers     methods
	Code, Passkey bool
	// SignUp says that new accounts can be made here.
	SignUp bool
}

// showSignIn begins a sign-in. What a storefront sends along moves into the cookie, so that
// the URL stays clean on the way.
func showSignIn(v *Visit) error {
	query := v.R.URL.Query()
	if query.Has("return_to") {
		return beginFor(v, query, "")
	}
	if on, err := offersToContinue(v); on || err != nil {
		return err
	}
	return showSignInWith(v, http.StatusOK, passwordForm(v))
}

func showSignInWith(v *Visit, status int, form *Form) error {
	have, err := v.methods()
	if err != nil {
		return err
	}
	elsewhere, err := v.elsewhere(have)
	if err != nil {
		return err
	}
	page := signInPage{
		Providers: elsewhere, Code: have.kind(kindCode) != "", Passkey: have.kind(kindPasskey) != "",
		SignUp: v.ActorType != administrators, Form: form,
	}
	if have.kind(kindPassword) == "" && !form.Broken() {
		page.Form = nil
	}
	return v.Show(status, "signin/sign_in", page)
}

// administrators are invited, and don't sign up.
const administrators = "user"

// beginFor notes where a sign-in leads, and goes on to a page without that in its URL. What
// waited before belongs to another one.
func beginFor(v *Visit, query url.Values, page string) error {
	p, err := v.asked(query)
	if err != nil {
		return err
	}
	if ownPath(p.ReturnTo) { // a page of this service that goes on with the link of a mail
		p.Link, p.Email = v.Pending().Link, v.Pending().Email
	}
	v.Keep(p)
	return v.Redirect(v.Path(page))
}

// passwordForm signs in with an address and a password.
func passwordForm(v *Visit) *Form {
	return &Form{Button: v.T("signin.sign_in"), Fields: []Field{
		v.emailField("username webauthn"),
		{Name: "password", Label: v.T("signin.password"), Type: "password", Autocomplete: "current-password", Required: true},
	}}
}

// emailField asks for an address, and offers the one that is known.
func (v *Visit) emailField(autocomplete string) Field {
	return Field{
		Name: "email", Label: v.T("signin.email"), Type: "email", Autocomplete: autocomplete, Required: true, Value: v.Pending().Email,
		Reasons: []string{"address_malformed", "email_invalid", "address_invalid"},
	}
}

func signIn(v *Visit) error {
	form := passwordForm(v)
	if !form.Read(v) {
		return showSignInWith(v, incomplete, form)
	}
	have, err := v.methods()
	if err != nil {
		return err
	}
	id := have.kind(kindPassword)
	if id == "" {
		return errNotFound
	}
	var answer signInAnswer
	_, err = v.Do(Call{
		Path: v.authRoute(id), Body: map[string]string{"email": v.Value("email"), "password": v.Value("password")}, Into: &answer,
	})
	if err != nil {
		status, err := form.Refuse(v, err)
		if err != nil {
			return err
		}
		return showSignInWith(v, status, form)
	}
	return proceed(v, answer)
}

// signOut ends the session of the browser. A browser without one is signed out already.
func signOut(v *Visit) error {
	if err := v.Delete(sessionRoute, nil); err != nil {
		if refused, ok := Refused(err); !ok || refused.Status != http.StatusUnauthorized {
			return err
		}
	}
	v.Forget()
	v.Notice("signin.signed_out", "")
	return v.Redirect(v.Path(""))
}
