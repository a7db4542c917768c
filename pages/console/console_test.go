package console_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

func TestEveryPageShowsHostileDataAsText(t *testing.T) {
	t.Parallel()

	for path := range everyPage {
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.fill()
			p := w.Open(path)
			require.Equal(t, http.StatusOK, p.Status, p.Text())
			require.NotContains(t, p.HTML, "<img", "data is text")
			require.NotEmpty(t, p.Title())
			require.NotContains(t, p.HTML, "console.", "every message exists")
			require.Equal(t, "root@example.com", textOf(p, "who"))
		})
	}
}

// textOf is the text of the first paragraph of a class.
func textOf(p *pagestest.Page, class string) string {
	for _, node := range p.Elements("p") {
		if pagestest.Attribute(node, "class") == class && node.FirstChild != nil {
			return node.FirstChild.Data
		}
	}
	return ""
}

func TestHostileDataIsShown(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	for _, path := range []string{"/console/people/customer/cus_1", "/console/events/evt_1", "/console/flows/one?id=authenticate%2F1", "/console/customers"} {
		require.Contains(t, w.Open(path).Text(), hostile, path)
	}
}

func TestOnlyAdministratorsGetIn(t *testing.T) {
	t.Parallel()

	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"without a session":        {http.StatusUnauthorized, `{"type":"unauthorized","message":"Unauthorized"}`},
		"a customer":               {http.StatusOK, `{"session":{"actor_type":"customer","actor_id":"cus_1"}}`},
		"a courier":                {http.StatusOK, `{"session":{"actor_type":"courier","actor_id":"courier_1"}}`},
		"a user without account":   {http.StatusOK, `{"session":{"actor_type":"user","actor_id":""}}`},
		"a session that has ended": {http.StatusOK, `{"session":{"actor_type":"user","actor_id":"user_me"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.fill()
			w.api.On("GET /auth/sessions/current", answer.status, answer.body)
			w.api.On("GET /admin/users/me", http.StatusUnauthorized, `{"type":"unauthorized","message":"Unauthorized"}`)
			for path := range everyPage {
				p := w.Open(path)
				require.Equal(t, "/ui/user", p.Path, "%s leads to the sign-in", path)
				require.NotContains(t, p.HTML, "onerror")
			}
			for _, path := range []string{"/console/people/customer/cus_1/delete", "/console/keys", "/console/schedules/clean-up/pause", "/console/sign-out"} {
				require.Equal(t, "/ui/user", w.Post(path, url.Values{"confirmed": {"true"}, "word": {"ada@example.com"}}).Path)
			}
			for _, call := range w.api.Calls() {
				require.Equal(t, http.MethodGet, call.Method, call.Path)
				require.Contains(t, []string{"/auth/sessions/current", "/admin/users/me", "/auth/user/providers"}, call.Path, "nothing else is asked")
			}
		})
	}
}

func TestTheSignInLeadsBack(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("GET /auth/sessions/current", http.StatusUnauthorized, `{}`)
	w.api.On("POST /auth/user/emailpass", http.StatusOK, `{"token":"x.`+base64.RawURLEncoding.EncodeToString([]byte(`{"actor_id":"user_me"}`))+`.x"}`)
	w.api.On("POST /auth/session", http.StatusOK, `{}`)
	p := w.Open("/console/flows?attention=true")
	require.Equal(t, "/ui/user", p.Path)
	w.signedIn(`"recent_sign_in":true`)
	w.fill()
	p = p.Submit("/ui/user", map[string]string{"email": "root@example.com", "password": "p"})
	require.Equal(t, "/console/flows", p.Path)
}

// An administrator who lacks a permission sees neither the page nor a link or button that needs it.
func TestPermissionsAreRespected(t *testing.T) {
	t.Parallel()

	for path, needs := range everyPage {
		if needs == "" {
			continue
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.fill()
			w.permit(needs)
			p := w.Open(path)
			require.Equal(t, http.StatusOK, p.Status, p.Text())
			if strings.Count(needs, ",") == 0 {
				for _, form := range p.Elements("form") {
					action := pagestest.Attribute(form, "action")
					question := action == "" && strings.HasSuffix(path, "/revoke")
					if pagestest.Attribute(form, "method") == "post" && !question && !strings.HasSuffix(action, "/reset") {
						require.Equal(t, "/console/sign-out", action, "a form that would be refused")
					}
				}
			}
			w.permit(`"nothing:read"`)
			w.api.On("GET /admin/couriers/courier_1", http.StatusForbidden, `{"type":"forbidden","message":"Insufficient permissions."}`)
			w.api.On("GET /admin/customers/cus_1", http.StatusForbidden, `{"type":"forbidden","message":"Insufficient permissions."}`)
			w.api.On("GET /admin/users/user_2", http.StatusForbidden, `{"type":"forbidden","message":"Insufficient permissions."}`)
			p = w.Open(path)
			if strings.HasPrefix(path, "/console/people/identity/") {
				require.NotContains(t, p.Text(), "ada@example.com")
				return
			}
			require.Equal(t, http.StatusForbidden, p.Status)
			require.Equal(t, "Not permitted", p.Title())
			require.NotContains(t, p.HTML, "onerror")
			for _, place := range []string{"/console/customers", "/console/keys", "/console/events", "/console/roles"} {
				require.NotContains(t, p.Links(), place)
			}
		})
	}
}

func TestNavigationShowsWhatIsPermitted(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	require.NotContains(t, w.Open("/console").Links(), "/console/roles", "without roles there are none to manage")
	w.api.Calls()
	w.permit(`"customer:read","rbac_role:read"`)
	p := w.Open("/console")
	require.Contains(t, p.Links(), "/console/roles")
	require.Contains(t, p.Links(), "/console/customers")
	require.NotContains(t, p.Links(), "/console/keys")
	require.Contains(t, p.Text(), "Welcome, root@example.com.", "there is an overview without statistics")
	for _, call := range w.api.Calls() {
		require.NotEqual(t, "/admin/flows", call.Path, "what would be refused is not asked")
	}
}

func TestListsHavePages(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	w.api.On("GET /admin/customers", http.StatusOK, `{"customers":[{"id":"cus_1"},{"id":"cus_2"}],"count":60,"offset":25,"limit":25}`)
	p := w.Open("/console/customers?q=a%26b&offset=25")
	require.Contains(t, p.Links(), "/console/customers?q=a%26b")
	require.Contains(t, p.Links(), "/console/customers?offset=27&q=a%26b")
	require.Contains(t, p.Text(), "26–27 of 60")
	calls := w.api.Calls()
	require.Equal(t, "limit=25&offset=25&order=-created_at&q=a%26b", calls[len(calls)-1].Query)
}
