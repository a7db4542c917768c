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
		return beginFor(v, query, "")
	}
	if on, err := offersToContinue(v); on || err != nil {
		return err
	}
	return v.Show(http.StatusOK, "signin/sign_in", signInPage{Form: passwordForm(v)})
}

// beginFor notes where a sign-in leads, and goes on to a page without that in its URL. What
// waited before belongs to another one.
func beginFor(v *Visit, query url.Values, page string) error {
	p, err := v.asked(query)
	if err != nil {
		return err
	}
	v.Keep(p)
	return v.Redirect(v.Path(page))
}

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
