package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

// changes are the calls that are no reads.
func changes(calls []pagestest.Call) []pagestest.Call {
	var out []pagestest.Call
	for _, c := range calls {
		if c.Method != http.MethodGet {
			out = append(out, c)
		}
	}
	return out
}

// What cannot be undone, with what has to be typed and the call that does it.
var irreversible = map[string]struct{ word, does string }{
	"/console/people/customer/cus_1/delete":                {"ada@example.com", "DELETE /admin/customers/cus_1"},
	"/console/people/user/user_2/delete":                   {"bo@example.com", "DELETE /admin/users/user_2"},
	"/console/people/courier/courier_1/delete":             {"courier_1", "DELETE /admin/couriers/courier_1"},
	"/console/people/identity/authid_1/delete":             {"authid_1", "DELETE /admin/auth-identities/authid_1"},
	"/console/people/customer/cus_1/factors/authid_1/fa_1": {"", "DELETE /admin/auth-identities/authid_1/factors/fa_1"},
	"/console/keys/apk_1/revoke":                           {hostile, "POST /admin/api-keys/apk_1/revoke"},
	"/console/keys/apk_1/delete":                           {"", "DELETE /admin/api-keys/apk_1"},
	"/console/roles/role_1/delete":                         {hostile, "DELETE /admin/rbac/roles/role_1"},
}

func TestWhatCannotBeUndoneIsConfirmed(t *testing.T) {
	t.Parallel()

	for path, want := range irreversible {
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.fill()
			w.api.On(want.does, http.StatusOK, `{}`)
			p := w.Open(path)
			require.Equal(t, http.StatusOK, p.Status, p.Text())
			typed := map[string]string{"word": want.word, "reason": "Asked by phone."}

			for name, values := range map[string]url.Values{
				"nothing":           {},
				"not on the page":   {"word": {want.word}, "reason": {"Asked by phone."}},
				"the word is wrong": {"confirmed": {"true"}, "word": {"something else"}},
			} {
				if name == "the word is wrong" && want.word == "" && p.Elements("input") != nil && want.does != "DELETE /admin/auth-identities/authid_1/factors/fa_1" {
					continue // there is none to type
				}
				refused := w.Post(path, values)
				require.Equal(t, http.StatusUnprocessableEntity, refused.Status, name)
				require.Equal(t, p.Title(), refused.Title())
			}
			require.Empty(t, changes(w.api.Calls()), "nothing was done")

			done := p.Submit("", typed)
			require.Equal(t, http.StatusOK, done.Status, done.Text())
			require.Equal(t, []string{want.does}, pagestest.Routes(changes(w.api.Calls())))
		})
	}
}

func TestWhatCannotBeUndoneNeedsARecentSecondFactor(t *testing.T) {
	t.Parallel()

	for name, session := range map[string]struct {
		state, asks string
	}{
		"an old second factor":  {`"mfa_enabled":true,"recent_sign_in":true,"recent_second_factor":false`, "code"},
		"an old sign-in":        {`"mfa_enabled":false,"recent_sign_in":false,"recent_second_factor":false`, "password"},
		"an unknown time of it": {`"x":0`, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.fill()
			w.signedIn(session.state)
			if session.asks == "password" {
				w.api.On("GET /auth/mfa/factors", http.StatusOK, `{"mfa_factors":[]}`)
			}
			for path, want := range irreversible {
				for _, p := range []*pagestest.Page{
					w.Open(path), w.Post(path, url.Values{"confirmed": {"true"}, "word": {want.word}, "reason": {"Asked by phone."}}),
				} {
					require.Equal(t, "/ui/user/account/confirm", p.Path)
					require.Contains(t, p.Links(), "/ui/user?return_to="+url.QueryEscape(path), "it leads back to the question")
					asked, _ := p.Form("/ui/user/account/confirm")
					require.Contains(t, asked, session.asks)
					require.Equal(t, path, asked["to"])
				}
			}
			require.Empty(t, changes(w.api.Calls()), "nothing was done")
		})
	}
	t.Run("a recent sign-in is enough without a second factor", func(t *testing.T) {
		t.Parallel()

		w := newWorld(t)
		w.fill()
		w.signedIn(`"mfa_enabled":false,"recent_sign_in":true,"recent_second_factor":false`)
		require.Equal(t, "/console/keys/apk_1/revoke", w.Open("/console/keys/apk_1/revoke").Path)
	})
}

