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
func linkStep(v *Visit, id string) step {
	return step{
		Name: "link", Title: v.T("signin.link_title", "Provider", id), Lead: v.T("signin.link", "Provider", id, "Brand", v.site.opts.Brand),
		Form:  &Form{Button: v.T("signin.link_button", "Provider", id), Hidden: map[string]string{"provider": id}},
		Links: []link{{Label: v.T("signin.cancel"), Page: "account"}},
	}
}

func showLink(v *Visit) error {
	have, err := v.methods()
	if err != nil {
		return err
	}
	for _, one := range have.redirects() {
		if one.ID == v.Value("provider") {
			return linkStep(v, one.ID).show(v, 0)
		}
	}
	return errNotFound
}

// linkProvider leads to a provider whose account is to become one more way to sign in. A
// visitor who has not signed in recently does that first.
func linkProvider(v *Visit) error {
	id := v.Value("provider")
	s := linkStep(v, id)
	var answer location
	err := v.Post("/auth/identities/link/"+url.PathEscape(id), map[string]string{"callback_url": v.callbackURL(id)}, &answer)
	if refused, ok := Refused(err); ok && refused.Status == http.StatusUnauthorized {
		return v.Redirect(v.Path("") + "?return_to=" + url.QueryEscape(v.Path("link")+"?provider="+url.QueryEscape(id)))
	}
	if err != nil {
		return s.settle(v, err)
	}
	v.Keep(Pending{Linking: id})
	return v.Leave(answer.Location)
}

func linked(v *Visit, p Pending, err error) error {
	v.Forget()
	if err != nil {
		return linkStep(v, p.Linking).settle(v, err)
	}
	v.Notice("signin.linked", p.Linking)
	return v.Redirect(v.Path("account"))
}
