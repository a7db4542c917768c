package console

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) roleRoutes() map[string]pages.Handler {
	const one = "/console/roles/{id}"
	read, update := []string{"rbac_role:read"}, []string{"rbac_role:read", "rbac_role:update"}
	return map[string]pages.Handler{
		"GET /console/roles":               c.page(read, c.listRoles),
		"POST /console/roles":              c.page([]string{"rbac_role:create"}, c.createRole),
		"GET " + one:                       c.page(read, c.showRole),
		"POST " + one + "/policies":        c.page(update, c.allow),
		"POST " + one + "/policies/remove": c.page(update, c.deny),
		"GET " + one + "/delete":           c.irreversible([]string{"rbac_role:read", "rbac_role:delete"}, c.deleteRole),
		"POST " + one + "/delete":          c.irreversible([]string{"rbac_role:read", "rbac_role:delete"}, c.deleteRole),
	}
}

type role struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	ParentID    *string `json:"parent_id"`
	// Policies are those that the role has and inherits, where they were asked for.
	Policies []policy `json:"policies"`
}

// superAdmin is the role that nothing can change. Its name is English in the database.
const superAdmin = "role_super_admin"

// derived is the description of a built-in policy, which says nothing that its key does not.
var derived = regexp.MustCompile(`^(?:Create|Read|Update|Delete) [A-Z][A-Za-z]*$|^Super admin policy with full access to all resources and operations$`)

// described leaves the descriptions of policies that someone has written.
func described(policies []policy) []policy {
	for i, p := range policies {
		if derived.MatchString(text(p.Description)) {
			policies[i].Description = nil
		}
	}
	return policies
}

// named words the role that every installation has.
func (v *visit) named(roles []role) []role {
	for i := range roles {
		if roles[i].ID == superAdmin {
			about := v.T("console.super_admin_about")
			roles[i].Name, roles[i].Description = v.T("console.super_admin"), &about
		}
	}
	return roles
}

// Path is the page of the role.
func (r role) Path() string { return rolePath(r.ID) }

func rolePath(id string) string { return Path + "/roles/" + url.PathEscape(id) }

type policy struct {
	ID            string  `json:"id"`
	Key           string  `json:"key"`
	Description   *string `json:"description"`
	InheritedFrom *string `json:"inherited_from_role_id"`
}

type rolesPage struct {
	frame
	listing

	Roles []role
	Form  *pages.Form
}

func (c *console) listRoles(v *visit) error { return c.showRoles(v, http.StatusOK, c.roleForm(v)) }

func (c *console) roleForm(v *visit) *pages.Form {
	if !v.can("rbac_role:create") {
		return nil
	}
	return &pages.Form{Action: Path + "/roles", Button: v.T("console.create_role"), Fields: []pages.Field{
		{Name: "name", Label: v.T("console.name"), Required: true, Autocomplete: "off"},
		{Name: "description", Label: v.T("console.about"), Autocomplete: "off"},
	}}
}

func (c *console) showRoles(v *visit, status int, form *pages.Form) error {
	var answer struct {
		listing

		Roles []role
	}
	if err := v.list("/admin/rbac/roles", url.Values{"order": {"name"}}, &answer); err != nil {
		return err
	}
	return v.show(status, "roles", rolesPage{v.frame(), v.paged(answer.listing, len(answer.Roles)), v.named(answer.Roles), form})
}

func (c *console) createRole(v *visit) error {
	form := c.roleForm(v)
	if !form.Read(v.Visit) {
		return c.showRoles(v, http.StatusUnprocessableEntity, form)
	}
	body := map[string]string{"name": v.Value("name")}
	if about := strings.TrimSpace(v.Value("description")); about != "" {
		body["description"] = about
	}
	var answer struct{ Role role }
	if err := v.Post("/admin/rbac/roles", body, &answer); err != nil {
		status, err := form.Refuse(v.Visit, err)
		if err != nil {
			return err
		}
		return c.showRoles(v, status, form)
	}
	return v.done("console.role_created", answer.Role.Name, answer.Role.Path())
}

type rolePage struct {
	frame

	Role role
	// BuiltIn says that the role cannot be changed.
	BuiltIn bool
	// Offered are the policies that the caller may add.
	Offered []policy
	Holders []user
}

// mostPolicies is more than there are of built-in ones.
const mostPolicies = "200"

func (c *console) showRole(v *visit) error {
	route := "/admin/rbac/roles/" + url.PathEscape(v.R.PathValue("id"))
	var of struct{ Role role }
	var offered struct{ Policies []policy }
	var held struct{ Users []user }
	if err := v.Get(route+"?fields=*policies", &of); err != nil {
		return err
	}
	shown := v.named([]role{of.Role})[0]
	shown.Policies = described(shown.Policies)
	if v.can("rbac_role:update", "rbac_policy:read") && shown.ID != superAdmin {
		if err := v.Get("/admin/rbac/policies/assignable?limit="+mostPolicies, &offered); err != nil {
			return err
		}
	}
	if v.can("user:read") {
		if err := v.Get(route+"/users", &held); err != nil {
			return err
		}
	}
	offered.Policies = slices.DeleteFunc(offered.Policies, func(p policy) bool {
		return slices.ContainsFunc(shown.Policies, func(h policy) bool { return h.ID == p.ID })
	})
	return v.show(http.StatusOK, "role", rolePage{v.frame(), shown, shown.ID == superAdmin, offered.Policies, held.Users})
}

func (c *console) allow(v *visit) error {
	id := v.R.PathValue("id")
	err := v.Post("/admin/rbac/roles/"+url.PathEscape(id)+"/policies", map[string]any{"policies": []string{v.Value("policy")}}, nil)
	if err != nil {
		return err
	}
	return v.done("console.role_changed", "", rolePath(id))
}

func (c *console) deny(v *visit) error {
	id := v.R.PathValue("id")
	err := v.Delete("/admin/rbac/roles/"+url.PathEscape(id)+"/policies/"+url.PathEscape(v.Value("policy")), nil)
	if err != nil {
		return err
	}
	return v.done("console.role_changed", "", rolePath(id))
}

func (c *console) deleteRole(v *visit) error {
	route := "/admin/rbac/roles/" + url.PathEscape(v.R.PathValue("id"))
	var of struct{ Role role }
	if err := v.Get(route, &of); err != nil {
		return err
	}
	return v.confirm(confirmation{
		Title: v.T("console.delete_title", "Name", of.Role.Name), Points: []string{v.T("console.delete_role_1")}, Button: v.T("console.delete_for_good"),
		Word: of.Role.Name, Back: of.Role.Path(),
	}, func() error {
		if err := v.Delete(route, nil); err != nil {
			return err
		}
		return v.done("console.deleted", of.Role.Name, Path+"/roles")
	})
}
