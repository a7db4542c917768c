package console

import (
	"net/http"
	"net/url"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) peopleRoutes() map[string]pages.Handler {
	const one = "/console/people/{type}/{id}"
	identity := []string{"auth_identity:read", "auth_identity:update"}
	return map[string]pages.Handler{
		"GET /console/people":    c.page(nil, c.searchPeople),
		"GET /console/customers": c.page([]string{"customer:read"}, c.listCustomers),
		"GET /console/users":     c.page([]string{"user:read"}, c.listUsers),

		"GET " + one:                         c.page(nil, c.showPerson),
		"GET " + one + "/disable":            c.page(identity, c.disable),
		"POST " + one + "/disable":           c.page(identity, c.disable),
		"POST " + one + "/enable":            c.page(identity, c.enable),
		"POST " + one + "/end-sessions":      c.page(identity, c.endSessions),
		"POST " + one + "/end-session":       c.page(identity, c.endSession),
		"POST " + one + "/reset":             c.page(nil, c.sendReset),
		"GET " + one + "/schedule-deletion":  c.page([]string{"customer:read", "customer:delete"}, c.scheduleDeletion),
		"POST " + one + "/schedule-deletion": c.page([]string{"customer:read", "customer:delete"}, c.scheduleDeletion),
		"POST " + one + "/keep":              c.page([]string{"customer:read", "customer:update"}, c.keepCustomer),
		"GET " + one + "/delete":             c.irreversible(nil, c.deletePerson),
		"POST " + one + "/delete":            c.irreversible(nil, c.deletePerson),

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

func (v *visit) customer(c customer) found {
	kind := v.T("console.guest")
	if c.HasAccount {
		kind = v.T("console.account")
	}
	return found{Name: c.Name(), Detail: text(c.Email), Kind: kind, Path: personPath(ofCustomer, c.ID), Since: c.CreatedAt}
}

func (v *visit) user(u user) found {
	return found{Name: u.Name(), Detail: u.Email, Kind: v.T("console.user"), Path: personPath(ofUser, u.ID), Since: u.CreatedAt}
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