func TestStepUpLeadsNowhereElse(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	w.signedIn(`"mfa_enabled":true`)
	for _, to := range []string{"https://evil.example", "//evil.example", "/ui/user/sign-out", "/consoleevil", ""} {
		require.Contains(t, w.Open("/console/step-up?return_to="+url.QueryEscape(to)).Links(), "/ui/user?return_to=%2Fconsole", to)
	}
}

func TestActions(t *testing.T) {
	t.Parallel()

	const person = "/console/people/customer/cus_1"
	const resetOfAda = "POST /admin/auth-identities/authid_1/reset-password"
	ofAda := url.Values{"identity": {"authid_1"}}
	for path, want := range map[string]struct {
		form url.Values
		call string
		body map[string]any
		ends string
	}{
		person + "/enable":                    {url.Values{"identity": {"authid_1"}}, "POST /admin/auth-identities/authid_1/enable", map[string]any{}, person},
		person + "/end-sessions":              {url.Values{"identity": {"authid_1"}}, "DELETE /admin/auth-identities/authid_1/sessions", nil, person},
		person + "/end-session":               {url.Values{"identity": {"authid_1"}, "session": {"si_1"}}, "DELETE /admin/auth-identities/authid_1/sessions/si_1", nil, person},
		person + "/disable?identity=authid_1": {url.Values{"confirmed": {"true"}, "reason": {"Fraud"}}, "POST /admin/auth-identities/authid_1/disable", map[string]any{"reason": "Fraud"}, person},
		person + "/reset":                     {ofAda, resetOfAda, map[string]any{"actor_type": "customer"}, person},
		"/console/people/user/user_2/reset":   {ofAda, resetOfAda, map[string]any{"actor_type": "user"}, "/console/people/user/user_2"},
		"/console/people/courier/courier_1/reset": {
			ofAda, resetOfAda, map[string]any{"actor_type": "courier"}, "/console/people/courier/courier_1",
		},
		person + "/profile": {
			url.Values{"first_name": {"Ada"}, "phone": {" 030 "}},
			"POST /admin/customers/cus_1",
			map[string]any{"first_name": "Ada", "last_name": nil, "company_name": nil, "phone": "030"},
			person,
		},
		"/console/people/user/user_2/profile": {
			url.Values{"last_name": {"Bo"}}, "POST /admin/users/user_2", map[string]any{"first_name": nil, "last_name": "Bo"}, "/console/people/user/user_2",
		},
		person + "/addresses/cuaddr_1/remove":      {url.Values{"confirmed": {"true"}}, "DELETE /admin/customers/cus_1/addresses/cuaddr_1", nil, person},
		person + "/schedule-deletion":              {url.Values{"confirmed": {"true"}}, "POST /admin/customers/cus_1/deletion", map[string]any{}, person},
		person + "/keep":                           {nil, "DELETE /admin/customers/cus_1/deletion", nil, person},
		"/console/people/user/user_2/roles":        {url.Values{"role": {"role_9"}}, "POST /admin/users/user_2/roles", map[string]any{"roles": []any{"role_9"}}, "/console/people/user/user_2"},
		"/console/people/user/user_2/roles/revoke": {url.Values{"role": {"role_1"}}, "DELETE /admin/users/user_2/roles/role_1", nil, "/console/people/user/user_2"},
		"/console/invites":                         {url.Values{"email": {"d@example.com"}}, "POST /admin/invites", map[string]any{"email": "d@example.com"}, "/console/invites"},
		"/console/invites/invite_1/resend":         {nil, "POST /admin/invites/invite_1/resend", map[string]any{}, "/console/invites"},
		"/console/invites/invite_1/revoke":         {url.Values{"confirmed": {"true"}}, "DELETE /admin/invites/invite_1", nil, "/console/invites"},
		"/console/groups":                          {url.Values{"name": {"VIP"}}, "POST /admin/customer-groups", map[string]any{"name": "VIP"}, "/console/groups/cusgroup_1"},
		"/console/groups/cusgroup_1":               {url.Values{"name": {"VIP"}}, "POST /admin/customer-groups/cusgroup_1", map[string]any{"name": "VIP"}, "/console/groups/cusgroup_1"},
		"/console/groups/cusgroup_1/add":           {url.Values{"customer": {"ada@example.com"}}, "POST /admin/customer-groups/cusgroup_1/customers", map[string]any{"add": []any{"cus_1"}}, "/console/groups/cusgroup_1"},
		"/console/groups/cusgroup_1/remove":        {url.Values{"customer": {"cus_1"}}, "POST /admin/customer-groups/cusgroup_1/customers", map[string]any{"remove": []any{"cus_1"}}, "/console/groups/cusgroup_1"},
		"/console/groups/cusgroup_1/delete":        {url.Values{"confirmed": {"true"}}, "DELETE /admin/customer-groups/cusgroup_1", nil, "/console/groups"},
		"/console/roles":                           {url.Values{"name": {"support"}}, "POST /admin/rbac/roles", map[string]any{"name": "support"}, "/console/roles/role_1"},
		"/console/roles/role_1/policies":           {url.Values{"policy": {"pol_2"}}, "POST /admin/rbac/roles/role_1/policies", map[string]any{"policies": []any{"pol_2"}}, "/console/roles/role_1"},
		"/console/roles/role_1/policies/remove":    {url.Values{"policy": {"pol_1"}}, "DELETE /admin/rbac/roles/role_1/policies/pol_1", nil, "/console/roles/role_1"},
		"/console/events/evt_1/release":            {nil, "POST /admin/events/evt_1/release", map[string]any{}, "/console/events/evt_1"},
		"/console/events/evt_1/replay":             {url.Values{"confirmed": {"true"}}, "POST /admin/events/evt_1/replay", map[string]any{}, "/console/events/evt_1"},
		"/console/schedules/clean-up/pause":        {nil, "POST /admin/schedules/clean-up/pause", map[string]any{}, "/console/schedules"},
		"/console/schedules/clean-up/resume":       {nil, "POST /admin/schedules/clean-up/resume", map[string]any{}, "/console/schedules"},
		"/console/schedules/clean-up/trigger":      {nil, "POST /admin/schedules/clean-up/trigger", map[string]any{}, "/console/schedules"},
		"/console/sign-out":                        {nil, "DELETE /auth/session", nil, "/ui/user"},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.fill()
			w.api.On(want.call, http.StatusOK, `{"customer_group":{"id":"cusgroup_1","name":"VIP"},"role":{"id":"role_1","name":"support"}}`)
			p := w.Post(path, want.form)
			require.Equal(t, http.StatusOK, p.Status, p.Text())
			require.Equal(t, want.ends, p.Path)
			done := changes(w.api.Calls())
			require.Equal(t, []string{want.call}, pagestest.Routes(done))
			require.Equal(t, want.body, done[0].Body)

			w.api.On(want.call, http.StatusForbidden, `{"type":"forbidden","message":"Insufficient permissions."}`)
			p = w.Post(path, want.form)
			require.Equal(t, http.StatusForbidden, p.Status, "a refusal is a page")
			require.Contains(t, p.Text(), "Insufficient permissions.")
		})
	}
}

