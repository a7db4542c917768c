package pages

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// method is a way to sign in that an actor type has: one entry of GET
// /auth/:actor_type/providers.
type method struct {
	ID          string `json:"id"`
	Identifier  string `json:"identifier"`
	DisplayName string `json:"display_name"`
	Flow        string `json:"flow"`
}

// The kinds of methods that have forms of their own.
const (
	kindPassword = "emailpass"
	kindCode     = "emailcode"
	kindPasskey  = "passkey"
	flowRedirect = "redirect"
)

// Mark is the icon of a provider: that of its kind, or the one that its name tells of an
// OpenID provider.
func (m method) Mark() string {
	for _, word := range []string{"google", "github", "microsoft"} {
		if strings.Contains(strings.ToLower(m.ID+" "+m.Identifier+" "+m.DisplayName), word) {
			return word
		}
	}
	return "openid"
}

// Name is what the button says.
func (m method) Name() string {
	if m.DisplayName != "" {
		return m.DisplayName
	}
	return m.ID
}

// methods are those of an actor type.
type methods []method

func (v *Visit) methods() (methods, error) {
	var answer struct {
		Providers methods `json:"providers"`
	}
	err := v.Get(v.authRoute("providers"), &answer)
	return answer.Providers, err
}

// elsewhere are the methods that are elsewhere, by the names that users know them by.
func (v *Visit) elsewhere(have methods) (methods, error) {
	out := have.redirects()
	if len(out) == 0 {
		return nil, nil
	}
	rules, err := v.signUpRules()
	names := rules.names()
	for i := range out {
		out[i].DisplayName = cmp.Or(names[out[i].ID], out[i].DisplayName)
	}
	return out, err
}

// authRoute is a route of /auth of the visit's actor type.
func (v *Visit) authRoute(parts ...string) string {
	escaped := []string{"/auth", url.PathEscape(v.ActorType)}
	for _, part := range parts {
		escaped = append(escaped, url.PathEscape(part))
	}
	return strings.Join(escaped, "/")
}

// kind returns the id of the first method of a kind, "" for none.
func (m methods) kind(identifier string) string {
	if i := slices.IndexFunc(m, func(one method) bool { return one.Identifier == identifier }); i >= 0 {
		return m[i].ID
	}
	return ""
}

// redirects are the methods that are elsewhere.
func (m methods) redirects() (out methods) {
	for _, one := range m {
		if one.Flow == flowRedirect {
			out = append(out, one)
		}
	}
	return out
}

// accountRoute is where accounts of the actor type are created, and with /me the caller's.
func (v *Visit) accountRoute() string {
	switch v.ActorType {
	case "customer":
		return "/store/customers"
	case "user":
		return "/admin/users"
	}
	return "/" + url.PathEscape(v.ActorType)
}
