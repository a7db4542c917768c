package console

import (
	"net/http"
	"net/url"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) inviteRoutes() map[string]pages.Handler {
	const one = "/console/invites/{id}"
	return map[string]pages.Handler{
		"GET /console/invites":    c.page([]string{"invite:read"}, c.listInvites),
		"POST /console/invites":   c.page([]string{"invite:create"}, c.createInvite),
		"POST " + one + "/resend": c.page([]string{"invite:update"}, c.resendInvite),
		"GET " + one + "/revoke":  c.page([]string{"invite:delete"}, c.revokeInvite),
		"POST " + one + "/revoke": c.page([]string{"invite:delete"}, c.revokeInvite),
	}
}

type invite struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	ExpiresAt string `json:"expires_at"`
	CreatedAt string `json:"created_at"`
	// Expired is set by the console.
	Expired bool `json:"-"`
}

type invitesPage struct {
	frame
	listing

	Invites []invite
	// Form invites another administrator, nil without the permission.
	Form *pages.Form
}

func (c *console) listInvites(v *visit) error {
	form, err := v.inviteForm()
	if err != nil {
		return err
	}
	return c.showInvites(v, http.StatusOK, form)
}

func (c *console) showInvites(v *visit, status int, form *pages.Form) error {
	var answer struct {
		listing

		Invites []invite
	}
	if err := v.list("/admin/invites", url.Values{"order": {"-created_at"}}, &answer); err != nil {
		return err
	}
	for i := range answer.Invites {
		answer.Invites[i].Expired = c.past(answer.Invites[i].ExpiresAt)
	}
	return v.show(status, "invites", invitesPage{v.frame(), v.paged(answer.listing, len(answer.Invites)), answer.Invites, form})
}

// inviteForm asks for an address and, where there are roles, for the one that the new
// administrator will have.
func (v *visit) inviteForm() (*pages.Form, error) {
	if !v.can("invite:create") {
		return nil, nil //nolint:nilnil // no form, which is not an error
	}
	form := &pages.Form{Action: Path + "/invites", Button: v.T("console.send_invite"), Fields: []pages.Field{
		{Name: "email", Label: v.T("console.email"), Type: "email", Required: true, Autocomplete: "off"},
	}}
	if !v.roles || !v.can("rbac_role:read") {
		return form, nil
	}
	var answer struct{ Roles []role }
	if err := v.Get("/admin/rbac/roles/assignable", &answer); err != nil {
		return nil, err
	}
	field := pages.Field{Name: "role", Label: v.T("console.role"), Type: "select", Options: []pages.Choice{{Label: v.T("console.no_role")}}}
	for _, r := range v.named(answer.Roles) {
		field.Options = append(field.Options, pages.Choice{Value: r.ID, Label: r.Name})
	}
	form.Fields = append(form.Fields, field)
	return form, nil
}

func (c *console) createInvite(v *visit) error {
	form, err := v.inviteForm()
	if err != nil {
		return err
	}
	if !form.Read(v.Visit) {
		return c.showInvites(v, http.StatusUnprocessableEntity, form)
	}
	body := map[string]any{"email": v.Value("email")}
	if role := v.Value("role"); role != "" {
		body["roles"] = []string{role}
	}
	if err := v.Post("/admin/invites", body, nil); err != nil {
		status, err := form.Refuse(v.Visit, err)
		if err != nil {
			return err
		}
		return c.showInvites(v, status, form)
	}
	return v.done("console.invite_sent", v.Value("email"), Path+"/invites")
}

func (c *console) resendInvite(v *visit) error {
	if err := v.Post("/admin/invites/"+url.PathEscape(v.R.PathValue("id"))+"/resend", map[string]string{}, nil); err != nil {
		return err
	}
	return v.done("console.invite_resent", "", Path+"/invites")
}

// revokeInvite asks first. It can be undone by another invite.
func (c *console) revokeInvite(v *visit) error {
	return v.confirm(confirmation{
		Title: v.T("console.revoke_invite_title"), Points: []string{v.T("console.revoke_invite_1")}, Button: v.T("console.revoke"), Back: Path + "/invites",
	}, func() error {
		if err := v.Delete("/admin/invites/"+url.PathEscape(v.R.PathValue("id")), nil); err != nil {
			return err
		}
		return v.done("console.invite_revoked", "", Path+"/invites")
	})
}
