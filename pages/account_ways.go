package pages

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
)

// addPage is the data of account/add.
type addPage struct {
	accountView

	Provider provider
	// Passkey says that the provider is that of passkeys, which need JavaScript.
	Passkey bool
	Form    *Form
}

// newAddPage is for a provider that the account can get.
func newAddPage(v *Visit) (page addPage, err error) {
	ways, err := v.ways()
	if err != nil {
		return page, err
	}
	addable, err := v.addable(ways)
	if err != nil {
		return page, err
	}
	i := slices.IndexFunc(addable, func(p provider) bool { return p.ID == v.R.PathValue("provider") })
	if i < 0 {
		return page, errNotFound
	}
	page = addPage{accountView: v.section(sectionSecurity), Provider: addable[i], Form: &Form{Button: v.T("account.go_on")}}
	switch page.Provider.ID {
	case passkeyProvider:
		page.Passkey, page.Form = true, passkeyForm(v)
		page.Form.Passkey = v.account("add/passkey/options")
	case passwordProvider:
		rules, err := v.signUpRules()
		if err != nil {
			return page, err
		}
		page.Form = newPasswordForm(v, ways, rules)
	}
	return page, nil
}

func passkeyForm(v *Visit) *Form {
	return &Form{Button: v.T("account.add_passkey"), Hidden: map[string]string{"credential": ""}, Fields: []Field{
		{Name: "label", Label: v.T("account.passkey_name"), Hint: v.T("account.passkey_name_hint"), Autocomplete: "off", Max: longestLabel},
	}}
}

// longestLabel is how many characters the name of a passkey or second factor can have.
const longestLabel = 64

// newPasswordForm offers the address of another way to sign in: the API accepts one that is
// proven.
func newPasswordForm(v *Visit, ways []way, rules signUpRules) *Form {
	form := &Form{Button: v.T("account.add_password"), Fields: []Field{
		{Name: "email", Label: v.T("account.email"), Type: "email", Autocomplete: "username", Required: true, Reasons: []string{"address_unproven", "login_taken"}},
		v.newPassword(rules),
	}}
	for _, w := range ways {
		if email, ok := w.Metadata["email"].(string); ok {
			form.Fields[0].Value = email
		}
	}
	return form
}

func showAdd(v *Visit) error {
	page, err := newAddPage(v)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, "account/add", page)
}

// add links a way to sign in: at once, or by leading to the provider.
func add(v *Visit) error {
	page, err := newAddPage(v)
	if err != nil {
		return err
	}
	body := record{}
	switch {
	case page.Passkey:
		page.Form.Read(v)
		credential := json.RawMessage(v.Value("credential"))
		if !json.Valid(credential) {
			page.Form.Problems = []string{v.T("account.passkey_needs_script")}
			return v.Show(incomplete, "account/add", page)
		}
		body["credential"], body["label"] = credential, v.Value("label")
	case page.Provider.ID == passwordProvider:
		if !page.Form.Read(v) {
			return v.Show(incomplete, "account/add", page)
		}
		body["email"], body["password"] = v.Value("email"), v.Value("password")
	default:
		body["callback_url"] = v.callbackURL(page.Provider.ID)
	}
	var answer struct {
		Location string `json:"location"`
	}
	if err := v.Post("/auth/identities/link/"+url.PathEscape(page.Provider.ID), body, &answer); err != nil {
		return v.refuse(page.Form, err, "account/add", page)
	}
	if answer.Location != "" { // the provider leads to the page of its callback, and that here
		v.Keep(Pending{Linking: page.Provider.ID})
		return v.Leave(answer.Location)
	}
	v.Notice("account.way_added", page.Provider.Name)
	return v.Redirect(v.account("security"))
}

// newPasskeyOptions answers the script with what the device needs to make a passkey.
func newPasskeyOptions(v *Visit) error {
	var answer json.RawMessage
	return v.made(v.Post("/auth/identities/link/passkey", record{"label": v.Value("label")}, &answer), &answer)
}

// wayPage is the data of account/way.
type wayPage struct {
	accountView

	Way way
	// Last says that there is no other way to sign in, so this one can't be removed.
	Last bool
	// Rename is nil for a way that can't have a name.
	Rename, Remove *Form
}

func newWayPage(v *Visit) (page wayPage, err error) {
	ways, err := v.ways()
	if err != nil {
		return page, err
	}
	i := slices.IndexFunc(ways, func(w way) bool { return w.ID == v.R.PathValue("id") })
	if i < 0 {
		return page, errNotFound
	}
	w := ways[i]
	page = wayPage{accountView: v.section(sectionSecurity), Way: w, Last: len(ways) == 1, Remove: &Form{
		Action: v.account("ways/" + url.PathEscape(w.ID) + "/remove"), Button: v.T("account.remove_way"), Danger: true,
	}}
	if w.Passkey() {
		page.Rename = labelForm(v, w.Detail)
	}
	return page, nil
}

// labelForm names a passkey or second factor.
func labelForm(v *Visit, label string) *Form {
	return &Form{Button: v.T("account.save"), Fields: []Field{
		{Name: "label", Label: v.T("account.passkey_name"), Autocomplete: "off", Max: longestLabel, Value: label},
	}}
}

func showWay(v *Visit) error {
	page, err := newWayPage(v)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, "account/way", page)
}

func wayRoute(v *Visit) string { return "/auth/identities/" + url.PathEscape(v.R.PathValue("id")) }

func renameWay(v *Visit) error {
	page, err := newWayPage(v)
	if err != nil {
		return err
	}
	if page.Rename == nil {
		return errNotFound
	}
	page.Rename.Read(v)
	if err := v.Post(wayRoute(v), record{"label": v.Value("label")}, nil); err != nil {
		return v.refuse(page.Rename, err, "account/way", page)
	}
	v.Notice("account.name_saved", "")
	return v.Redirect(v.account("security"))
}

func removeWay(v *Visit) error {
	page, err := newWayPage(v)
	if err != nil {
		return err
	}
	if err := v.Delete(wayRoute(v), nil); err != nil {
		return v.refuse(page.Remove, err, "account/way", page)
	}
	v.Notice("account.way_removed", page.Way.Title)
	return v.Redirect(v.account("security"))
}
