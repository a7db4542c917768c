package pages

import (
	"net/http"
	"net/url"
)

// emailPage is the data of account/email.
type emailPage struct {
	accountView

	// Email is the address of the account, Pending the one that waits for its link, "" for
	// none, and Until when that link expires.
	Email, Pending, Until string
	Form                  *Form
}

func newEmailPage(v *Visit) (page emailPage, err error) {
	me, err := v.me()
	if err != nil {
		return page, err
	}
	page = emailPage{accountView: v.section(sectionSecurity), Email: me.text("email"), Form: &Form{
		Button: v.T("account.change_email"), Fields: []Field{{
			Name: "email", Label: v.T("account.new_email"), Type: "email", Autocomplete: "email", Required: true,
			Reasons: []string{"email_unchanged", "email_invalid", "email_unusable", "address_invalid"},
		}},
	}}
	page.Pending, page.Until, err = v.pendingEmail()
	return page, err
}

// pendingEmail returns the address that waits for its link. The API tells requests and
// changes; a request counts until it expires or the address changes.
func (v *Visit) pendingEmail() (email, until string, err error) {
	deeds, err := v.activity(mostActivity)
	if err != nil {
		return "", "", err
	}
	for _, d := range deeds {
		switch d.Name {
		case "auth.email_changed", "auth.email_change_undone":
			return "", "", nil
		case "auth.email_change_requested":
			if end, known := instant(d.text("expires_at")); known && end.After(v.site.opts.Now()) {
				return d.text("email"), d.text("expires_at"), nil
			}
			return "", "", nil
		}
	}
	return "", "", nil
}

func showEmail(v *Visit) error {
	page, err := newEmailPage(v)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, "account/email", page)
}

func requestEmail(v *Visit) error {
	page, err := newEmailPage(v)
	if err != nil {
		return err
	}
	if !page.Form.Read(v) {
		return v.Show(incomplete, "account/email", page)
	}
	if err := v.Post(ownRoute(v.ActorType)+"/email", record{"email": v.Value("email")}, nil); err != nil {
		return v.refuse(page.Form, err, "account/email", page)
	}
	v.Notice("account.email_requested", v.Value("email"))
	return v.Redirect(v.account("email"))
}

// passwordProvider is the provider of addresses with passwords.
const passwordProvider = "emailpass"

// passwordPage is the data of account/password.
type passwordPage struct {
	accountView

	Email string
	Form  *Form
}

// newPasswordPage is for an identity that signs in with a password. The API sets a new one
// by a link in a mail, which proves more than a session does.
func newPasswordPage(v *Visit) (page passwordPage, err error) {
	ways, err := v.ways()
	if err != nil {
		return page, err
	}
	for _, w := range ways {
		if w.Provider == passwordProvider {
			return passwordPage{v.section(sectionSecurity), w.EntityID, &Form{Button: v.T("account.mail_link")}}, nil
		}
	}
	return page, errNotFound
}

func showPassword(v *Visit) error {
	page, err := newPasswordPage(v)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, "account/password", page)
}

func mailPassword(v *Visit) error {
	page, err := newPasswordPage(v)
	if err != nil {
		return err
	}
	route := "/auth/" + url.PathEscape(v.ActorType) + "/" + passwordProvider + "/reset-password"
	if err := v.Post(route, record{"identifier": page.Email}, nil); err != nil {
		return v.refuse(page.Form, err, "account/password", page)
	}
	v.Notice("account.password_mailed", page.Email)
	return v.Redirect(v.account("security"))
}
