package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) peopleRoutes() map[string]pages.Handler {
	const one = "/console/people/{type}/{id}"
	identity := []string{"auth_identity:read", "auth_identity:update"}
	return map[string]pages.Handler{
		"GET /console/people":    c.page(nil, c.searchPeople),
		"GET /console/customers": c.page([]string{"customer:read"}, c.listCustomers),
		"GET /console/users":     c.page([]string{"user:read"}, c.listUsers),

		"GET " + one:                    c.page(nil, c.showPerson),
		"GET " + one + "/disable":       c.page(identity, c.disable),
		"POST " + one + "/disable":      c.page(identity, c.disable),
		"POST " + one + "/enable":       c.page(identity, c.enable),
		"POST " + one + "/end-sessions": c.page(identity, c.endSessions),
		"POST " + one + "/end-session":  c.page(identity, c.endSession),
		"POST " + one + "/reset":        c.page(nil, c.sendReset),
		"GET " + one + "/delete":        c.irreversible(nil, c.deletePerson),
		"POST " + one + "/delete":       c.irreversible(nil, c.deletePerson),

		"GET " + one + "/factors/{identity}/{factor}":  c.irreversible(identity, c.removeFactor),
		"POST " + one + "/factors/{identity}/{factor}": c.irreversible(identity, c.removeFactor),

		"POST " + one + "/roles":        c.page([]string{"user:update", "rbac_role:update"}, c.grantRole),
		"POST " + one + "/roles/revoke": c.page([]string{"user:update", "rbac_role:update"}, c.revokeRole),
	}
}

// Types of accounts besides the custom ones. ofIdentity is an identity on its own.
const (
	ofCustomer = "customer"
	ofUser     = "user"
	ofIdentity = "identity"
)

func personPath(actorType, id string) string {
	return Path + "/people/" + url.PathEscape(actorType) + "/" + url.PathEscape(id)
}

// found is one person in a list.
type found struct {
	Name, Detail, Kind, Path string
	// Disabled says that no way in works.
	Disabled bool
	Since    string
}

// hits are the people of one kind.
type hits struct {
	Title string
	Found []found
	// More leads to the whole list, "" for none; Count is how many there are.
	More  string
	Count int
}

type searchPage struct {
	frame

	Query  string
	Result []hits
	Asked  bool
}

// mostHits is how many people of each kind a search shows.
const mostHits = "8"

// searchPeople finds people by address, name or id among all that the caller may read.
func (c *console) searchPeople(v *visit) error {
	q := strings.TrimSpace(v.R.URL.Query().Get("q"))
	p := searchPage{frame: v.frame(), Query: q, Asked: q != ""}
	if q == "" {
		return v.show(http.StatusOK, "people", p)
	}
	for _, search := range []func(*visit, string) (hits, error){c.findCustomers, c.findUsers, c.findIdentities} {
		h, err := search(v, q)
		if err != nil {
			return err
		}
		if len(h.Found) > 0 {
			p.Result = append(p.Result, h)
		}
	}
	return v.show(http.StatusOK, "people", p)
}

// query are the parameters of a search. The lists of the API match an id by a filter of
// its own.
func searched(q, prefix string) string {
	in := url.Values{"limit": {mostHits}}
	if strings.HasPrefix(q, prefix) {
		in.Set("id", q)
	} else {
		in.Set("q", q)
	}
	return "?" + in.Encode()
}

func (c *console) findCustomers(v *visit, q string) (h hits, err error) {
	if !v.can("customer:read") {
		return h, nil
	}
	var answer struct {
		Customers []customer
		Count     int
	}
	err = v.Get("/admin/customers"+searched(q, "cus_"), &answer)
	h = hits{Title: v.T("console.customers"), Count: answer.Count}
	for _, one := range answer.Customers {
		h.Found = append(h.Found, v.customer(one))
	}
	if answer.Count > len(answer.Customers) {
		h.More = Path + "/customers?q=" + url.QueryEscape(q)
	}
	return h, err
}

func (v *visit) customer(c customer) found {
	kind := v.T("console.guest")
	if c.HasAccount {
		kind = v.T("console.account")
	}
	return found{Name: c.Name(), Detail: text(c.Email), Kind: kind, Path: personPath(ofCustomer, c.ID), Since: c.CreatedAt}
}

func (c *console) findUsers(v *visit, q string) (h hits, err error) {
	if !v.can("user:read") {
		return h, nil
	}
	var answer struct {
		Users []user
		Count int
	}
	err = v.Get("/admin/users"+searched(q, "user_"), &answer)
	h = hits{Title: v.T("console.users"), Count: answer.Count}
	for _, one := range answer.Users {
		h.Found = append(h.Found, v.user(one))
	}
	if answer.Count > len(answer.Users) {
		h.More = Path + "/users?q=" + url.QueryEscape(q)
	}
	return h, err
}

func (v *visit) user(u user) found {
	return found{Name: u.Name(), Detail: u.Email, Kind: v.T("console.user"), Path: personPath(ofUser, u.ID), Since: u.CreatedAt}
}

// findIdentities finds what people sign in with, and by that the accounts of custom actor
// types.
func (c *console) findIdentities(v *visit, q string) (h hits, err error) {
	if !v.can("auth_identity:read") {
		return h, nil
	}
	var answer struct {
		Identities []identity `json:"auth_identities"`
		Count      int
	}
	err = v.Get("/admin/auth-identities"+searched(q, "authid_"), &answer)
	h = hits{Title: v.T("console.identities"), Count: answer.Count}
	for _, one := range answer.Identities {
		f := found{
			Name: one.Entity(), Detail: one.ID, Kind: v.T("console.no_account"), Path: personPath(ofIdentity, one.ID), Disabled: one.DisabledAt != nil,
			Since: one.CreatedAt,
		}
		if actors := one.Actors(); len(actors) > 0 {
			f.Kind, f.Path = actors[0].Type, actors[0].Path()
		}
		h.Found = append(h.Found, f)
	}
	return h, err
}

type peoplePage struct {
	frame
	listing

	Title, Query string
	Found        []found
}

func (c *console) listCustomers(v *visit) error {
	var answer struct {
		listing

		Customers []customer
	}
	q := v.R.URL.Query().Get("q")
	if err := v.list("/admin/customers", url.Values{"q": {q}, "order": {"-created_at"}}, &answer); err != nil {
		return err
	}
	p := peoplePage{frame: v.frame(), listing: v.paged(answer.listing, len(answer.Customers)), Title: v.T("console.customers"), Query: q}
	for _, one := range answer.Customers {
		p.Found = append(p.Found, v.customer(one))
	}
	return v.show(http.StatusOK, "list", p)
}

func (c *console) listUsers(v *visit) error {
	var answer struct {
		listing

		Users []user
	}
	q := v.R.URL.Query().Get("q")
	if err := v.list("/admin/users", url.Values{"q": {q}, "order": {"-created_at"}}, &answer); err != nil {
		return err
	}
	p := peoplePage{frame: v.frame(), listing: v.paged(answer.listing, len(answer.Users)), Title: v.T("console.users"), Query: q}
	for _, one := range answer.Users {
		p.Found = append(p.Found, v.user(one))
	}
	return v.show(http.StatusOK, "list", p)
}
