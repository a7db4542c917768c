package console

import (
	"net/http"
	"net/url"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) keyRoutes() map[string]pages.Handler {
	const one = "/console/keys/{id}"
	update := []string{"api_key:read", "api_key:update"}
	remove := []string{"api_key:read", "api_key:delete"}
	return map[string]pages.Handler{
		"GET /console/keys":       c.page([]string{"api_key:read"}, c.listKeys),
		"POST /console/keys":      c.page([]string{"api_key:create"}, c.createKey),
		"GET " + one + "/revoke":  c.irreversible(update, c.revokeKey),
		"POST " + one + "/revoke": c.irreversible(update, c.revokeKey),
		"GET " + one + "/delete":  c.irreversible(remove, c.deleteKey),
		"POST " + one + "/delete": c.irreversible(remove, c.deleteKey),
	}
}

type apiKey struct {
	ID         string  `json:"id"`
	Title      string  `json:"title"`
	Token      string  `json:"token"`
	Redacted   string  `json:"redacted"`
	Type       string  `json:"type"`
	LastUsedAt *string `json:"last_used_at"`
	RevokedAt  *string `json:"revoked_at"`
	CreatedAt  string  `json:"created_at"`
}

type keysPage struct {
	frame
	listing

	Keys []apiKey
	Form *pages.Form
}

func (c *console) listKeys(v *visit) error { return c.showKeys(v, http.StatusOK, c.keyForm(v)) }

func (c *console) keyForm(v *visit) *pages.Form {
	if !v.can("api_key:create") {
		return nil
	}
	return &pages.Form{Action: Path + "/keys", Button: v.T("console.create_key"), Fields: []pages.Field{
		{Name: "title", Label: v.T("console.title"), Required: true, Autocomplete: "off"},
		{Name: "type", Label: v.T("console.type"), Type: "select", Required: true, Value: "publishable", Options: []pages.Choice{
			{Value: "publishable", Label: v.T("console.key_publishable")}, {Value: "secret", Label: v.T("console.key_secret")},
		}},
	}}
}

func (c *console) showKeys(v *visit, status int, form *pages.Form) error {
	var answer struct {
		listing

		Keys []apiKey `json:"api_keys"`
	}
	if err := v.list("/admin/api-keys", url.Values{"order": {"-created_at"}}, &answer); err != nil {
		return err
	}
	return v.show(status, "keys", keysPage{v.frame(), v.paged(answer.listing, len(answer.Keys)), answer.Keys, form})
}

type newKeyPage struct {
	frame

	Key apiKey
}

// createKey answers with the key itself instead of a redirect: a secret is shown once, and
// nothing else could carry it to another page.
func (c *console) createKey(v *visit) error {
	form := c.keyForm(v)
	if !form.Read(v.Visit) {
		return c.showKeys(v, http.StatusUnprocessableEntity, form)
	}
	var answer struct {
		Key apiKey `json:"api_key"`
	}
	if err := v.Post("/admin/api-keys", map[string]string{"title": v.Value("title"), "type": v.Value("type")}, &answer); err != nil {
		status, err := form.Refuse(v.Visit, err)
		if err != nil {
			return err
		}
		return c.showKeys(v, status, form)
	}
	return v.show(http.StatusOK, "new_key", newKeyPage{v.frame(), answer.Key})
}

func (v *visit) key() (key apiKey, route string, err error) {
	route = "/admin/api-keys/" + url.PathEscape(v.R.PathValue("id"))
	var answer struct {
		Key apiKey `json:"api_key"`
	}
	err = v.Get(route, &answer)
	return answer.Key, route, err
}

func (c *console) revokeKey(v *visit) error {
	key, route, err := v.key()
	if err != nil {
		return err
	}
	return v.confirm(confirmation{
		Title: v.T("console.revoke_key_title", "Name", key.Title), Points: []string{v.T("console.revoke_key_1"), v.T("console.revoke_key_2")},
		Button: v.T("console.revoke_key"), Word: key.Title, Back: Path + "/keys",
	}, func() error {
		if err := v.Post(route+"/revoke", map[string]string{}, nil); err != nil {
			return err
		}
		return v.done("console.key_revoked", key.Title, Path+"/keys")
	})
}

func (c *console) deleteKey(v *visit) error {
	key, route, err := v.key()
	if err != nil {
		return err
	}
	return v.confirm(confirmation{
		Title: v.T("console.delete_title", "Name", key.Title), Points: []string{v.T("console.delete_key_1")}, Button: v.T("console.delete_for_good"),
		Back: Path + "/keys",
	}, func() error {
		if err := v.Delete(route, nil); err != nil {
			return err
		}
		return v.done("console.deleted", key.Title, Path+"/keys")
	})
}
