package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// address is one of a customer, with the fields of [addressForm] and, in the list, the name
// of its country: country.
type address map[string]any

const addressesRoute = "/store/customers/me/addresses"

// Lines are how an address is written on an envelope.
func (a address) Lines() []string {
	r := record(a)
	var out []string
	for _, parts := range [][]string{
		{"first_name", "last_name"}, {"company"}, {"address_1"}, {"address_2"}, {"postal_code", "city"}, {"province"},
	} {
		var words []string
		for _, name := range parts {
			if word := r.text(name); word != "" {
				words = append(words, word)
			}
		}
		if len(words) > 0 {
			out = append(out, strings.Join(words, " "))
		}
	}
	if country := r.text("country"); country != "" {
		out = append(out, country)
	}
	return out
}

// ID is that of the address, Name what its owner calls it, Shipping and Billing what it is
// used for.
func (a address) ID() string     { return record(a).text("id") }
func (a address) Name() string   { return record(a).text("address_name") }
func (a address) Shipping() bool { return a["is_default_shipping"] == true }
func (a address) Billing() bool  { return a["is_default_billing"] == true }

// addressesPage is the data of account/addresses.
type addressesPage struct {
	accountView

	Addresses []address
}

func showAddresses(v *Visit) error {
	var answer struct {
		Addresses []address `json:"addresses"`
	}
	if err := v.Get(addressesRoute+"?limit=100", &answer); err != nil {
		return err
	}
	for _, a := range answer.Addresses {
		a["country"] = v.country(strings.ToLower(record(a).text("country_code")))
	}
	return v.Show(http.StatusOK, "account/addresses", addressesPage{v.section(sectionAddresses), answer.Addresses})
}

// addressPage is the data of account/address.
type addressPage struct {
	accountView

	// New says that the address is to be added.
	New          bool
	Form, Remove *Form
}

func addressForm(v *Visit, a address) *Form {
	form := &Form{Button: v.T("account.save_address"), Fields: []Field{
		{Name: "address_name", Label: v.T("account.address_name"), Hint: v.T("account.address_name_hint"), Autocomplete: "off"},
		{Name: "first_name", Label: v.T("account.first_name"), Autocomplete: "given-name"},
		{Name: "last_name", Label: v.T("account.last_name"), Autocomplete: "family-name"},
		{Name: "company", Label: v.T("account.company"), Autocomplete: "organization"},
		{Name: "address_1", Label: v.T("account.address_1"), Autocomplete: "address-line1", Required: true},
		{Name: "address_2", Label: v.T("account.address_2"), Autocomplete: "address-line2"},
		{Name: "postal_code", Label: v.T("account.postal_code"), Autocomplete: "postal-code"},
		{Name: "city", Label: v.T("account.city"), Autocomplete: "address-level2", Required: true},
		{Name: "province", Label: v.T("account.province"), Autocomplete: "address-level1"},
		{Name: "country_code", Label: v.T("account.country"), Type: "select", Autocomplete: "country"},
		{Name: "phone", Label: v.T("account.phone"), Type: "tel", Autocomplete: "tel"},
		{Name: "is_default_shipping", Label: v.T("account.default_shipping"), Type: "checkbox"},
		{Name: "is_default_billing", Label: v.T("account.default_billing"), Type: "checkbox"},
	}}
	for i := range form.Fields {
		f := &form.Fields[i]
		f.Value = record(a).text(f.Name)
		switch {
		case f.Type == "checkbox" && a[f.Name] != true:
			f.Value = ""
		case f.Name == "country_code":
			f.Value = strings.ToLower(f.Value)
			f.Options = v.countryChoices(f.Value)
		case f.Max == 0:
			f.Max = longestText
		}
	}
	return form
}

// readAddress returns what the form sends; what is empty becomes null.
func readAddress(v *Visit, form *Form) (body record, complete bool) {
	complete, body = form.Read(v), record{}
	for i := range form.Fields {
		f := &form.Fields[i]
		value := strings.TrimSpace(f.Value)
		switch {
		case f.Type == "checkbox":
			body[f.Name] = value != ""
		case value == "":
			body[f.Name] = nil
		case f.Name == "country_code":
			value = strings.ToLower(value) // password managers fill in the code as ISO 3166 writes it
			if !slices.ContainsFunc(f.Options, func(c Choice) bool { return c.Value == value }) {
				f.Problem, complete = v.T("account.country_unknown"), false
			}
			body[f.Name] = value
		default:
			body[f.Name] = value
		}
	}
	return body, complete
}

func showNewAddress(v *Visit) error {
	return v.Show(http.StatusOK, "account/address", addressPage{accountView: v.section(sectionAddresses), New: true, Form: addressForm(v, nil)})
}

func addAddress(v *Visit) error {
	page := addressPage{accountView: v.section(sectionAddresses), New: true, Form: addressForm(v, nil)}
	return saveAddress(v, page, addressesRoute, "account.address_added")
}

func showAddress(v *Visit) error {
	page, err := oneAddress(v)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, "account/address", page)
}

func changeAddress(v *Visit) error {
	page, err := oneAddress(v)
	if err != nil {
		return err
	}
	return saveAddress(v, page, addressRoute(v), "account.address_saved")
}

func saveAddress(v *Visit, page addressPage, route, notice string) error {
	body, complete := readAddress(v, page.Form)
	if !complete {
		return v.Show(incomplete, "account/address", page)
	}
	if err := v.Post(route, body, nil); err != nil {
		return v.refuse(page.Form, err, "account/address", page)
	}
	v.Notice(notice, "")
	return v.Redirect(v.account("addresses"))
}

func addressRoute(v *Visit) string { return addressesRoute + "/" + url.PathEscape(v.R.PathValue("id")) }

// oneAddress reads the address of the path.
func oneAddress(v *Visit) (page addressPage, err error) {
	var answer struct {
		Address address `json:"address"`
	}
	if err := v.Get(addressRoute(v), &answer); err != nil {
		return page, err
	}
	return addressPage{
		accountView: v.section(sectionAddresses), Form: addressForm(v, answer.Address),
		Remove: &Form{Action: v.account("addresses/" + url.PathEscape(v.R.PathValue("id")) + "/remove"), Button: v.T("account.remove_address"), Danger: true},
	}, nil
}

func removeAddress(v *Visit) error {
	if err := v.Delete(addressRoute(v), nil); err != nil {
		return err
	}
	v.Notice("account.address_removed", "")
	return v.Redirect(v.account("addresses"))
}
