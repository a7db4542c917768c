package pages

import (
	"net/http"
	"net/url"
)

// location is where a provider signs a visitor in.
type location struct {
	Location string `json:"location"`
	signInAnswer
}

// callbackURL is the page to which a provider leads back. It has to be among the provider's
// callback URLs.
func (v *Visit) callbackURL(provider string) string {
	scheme, host := "http", v.R.Host
	if secure(v.R, v.site.opts.TrustProxy) {
		scheme = "https"
	}
	if forwarded := v.R.Header.Get("X-Forwarded-Host"); forwarded != "" && v.site.opts.TrustProxy {
		host = forwarded
	}
	return scheme + "://" + host + v.Path("callback/"+url.PathEscape(provider))
}

// beginAt leads to a provider.
func beginAt(v *Visit) error {
	id := v.R.PathValue("provider")
	var answer location
	_, err := v.Do(Call{Path: v.authRoute(id), Body: map[string]string{"callback_url": v.callbackURL(id)}, Into: &answer})
	if err != nil {
		form := passwordForm(v)
		status, err := form.Refuse(v, err)
		if err != nil {
			return err
		}
		return showSignInWith(v, status, form)
	}
	return v.Leave(answer.Location)
}

// callback takes the answer of a provider, for a sign-in or for one more way to sign in.
func callback(v *Visit) error {
	id := v.R.PathValue("provider")
	p := v.Pending()
	var answer signInAnswer
	_, err := v.Do(Call{Method: http.MethodPost, Path: v.authRoute(id, "callback"), Body: firstValues(v.R.URL.Query()), Into: &answer})
	if p.Linking != "" {
		return linked(v, p, err)
	}
	if err != nil {
		form := passwordForm(v)
		status, err := form.Refuse(v, err)
		if err != nil {
			return err
		}
		return showSignInWith(v, status, form)
	}
	return proceed(v, answer)
}

func firstValues(query url.Values) map[string]string {
	out := make(map[string]string, len(query))
	for name := range query {
		out[name] = query.Get(name)
	}
	return out
}

// linkStep asks for the consent to sign in with a provider from now on.
func linkStep(v *Visit, m method) step {
	name := m.Name()
	return step{
		Name: "link", Title: v.T("signin.link_title", "Provider", name), Lead: v.T("signin.link", "Provider", name, "Brand", v.site.opts.Brand),
		Form:  &Form{Button: v.T("signin.link_button", "Provider", name), Hidden: map[string]string{"provider": m.ID}},
		Links: []link{{Label: v.T("signin.cancel"), Page: "account"}},
	}
}

// methodElsewhere returns a method that is elsewhere.
func (v *Visit) methodElsewhere(id string) (method, error) {
	have, err := v.methods()
	if err != nil {
		return method{}, err
	}
	elsewhere, err := v.elsewhere(have)
	if err != nil {
		return method{}, err
	}
	for _, one := range elsewhere {
		if one.ID == id {
			return one, nil
		}
	}
	return method{}, errNotFound
}

func showLink(v *Visit) error {
	m, err := v.methodElsewhere(v.Value("provider"))
	if err != nil {
		return err
	}
	return linkStep(v, m).show(v, 0)
}

// linkProvider leads to a provider whose account is to become one more way to sign in. A
// visitor who has not signed in recently confirms who they are first.
func linkProvider(v *Visit) error {
	m, err := v.methodElsewhere(v.Value("provider"))
	if err != nil {
		return err
	}
	var answer location
	err = v.Post("/auth/identities/link/"+url.PathEscape(m.ID), map[string]string{"callback_url": v.callbackURL(m.ID)}, &answer)
	if refused, ok := Refused(err); ok && refused.Status == http.StatusUnauthorized {
		back := v.Path("link") + "?provider=" + url.QueryEscape(m.ID)
		if refused.Reason == reasonUnauthenticated {
			return v.Redirect(v.Path("") + "?return_to=" + url.QueryEscape(back))
		}
		return v.Redirect(ConfirmPath(v.ActorType, back, refused.Reason != reasonSignInTooOld))
	}
	if err != nil {
		return linkStep(v, m).settle(v, err)
	}
	v.Keep(Pending{Linking: m.ID})
	return v.Leave(answer.Location)
}

func linked(v *Visit, p Pending, refusal error) error {
	v.Forget()
	m, err := v.methodElsewhere(p.Linking)
	if err != nil {
		return err
	}
	if refusal != nil {
		return linkStep(v, m).settle(v, refusal)
	}
	v.Notice("signin.linked", m.Name())
	return v.Redirect(v.Path("account"))
}
