package pages

import (
	"net/http"
	"net/url"
)

// signInArea is the way in: sign-in, sign-up, recovery and what the links in mails lead to.
func signInArea() Area {
	return Area{Name: "signin", Files: embedded, Routes: map[string]Handler{
		"GET /ui/{actor_type}":           showSignIn,
		"POST /ui/{actor_type}":          signIn,
		"POST /ui/{actor_type}/sign-out": signOut,
	}}
}

// signInPage is the data of signin/sign_in.
type signInPage struct {
	Form *Form
}

// showSignIn begins a sign-in. What a storefront sends along moves into the cookie, so that
// the URL stays clean on the way.
func showSignIn(v *Visit) error {
	query := v.R.URL.Query()
	if query.Has("return_to") {
		return beginFor(v, query)
	}
	return v.Show(http.StatusOK, "signin/sign_in", signInPage{Form: passwordForm(v)})
}

// beginFor notes where a sign-in leads. Whatever waited before belongs to another one.
func beginFor(v *Visit, query url.Values) error {
	to := query.Get("return_to")
	if !v.site.ReturnAllowed(to) {
		return &RefusalError{Status: http.StatusBadRequest, Reason: reasonReturn}
	}
	v.Keep(Pending{
		ReturnTo: to, State: query.Get("state"),
		CodeChallenge: query.Get("code_challenge"), ChallengeMethod: query.Get("code_challenge_method"),
	})
	return v.Redirect(v.Path(""))
}

const reasonReturn = "page_return_to"

// passwordForm signs in with an address and a password.
func passwordForm(v *Visit) *Form {
	return &Form{Button: v.T("signin.sign_in"), Fields: []Field{
		{Name: "email", Label: v.T("signin.email"), Type: "email", Autocomplete: "username webauthn", Required: true, Value: v.Pending().Email},
		{Name: "password", Label: v.T("signin.password"), Type: "password", Autocomplete: "current-password", Required: true},
	}}
}

func signIn(v *Visit) error {
	form := passwordForm(v)
	if !form.Read(v) {
		return v.Show(incomplete, "signin/sign_in", signInPage{Form: form})
	}
	var answer signInAnswer
	_, err := v.Do(Call{Path: "/auth/" + url.PathEscape(v.ActorType) + "/emailpass", Body: map[string]string{
		"email": v.Value("email"), "password": v.Value("password"),
	}, Into: &answer})
	if err != nil {
		status, err := form.Refuse(v, err)
		if err != nil {
			return err
		}
		return v.Show(status, "signin/sign_in", signInPage{Form: form})
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
