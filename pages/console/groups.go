package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) groupRoutes() map[string]pages.Handler {
	const one = "/console/groups/{id}"
	change := []string{"customer_group:read", "customer_group:update"}
	remove := []string{"customer_group:read", "customer_group:delete"}
	return map[string]pages.Handler{
		"GET /console/groups":     c.page([]string{"customer_group:read"}, c.listGroups),
		"POST /console/groups":    c.page([]string{"customer_group:create"}, c.createGroup),
		"GET " + one:              c.page([]string{"customer_group:read"}, c.showGroup),
		"POST " + one:             c.page(change, c.renameGroup),
		"POST " + one + "/add":    c.page(change, c.addMember),
		"POST " + one + "/remove": c.page(change, c.removeMember),
		"GET " + one + "/delete":  c.page(remove, c.deleteGroup),
		"POST " + one + "/delete": c.page(remove, c.deleteGroup),
	}
}

type groupsPage struct {
	frame
	listing

	Groups []group
	Form   *pages.Form
}

func (v *visit) groupForm(action, button, value string) *pages.Form {
	return &pages.Form{Action: action, Button: button, Fields: []pages.Field{
		{Name: "name", Label: v.T("console.name"), Required: true, Value: value, Autocomplete: "off"},
	}}
}

func (c *console) listGroups(v *visit) error {
	return c.showGroups(v, http.StatusOK, c.newGroupForm(v))
}

func (c *console) newGroupForm(v *visit) *pages.Form {
	if !v.can("customer_group:create") {
		return nil
	}
	return v.groupForm(Path+"/groups", v.T("console.create_group"), "")
}

func (c *console) showGroups(v *visit, status int, form *pages.Form) error {
	var answer struct {
		listing

		Groups []group `json:"customer_groups"`
	}
	if err := v.list("/admin/customer-groups", url.Values{"order": {"name"}}, &answer); err != nil {
		return err
	}
	return v.show(status, "groups", groupsPage{v.frame(), v.paged(answer.listing, len(answer.Groups)), answer.Groups, form})
}

func (c *console) createGroup(v *visit) error {
	form := c.newGroupForm(v)
	if !form.Read(v.Visit) {
		return c.showGroups(v, http.StatusUnprocessableEntity, form)
	}
	var answer struct {
		Group group `json:"customer_group"`
	}
	if err := v.Post("/admin/customer-groups", map[string]string{"name": v.Value("name")}, &answer); err != nil {
		status, err := form.Refuse(v.Visit, err)
		if err != nil {
			return err
		}
		return c.showGroups(v, status, form)
	}
	return v.done("console.group_created", answer.Group.Name, groupPath(answer.Group.ID))
}

func groupPath(id string) string { return Path + "/groups/" + url.PathEscape(id) }

type groupPage struct {
	frame
	listing

	Group   group
	Path    string
	Members []customer
	// Rename changes the name, Add adds a customer; nil without the permission.
	Rename, Add *pages.Form
}

func (c *console) showGroup(v *visit) error {
	return c.showGroupWith(v, http.StatusOK, c.memberForm(v))
}

func (c *console) memberForm(v *visit) *pages.Form {
	if !v.can("customer_group:update") {
		return nil
	}
	return &pages.Form{Action: groupPath(v.R.PathValue("id")) + "/add", Button: v.T("console.add_to_group"), Fields: []pages.Field{
		{Name: "customer", Label: v.T("console.email_or_id"), Required: true, Autocomplete: "off"},
	}}
}

func (c *console) showGroupWith(v *visit, status int, add *pages.Form) error {
	id := v.R.PathValue("id")
	var answer struct {
		Group group `json:"customer_group"`
	}
	if err := v.Get("/admin/customer-groups/"+url.PathEscape(id), &answer); err != nil {
		return err
	}
	p := groupPage{frame: v.frame(), Group: answer.Group, Path: groupPath(id), Add: add}
	if v.can("customer_group:update") {
		p.Rename = v.groupForm(p.Path, v.T("console.rename"), answer.Group.Name)
	}
	if v.can("customer:read") {
		var members struct {
			listing

			Customers []customer
		}
		if err := v.list("/admin/customers", url.Values{"groups": {id}, "order": {"email"}}, &members); err != nil {
			return err
		}
		p.Members, p.listing = members.Customers, v.paged(members.listing, len(members.Customers))
	}
	return v.show(status, "group", p)
}

func (c *console) renameGroup(v *visit) error {
	err := v.Post("/admin/customer-groups/"+url.PathEscape(v.R.PathValue("id")), map[string]string{"name": v.Value("name")}, nil)
	if err != nil {
		return err
	}
	return v.done("console.group_renamed", "", groupPath(v.R.PathValue("id")))
}

// addMember adds a customer, who may be named by address.
func (c *console) addMember(v *visit) error {
	form := c.memberForm(v)
	if !form.Read(v.Visit) {
		return c.showGroupWith(v, http.StatusUnprocessableEntity, form)
	}
	id := strings.TrimSpace(v.Value("customer"))
	if strings.Contains(id, "@") && v.can("customer:read") {
		var found struct{ Customers []customer }
		if err := v.Get("/admin/customers?limit=1&email="+url.QueryEscape(id), &found); err != nil {
			return err
		}
		if len(found.Customers) == 0 {
			form.Field("customer").Problem = v.T("console.no_such_customer")
			return c.showGroupWith(v, http.StatusUnprocessableEntity, form)
		}
		id = found.Customers[0].ID
	}
	return c.changeMembers(v, "add", id, form)
}

func (c *console) removeMember(v *visit) error {
	return c.changeMembers(v, "remove", v.Value("customer"), c.memberForm(v))
}

func (c *console) changeMembers(v *visit, how, id string, form *pages.Form) error {
	group := v.R.PathValue("id")
	err := v.Post("/admin/customer-groups/"+url.PathEscape(group)+"/customers", map[string][]string{how: {id}}, nil)
	if err != nil {
		status, err := form.Refuse(v.Visit, err)
		if err != nil {
			return err
		}
		return c.showGroupWith(v, status, form)
	}
	return v.done("console.group_changed", "", groupPath(group))
}

func (c *console) deleteGroup(v *visit) error {
	route := "/admin/customer-groups/" + url.PathEscape(v.R.PathValue("id"))
	var answer struct {
		Group group `json:"customer_group"`
	}
	if err := v.Get(route, &answer); err != nil {
		return err
	}
	return v.confirm(confirmation{
		Title: v.T("console.delete_title", "Name", answer.Group.Name), Points: []string{v.T("console.delete_group_1")}, Button: v.T("console.delete"),
		Back: groupPath(answer.Group.ID),
	}, func() error {
		if err := v.Delete(route, nil); err != nil {
			return err
		}
		return v.done("console.deleted", answer.Group.Name, Path+"/groups")
	})
}
