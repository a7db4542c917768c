package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/everlatch/everlatch/pages"
)

// visit is a request of an administrator.
type visit struct {
	*pages.Visit

	console *console
	session session
	me      user
	// roles says that permissions depend on roles; permissions are the caller's then.
	roles       bool
	permissions []string
	// page is the template that is shown.
	page string
}

// session is how the caller has signed in: GET /auth/sessions/current.
type session struct {
	ActorType string `json:"actor_type"`
	ActorID   string `json:"actor_id"`
	// IdentityID is what the caller signs in with.
	IdentityID   string `json:"auth_identity_id"`
	HasFactor    bool   `json:"mfa_enabled"`
	RecentSignIn bool   `json:"recent_sign_in"`
	RecentFactor bool   `json:"recent_second_factor"`
}

type handler func(v *visit) error

// page wraps a handler. It answers administrators only, and those only who have the
// permissions that the whole page needs.
func (c *console) page(needs []string, handle handler) pages.Handler {
	return func(visitor *pages.Visit) error {
		v := &visit{Visit: visitor, console: c}
		if err := v.identify(); err != nil {
			if refused, ok := pages.Refused(err); ok && refused.Status == http.StatusUnauthorized {
				return v.signIn()
			}
			return err
		}
		err := v.permitted(needs)
		if err == nil {
			err = handle(v)
		}
		return v.refuse(err)
	}
}

// permitted refuses a page for which permissions are missing, without asking the API for
// what it would refuse.
func (v *visit) permitted(needs []string) error {
	if v.can(needs...) {
		return nil
	}
	return &pages.RefusalError{Status: http.StatusForbidden, Message: v.T("console.needs_permissions", "Permissions", strings.Join(needs, ", "))}
}

// identify finds out who calls and what they may do. The session of another actor type counts
// as none.
func (v *visit) identify() error {
	var of struct{ Session session }
	if err := v.Get("/auth/sessions/current", &of); err != nil {
		return err
	}
	if of.Session.ActorType != "user" || of.Session.ActorID == "" {
		return &pages.RefusalError{Status: http.StatusUnauthorized}
	}
	var me struct{ User user }
	if err := v.Get("/admin/users/me", &me); err != nil {
		return err
	}
	v.session, v.me = of.Session, me.User
	var granted struct{ Permissions []string }
	err := v.Get("/admin/rbac/me/permissions", &granted)
	if refused, ok := pages.Refused(err); ok && refused.Status == http.StatusNotFound {
		return nil // without roles every administrator may do everything
	}
	v.roles, v.permissions = true, granted.Permissions
	return err
}

// can reports whether the caller has all of some permissions.
func (v *visit) can(needs ...string) bool {
	return !v.roles || !slices.ContainsFunc(needs, func(need string) bool { return !slices.Contains(v.permissions, need) })
}

// signIn leads to the sign-in page and back to what was asked for. A form is not sent again,
// so after one it leads to the page that has the form, which is at the same path or not far above.
func (v *visit) signIn() error {
	to := v.R.URL.RequestURI()
	if v.R.Method != http.MethodGet {
		to = Path
	}
	return v.Redirect("/ui/user?return_to=" + url.QueryEscape(to))
}

// refuse shows a refusal within the console.
func (v *visit) refuse(err error) error {
	refused, ok := pages.Refused(err)
	if err == nil || !ok || refused.Status >= http.StatusInternalServerError {
		return err
	}
	if refused.Status == http.StatusUnauthorized {
		return v.signIn()
	}
	title := v.T("console.refused")
	switch refused.Status {
	case http.StatusForbidden:
		title = v.T("console.not_permitted")
	case http.StatusNotFound:
		title = v.T("console.not_found")
	}
	return v.show(refused.Status, "refused", refusedPage{v.frame(), title, v.Explain(refused), v.back()})
}

type refusedPage struct {
	frame

	Title, Text, Back string
}

// back is the page that the visitor came from, if that is one of the console.
func (v *visit) back() string {
	from, err := url.Parse(v.R.Referer())
	if err != nil || from.Host != v.R.Host || !inConsole(from.EscapedPath()) {
		return Path
	}
	return from.RequestURI()
}

func inConsole(path string) bool { return path == Path || strings.HasPrefix(path, Path+"/") }

func notFound(v *visit) error {
	return &pages.RefusalError{Status: http.StatusNotFound, Message: v.T("console.nothing_here")}
}

// show answers with a page of the console.
func (v *visit) show(status int, page string, data any) error {
	v.page = page
	return v.Show(status, "console/"+page, data)
}

// done says what was done and leads to a page of the console.
func (v *visit) done(id, value, to string) error {
	v.Notice(id, value)
	return v.Redirect(to)
}

// signOut ends the session.
func (c *console) signOut(v *visit) error {
	if err := v.Delete("/auth/session", nil); err != nil {
		return err
	}
	return v.Redirect("/ui/user")
}