// A person with several identities gets the link for the one whose button was pressed.
func TestResetOfOneIdentity(t *testing.T) {
	t.Parallel()

	const person, route = "/console/people/customer/cus_1", "POST /admin/auth-identities/authid_2/reset-password"
	w := newWorld(t)
	w.fill()
	of := func(id, disabledAt string) string {
		return `{"id":"` + id + `","disabled_at":` + disabledAt + `,"provider_identities":[{"id":"p","provider":"emailpass","entity_id":"` + id + `@example.com"}]}`
	}
	w.api.On("GET /admin/auth-identities", http.StatusOK, `{"auth_identities":[`+of("authid_1", "null")+`,`+of("authid_2", "null")+`],"count":2}`)
	w.api.On("GET /admin/auth-identities/authid_1", http.StatusOK, `{"auth_identity":`+of("authid_1", "null")+`}`)
	w.api.On("GET /admin/auth-identities/authid_2", http.StatusOK, `{"auth_identity":`+of("authid_2", "null")+`}`)
	w.api.On(route, http.StatusOK, `{"success":true}`)
	buttons := func() (out []string) {
		for _, form := range w.Open(person).Elements("form") {
			if pagestest.Attribute(form, "action") == person+"/reset" {
				out = append(out, pagestest.Attribute(form.FirstChild, "value"))
			}
		}
		return out
	}
	require.Equal(t, []string{"authid_1", "authid_2"}, buttons())
	sent := w.Post(person+"/reset", url.Values{"identity": {"authid_2"}})
	require.Contains(t, sent.Text(), "authid_2@example.com")
	require.Equal(t, []string{route}, pagestest.Routes(changes(w.api.Calls())))
	for _, identity := range []string{"", "authid_3"} {
		require.Equal(t, http.StatusNotFound, w.Post(person+"/reset", url.Values{"identity": {identity}}).Status, "of another person")
	}
	require.Empty(t, changes(w.api.Calls()))

	w.api.On("GET /admin/auth-identities/authid_1", http.StatusOK, `{"auth_identity":`+of("authid_1", `"2026-11-29T10:00:00.000Z"`)+`}`)
	require.Equal(t, []string{"authid_2"}, buttons(), "the user of a disabled one could not use the link")
}

