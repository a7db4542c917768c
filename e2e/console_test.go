package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConsole runs a service from the console: an administrator signs in, finds a customer,
// sees what happened to them, helps them and deletes them, and pauses a schedule.
func TestConsole(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	p.admin(t)
	customer := p.customerAt(t, "ada@example.com")

	b := p.browser(t)
	page := b.Open("/console/people?q=ada%40example.com")
	require.Equal(t, "/ui/user", page.Path, "only administrators get in")
	attacker := p.browser(t)
	signInOnPages(attacker, "ada@example.com", password)
	planted := attacker.Cookie("connect.sid")
	require.NotEmpty(t, planted)
	b.SetCookie(&http.Cookie{Name: "connect.sid", Value: planted, Path: "/"})
	page = page.Submit("/ui/user", map[string]string{"email": "root@example.com", "password": password})
	require.Equal(t, "/console/people", page.Path, page.Text())
	require.NotEqual(t, planted, b.Cookie("connect.sid"), "a session that someone has planted is not the administrator's")
	require.Equal(t, "/ui/user", attacker.Open("/console").Path)
	person := ""
	for _, to := range page.Links() {
		if strings.HasPrefix(to, "/console/people/customer/") {
			person = to
		}
	}
	require.NotEmpty(t, person, page.Text())

	require.Eventually(t, func() bool {
		page = b.Open(person)
		return strings.Contains(page.Text(), "Registration")
	}, waitFor, tick, "Temporal lists a flow a moment after it has ended")
	for _, text := range []string{"ada@example.com", "Password", "Registration", "auth.identity_registered"} {
		require.Contains(t, page.Text(), text)
	}
	for _, to := range page.Links() {
		if strings.HasPrefix(to, "/console/flows/") || strings.HasPrefix(to, "/console/events/") {
			require.Equal(t, http.StatusOK, b.Open(to).Status, to)
		}
		if strings.Contains(to, "/disable?") {
			disabled := b.Post(to, url.Values{"confirmed": {"true"}, "reason": {"Asked by phone."}})
			require.Contains(t, disabled.Text(), "Disabled. All sessions have ended.")
		}
	}
	require.Equal(t, http.StatusUnauthorized, p.call(t, http.MethodGet, "/store/customers/me", nil, bearer(customer)...).status)
	page = b.Open(person).Submit(person+"/enable", nil)
	require.Contains(t, page.Text(), "The user can sign in again.")
	asked := p.call(t, http.MethodDelete, "/store/customers/me", nil, bearer(p.login(t, "ada@example.com", password))...)
	require.Equal(t, http.StatusAccepted, asked.status, string(asked.raw))
	require.Contains(t, b.Open(person).Text(), "This account will be deleted on")
	require.Contains(t, b.Open(person).Submit(person+"/keep", nil).Text(), "The account stays.")
	require.NotContains(t, b.Open(person).Text(), "This account will be deleted on")
	scheduled := b.Post(person+"/schedule-deletion", url.Values{"confirmed": {"true"}})
	require.Contains(t, scheduled.Text(), "This account will be deleted on", "an administrator can do so too")
	b.Post(person+"/keep", nil)
	require.NotContains(t, b.Open(person).Text(), "This account will be deleted on")
	require.Contains(t, text(p.mailTo(t, "ada@example.com", "customer.deletion_cancelled", 2), "text"), "An administrator of Everlatch cancelled the deletion")
	p.login(t, "ada@example.com", password)
	require.Contains(t, b.Open(person).Submit(person+"/end-sessions", nil).Text(), "All sessions have ended.")

	require.Contains(t, b.Open(person+"/profile").Submit("", map[string]string{"first_name": "Ada", "phone": "030 1"}).Text(), "030 1")
	page = b.Open(person+"/addresses/new").Submit("", map[string]string{"address_1": "Allee 2", "city": "Berlin"})
	require.Contains(t, page.Text(), "Allee 2")
	require.Contains(t, b.Open("/console/health").Text(), "database.reachable")
	page = b.Open("/ui/user/account/confirm?to="+url.QueryEscape(person+"/delete")).Submit("/ui/user/account/confirm", map[string]string{"password": password})
	require.Equal(t, person+"/delete", page.Path, "the session is confirmed by the password, and leads back")

	require.Equal(t, http.StatusUnprocessableEntity, b.Open(person+"/delete").Submit("", map[string]string{"word": "bo@example.com"}).Status)
	page = b.Open(person+"/delete").Submit("", map[string]string{"word": "ada@example.com"})
	require.Contains(t, page.Text(), "was deleted.")
	require.Equal(t, http.StatusNotFound, b.Open(person).Status)

	require.Eventually(t, func() bool { return strings.Contains(b.Open("/console/schedules").Text(), "clean-up") }, waitFor, tick,
		"Temporal lists a job a moment after it was made")
	page = b.Open("/console/schedules").Submit("/console/schedules/clean-up/pause", nil)
	require.Contains(t, page.Text(), "clean-up is paused.")
	require.Contains(t, b.Open("/console/schedules").Submit("/console/schedules/clean-up/resume", nil).Text(), "clean-up is running again.")
	require.Equal(t, "/ui/user", b.Post("/console/sign-out", nil).Path)
	require.Equal(t, "/ui/user", b.Open("/console").Path)
}

// TestConsoleRoles gives a role a permission and takes it back: the page shows what the API
// answers, and each button is about the permission beside it.
func TestConsoleRoles(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes + "rbac: {enabled: true}\n"})
	p.admin(t)
	b := p.browser(t)
	page := b.Open("/console/roles").Submit("/ui/user", map[string]string{"email": "root@example.com", "password": password})
	require.Equal(t, "/console/roles", page.Path, page.Text())
	page = page.Submit("/console/roles", map[string]string{"name": "support"})
	require.Contains(t, page.Text(), "The role support was created.")
	role := page.Path
	require.Contains(t, page.Text(), "This role has no permissions.")

	policies := p.call(t, http.MethodGet, "/admin/rbac/policies?key=customer%3Aread", nil, "Cookie", "connect.sid="+b.Cookie("connect.sid")).json(t)
	id := text(policies["policies"].([]any)[0].(object), "id") //nolint:forcetypeassert // the test fails
	page = page.Submit(role+"/policies", map[string]string{"policy": id})
	require.Equal(t, role, page.Path, page.Text())
	form, found := page.Form(role + "/policies/remove")
	require.True(t, found, page.Text())
	require.Equal(t, id, form["policy"])
	require.Contains(t, page.Text(), "customer:read Remove")
	page = page.Submit(role+"/policies/remove", nil)
	require.Contains(t, page.Text(), "This role has no permissions.")
	require.Contains(t, b.Open("/console/roles/role_super_admin").Text(), "*:*")
}
