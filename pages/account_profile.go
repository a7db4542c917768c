package pages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// record is an account as its own route answers.
type record map[string]any

func (r record) text(name string) string {
	switch value := r[name].(type) {
	case nil:
		return ""
	case string:
		return value
	case float64: // not as 1e+06
		return strconv.FormatFloat(value, 'f', -1, 64)
	default:
		return fmt.Sprint(value)
	}
}

// ownRoute is the route by which an account of an actor type is read.
func ownRoute(actorType string) string {
	switch actorType {
	case actorCustomer:
		return "/store/customers/me"
	case actorUser:
		return "/admin/users/me"
	}
	return "/" + url.PathEscape(actorType) + "/me"
}

// me reads the account.
func (v *Visit) me() (record, error) {
	answer := map[string]json.RawMessage{}
	if err := v.Get(ownRoute(v.ActorType), &answer); err != nil {
		return nil, err
	}
	out := record{}
	if err := json.Unmarshal(answer[v.ActorType], &out); err != nil {
		return nil, fmt.Errorf("read the account of %s: %w", v.ActorType, err)
	}
	return out, nil
}

// profilePage is the data of account/profile.
type profilePage struct {
	accountView

	// Email is the address of the account, "" for none, and CanChangeEmail whether its actor
	// type has one that can be changed.
	Email          string
	CanChangeEmail bool
	Since          string
	Form           *Form
}

func newProfilePage(v *Visit) (page profilePage, rules signUpRules, me record, err error) {
	if me, err = v.me(); err != nil {
		return page, rules, me, err
	}
	if v.ActorType != actorCustomer && v.ActorType != actorUser {
		if rules, err = v.signUpRules(); err != nil {
			return page, rules, me, err
		}
	}
	return profilePage{
		accountView: v.section(sectionProfile), Email: me.text("email"), Since: me.text("created_at"),
		CanChangeEmail: v.ActorType == actorCustomer || v.ActorType == actorUser, Form: profileForm(v, rules, me),
	}, rules, me, nil
}

func showProfile(v *Visit) error {
	page, _, _, err := newProfilePage(v)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, "account/profile", page)
}

// changeProfile sends what differs from the account.
func changeProfile(v *Visit) error {
	page, rules, me, err := newProfilePage(v)
	if err != nil {
		return err
	}
	if !page.Form.Read(v) {
		return v.Show(incomplete, "account/profile", page)
	}
	if changes := profileChanges(rules, me, page.Form); len(changes) > 0 {
		route := ownRoute(v.ActorType)
		if v.ActorType == actorUser {
			route = "/admin/users/" + url.PathEscape(me.text("id"))
		}
		if err := v.Post(route, changes, nil); err != nil {
			return v.refuse(page.Form, err, "account/profile", page)
		}
	}
	v.Notice("account.profile_saved", "")
	return v.Redirect(v.Path(accountPath))
}

// profileForm has the fields that a person may know about themselves.
func profileForm(v *Visit, rules signUpRules, me record) *Form {
	form := &Form{Button: v.T("account.save")}
	switch v.ActorType {
	case actorCustomer:
		form.Fields = []Field{
			{Name: "first_name", Label: v.T("account.first_name"), Autocomplete: "given-name"},
			{Name: "last_name", Label: v.T("account.last_name"), Autocomplete: "family-name"},
			{Name: "company_name", Label: v.T("account.company"), Autocomplete: "organization"},
			{Name: "phone", Label: v.T("account.phone"), Type: "tel", Autocomplete: "tel"},
		}
	case actorUser:
		form.Fields = []Field{
			{Name: "first_name", Label: v.T("account.first_name"), Autocomplete: "given-name"},
			{Name: "last_name", Label: v.T("account.last_name"), Autocomplete: "family-name"},
		}
	default:
		form.Fields = customFields(v, rules, me)
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		switch {
		case f.Type == "checkbox" && me[f.Name] != true:
			f.Value = ""
		case rules.Fields == nil:
			f.Max, f.Value = longestText, me.text(f.Name)
		}
	}
	return form
}

// longestText is how many characters a field of a profile takes.
const longestText = 200

// customFields are those of an account of the program's own actor type, by what its sign-up
// asks for. Lists and objects have no input.
func customFields(v *Visit, rules signUpRules, me record) (out []Field) {
	for _, f := range rules.Fields {
		if f.Name == "email" || f.Kind == "object" || f.Kind == "list" {
			continue
		}
		in := f.input(v)
		in.Name, in.Value = f.Name, f.shown(me.text(f.Name))
		if f.Immutable {
			in.ReadOnly, in.Required = true, false
			if in.Type == "select" {
				in.Type = "" // which no attribute keeps from being changed
			}
		}
		out = append(out, in)
	}
	return out
}

// profileChanges returns what a form changes; what was emptied becomes null.
func profileChanges(rules signUpRules, me record, form *Form) record {
	changes := record{}
	for _, f := range form.Fields {
		of := rules.field(f.Name)
		value := strings.TrimSpace(f.Value)
		switch {
		case f.ReadOnly:
		case f.Type == "checkbox":
			if checked := value != ""; checked != (me[f.Name] == true) {
				changes[f.Name] = checked
			}
		case value == of.shown(me.text(f.Name)):
		case value == "":
			changes[f.Name] = nil
		default:
			changes[f.Name] = of.read(value)
		}
	}
	return changes
}