func TestASecretIsShownOnce(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	w.api.On("POST /admin/api-keys", http.StatusOK, `{"api_key":{"id":"apk_2","title":"ERP","type":"secret","token":"sk_secret"}}`)
	p := w.Open("/console/keys").Submit("/console/keys", map[string]string{"title": "ERP", "type": "secret"})
	require.Contains(t, p.Text(), "sk_secret")
	require.Equal(t, "no-store", p.Header.Get("Cache-Control"))
	require.NotContains(t, w.Open("/console/keys").HTML, "sk_secret")

	w.api.On("POST /admin/api-keys", http.StatusBadRequest, `{"type":"invalid_data","message":"The title is too long."}`)
	p = w.Post("/console/keys", url.Values{"title": {"ERP"}, "type": {"secret"}})
	require.Equal(t, http.StatusBadRequest, p.Status)
	require.Contains(t, p.Text(), "The title is too long.")
	require.Equal(t, http.StatusUnprocessableEntity, w.Post("/console/keys", url.Values{"type": {"secret"}}).Status)
}

func TestChartsHaveATable(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	p := w.Open("/console")
	require.Contains(t, p.Text(), "12,345")
	var titles int
	for _, node := range p.Elements("svg") {
		if pagestest.Attribute(node, "role") == "img" {
			titles++
			require.NotEmpty(t, pagestest.Attribute(node, "aria-labelledby"))
		}
	}
	require.Equal(t, 3, titles)
	require.Contains(t, p.HTML, `<desc id="sign-ins-d">Sign-ins: 40, Registrations: 10</desc>`)
	require.Contains(t, p.HTML, `height="110"`, "40 of 50, and the highest column is as high as the drawing")
}

func TestTheFlowLinksToTemporal(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	require.Contains(t, w.Open("/console/flows/one?id=authenticate%2F1").Links(),
		"http://temporal.example/namespaces/default/workflows/authenticate%2F1/run1/history")
}
