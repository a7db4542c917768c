package pages

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
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

func newProfilePage(v *Visit, me record) profilePage {
	return profilePage{
		accountView: v.section(sectionProfile), Email: me.text("email"), Since: me.text("created_at"),
		CanChangeEmail: v.ActorType == actorCustomer || v.ActorType == actorUser, Form: profileForm(v, me),
	}
}

func showProfile(v *Visit) error {
	me, err := v.me()
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, "account/profile", newProfilePage(v, me))
}

// changeProfile sends what differs from the account: a field that only administrators
// change is shown, too, and the API refuses it only to those who change it.
func changeProfile(v *Visit) error {
	me, err := v.me()
	if err != nil {
		return err
	}
	page := newProfilePage(v, me)
	page.Form.Read(v)
	changes, sound := profileChanges(v, me, page.Form)
	if !sound {
		return v.Show(incomplete, "account/profile", page)
	}
	if len(changes) > 0 {
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
func profileForm(v *Visit, me record) *Form {
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
		form.Fields = customFields(v, me)
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		f.Max, f.Value = longestText, me.text(f.Name)
		if f.Type == "checkbox" && me[f.Name] != true {
			f.Value = ""
		}
	}
	return form
}

// longestText is how many characters a field of a profile takes.
const longestText = 200

// ownFields are the fields that every account has, and no one changes here.
var ownFields = []string{"id", "email", "created_at", "updated_at", "deleted_at", "metadata"}

// customFields are those of an account of the program's own actor type, by what its record
// holds. Lists and objects have no input.
func customFields(v *Visit, me record) (out []Field) {
	for _, name := range slices.Sorted(maps.Keys(me)) {
		if slices.Contains(ownFields, name) {
			continue
		}
		f := Field{Name: name, Label: v.profileLabel(name)}
		switch me[name].(type) {
		case bool:
			f.Type = "checkbox"
		case float64:
			f.Type = "number"
		case string, nil:
		default:
			continue
		}
		out = append(out, f)
	}
	return out
}

// profileLabel words the name of a field: as a message, if there is one, and otherwise as a
// name of code reads aloud.
func (v *Visit) profileLabel(name string) string {
	if id := "account.field_" + name; v.language.has(id) {
		return v.T(id)
	}
	words := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// profileChanges returns what a form changes; what was emptied becomes null.
func profileChanges(v *Visit, me record, form *Form) (changes record, sound bool) {
	changes, sound = record{}, true
	for i := range form.Fields {
		f := &form.Fields[i]
		value := strings.TrimSpace(f.Value)
		switch {
		case f.Type == "checkbox":
			if checked := value != ""; checked != (me[f.Name] == true) {
				changes[f.Name] = checked
			}
		case value == me.text(f.Name):
		case value == "":
			changes[f.Name] = nil
		case f.Type == "number":
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				f.Problem, sound = v.T("account.not_a_number"), false
				continue
			}
			changes[f.Name] = n
		default:
			changes[f.Name] = value
		}
	}
	return changes, sound
}
