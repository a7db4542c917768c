package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) profileRoutes() map[string]pages.Handler {
	const one = "/console/people/{type}/{id}"
	create := []string{"customer:read", "customer_address:create"}
	update := []string{"customer:read", "customer_address:read", "customer_address:update"}
	remove := []string{"customer:read", "customer_address:read", "customer_address:delete"}
	return map[string]pages.Handler{
		"GET " + one + "/profile":                     c.page(nil, c.changeProfile),
		"POST " + one + "/profile":                    c.page(nil, c.changeProfile),
		"GET " + one + "/addresses/new":               c.page(create, c.addAddress),
		"POST " + one + "/addresses/new":              c.page(create, c.addAddress),
		"GET " + one + "/addresses/{address}":         c.page(update, c.changeAddress),
		"POST " + one + "/addresses/{address}":        c.page(update, c.changeAddress),
		"GET " + one + "/addresses/{address}/remove":  c.page(remove, c.removeAddress),
		"POST " + one + "/addresses/{address}/remove": c.page(remove, c.removeAddress),
	}
}

// updateNeeds are the permissions to change the profile of an account. Those of custom actor
// types have fields that the console doesn't know.
func updateNeeds(actorType string) []string {
	return []string{actorType + ":read", actorType + ":update"}
}

func editable(actorType string) bool { return actorType == ofCustomer || actorType == ofUser }

type editPage struct {
	frame

	Title, Back string
	Form        *pages.Form
}

// changeProfile changes the name of an administrator, or the name, company and phone of a
// customer.
func (c *console) changeProfile(v *visit) error {
	if !editable(v.R.PathValue("type")) {
		return notFound(v)
	}
	if err := v.permitted(updateNeeds(v.R.PathValue("type"))); err != nil {
		return err
	}
	p, err := c.person(v)
	if err != nil {
		return err
	}
	form := &pages.Form{Button: v.T("account.save"), Fields: []pages.Field{
		{Name: "first_name", Label: v.T("account.first_name"), Value: p.Names[0], Autocomplete: "off", Max: maxText},
		{Name: "last_name", Label: v.T("account.last_name"), Value: p.Names[1], Autocomplete: "off", Max: maxText},
	}}
	route := "/admin/users/" + url.PathEscape(p.ID)
	if p.Type == ofCustomer {
		route = "/admin/customers/" + url.PathEscape(p.ID)
		form.Fields = append(form.Fields,
			pages.Field{Name: "company_name", Label: v.T("account.company"), Value: p.Company, Autocomplete: "off", Max: maxText},
			pages.Field{Name: "phone", Label: v.T("account.phone"), Type: "tel", Value: p.Phone, Autocomplete: "off", Max: maxText},
		)
	}
	page := editPage{v.frame(), v.T("console.edit_profile", "Name", p.Name), v.here(), form}
	return v.edit(page, func() (map[string]any, bool) { return readProfile(v, form) }, route, "account.profile_saved")
}

// maxText is what the API takes for a text.
const maxText = 255

// readProfile returns what the form sends; what is empty becomes null.
func readProfile(v *visit, form *pages.Form) (body map[string]any, complete bool) {
	complete, body = form.Read(v.Visit), map[string]any{}
	for _, field := range form.Fields {
		if value := strings.TrimSpace(field.Value); value != "" {
			body[field.Name] = value
		} else {
			body[field.Name] = nil
		}
	}
	return body, complete
}

// edit shows a form, or sends it to a route of the API and leads back to the person.
func (v *visit) edit(page editPage, read func() (map[string]any, bool), route, notice string) error {
	if v.R.Method != http.MethodPost {
		return v.show(http.StatusOK, "edit", page)
	}
	body, complete := read()
	if !complete {
		return v.show(http.StatusUnprocessableEntity, "edit", page)
	}
	if err := v.Post(route, body, nil); err != nil {
		status, err := page.Form.Refuse(v.Visit, err)
		if err != nil {
			return err
		}
		return v.show(status, "edit", page)
	}
	return v.done(notice, "", v.here())
}

// addressRoute is the route of the API for addresses of the customer of the path.
func (v *visit) addressRoute(id string) (string, error) {
	if v.R.PathValue("type") != ofCustomer {
		return "", notFound(v)
	}
	route := "/admin/customers/" + url.PathEscape(v.R.PathValue("id")) + "/addresses"
	if id != "" {
		route += "/" + url.PathEscape(id)
	}
	return route, nil
}

func (c *console) addAddress(v *visit) error {
	route, err := v.addressRoute("")
	if err != nil {
		return err
	}
	page := editPage{v.frame(), v.T("account.add_address"), v.here(), v.AddressForm(nil)}
	return v.edit(page, func() (map[string]any, bool) { return v.ReadAddress(page.Form) }, route, "account.address_added")
}

// oneAddress reads the address of the path.
func (v *visit) oneAddress() (of map[string]any, route string, err error) {
	if route, err = v.addressRoute(v.R.PathValue("address")); err != nil {
		return nil, "", err
	}
	var answer struct{ Address map[string]any }
	err = v.Get(route, &answer)
	return answer.Address, route, err
}

func (c *console) changeAddress(v *visit) error {
	of, route, err := v.oneAddress()
	if err != nil {
		return err
	}
	page := editPage{v.frame(), v.T("account.edit_address"), v.here(), v.AddressForm(of)}
	return v.edit(page, func() (map[string]any, bool) { return v.ReadAddress(page.Form) }, route, "account.address_saved")
}

func (c *console) removeAddress(v *visit) error {
	of, route, err := v.oneAddress()
	if err != nil {
		return err
	}
	return v.confirm(confirmation{
		Title: v.T("console.remove_address_title"), Points: v.AddressLines(of), Button: v.T("account.remove_address"), Back: v.here(),
	}, func() error {
		if err := v.Delete(route, nil); err != nil {
			return err
		}
		return v.done("account.address_removed", "", v.here())
	})
}

// postal is an address on the page of a customer.
type postal struct {
	Name, Path        string
	Lines             []string
	Shipping, Billing bool
}

// readAddresses reads the addresses of a customer.
func (v *visit) readAddresses(p *person) error {
	if p.Type != ofCustomer || !v.can("customer_address:read") {
		return nil
	}
	var answer struct{ Addresses []map[string]any }
	if err := v.Get("/admin/customers/"+url.PathEscape(p.ID)+"/addresses?limit=100", &answer); err != nil {
		return err
	}
	for _, a := range answer.Addresses {
		p.Addresses = append(p.Addresses, postal{
			Name: fieldOf(a, "address_name"), Path: v.here() + "/addresses/" + url.PathEscape(fieldOf(a, "id")), Lines: v.AddressLines(a),
			Shipping: a["is_default_shipping"] == true, Billing: a["is_default_billing"] == true,
		})
	}
	return nil
}
