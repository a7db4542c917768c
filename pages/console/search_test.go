package console_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages/pagestest"
)

// queryOf is the query of the only call of a route.
func queryOf(t *testing.T, calls []pagestest.Call, path string) string {
	t.Helper()
	var found []string
	for _, c := range calls {
		if c.Path == path {
			found = append(found, c.Query)
		}
	}
	require.Len(t, found, 1, path)
	return found[0]
}

func TestSearch(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	p := w.Open("/console/people?q=ada%26x")
	for _, to := range []string{
		"/console/people/customer/cus_1", "/console/people/user/user_2", "/console/people/courier/courier_1", "/console/customers?q=ada%26x",
	} {
		require.Contains(t, p.Links(), to)
	}
	calls := w.api.Calls()
	require.Equal(t, "limit=8&q=ada%26x", queryOf(t, calls, "/admin/people"))
	require.NotContains(t, pagestest.Routes(calls), "GET /admin/flows", "it is no id of a request")
}

func TestARequestIDFindsItsFlows(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	w.api.On("GET /admin/people", http.StatusOK, `{"people":{},"limit":8,"not_permitted":[]}`)
	p := w.Open("/console/people?q=req_01KB")
	require.Equal(t, "limit=8&request_id=req_01KB", queryOf(t, w.api.Calls(), "/admin/flows"))
	require.Contains(t, p.Links(), "/console/flows/one?id=authenticate%2F1")
	require.NotContains(t, p.Text(), "Nothing was found.")

	w.permit(`"customer:read"`)
	w.api.Calls()
	require.Contains(t, w.Open("/console/people?q=req_01KB").Text(), "Nothing was found.")
	require.NotContains(t, pagestest.Routes(w.api.Calls()), "GET /admin/flows", "what would be refused is not asked")
}

func TestASearchThatIsRefusedSaysWhy(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	w.api.On("GET /admin/people", http.StatusBadRequest, `{"type":"invalid_data","message":"One word has at least 3 characters."}`)
	p := w.Open("/console/people?q=ab")
	require.Equal(t, http.StatusBadRequest, p.Status)
	require.Contains(t, p.Text(), "One word has at least 3 characters.")
	require.Equal(t, "Search people", p.Title(), "the form is still there")
}

// A name is one for people, in their language.
func TestProvidersHaveNames(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	p := w.Open("/console/people/customer/cus_1")
	for _, text := range []string{"Password", "Google", "Authenticator app"} {
		require.Contains(t, p.Text(), text)
	}
	for _, id := range []string{"emailpass", "totp"} {
		require.NotContains(t, p.Text(), id)
	}
}

// Everything of a person is that of all identities.
func TestAPersonWithTwoIdentities(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	one := `{"id":"authid_1","app_metadata":{"customer_id":"cus_1"},"provider_identities":[]}`
	other := `{"id":"authid_2","app_metadata":{"customer_id":"cus_1"},"provider_identities":[]}`
	w.api.On("GET /admin/auth-identities", http.StatusOK, `{"auth_identities":[`+one+`,`+other+`],"count":23}`)
	w.api.On("GET /admin/auth-identities/authid_2", http.StatusOK, `{"auth_identity":`+other+`,"factors":[],"sign_ins":[{"id":"si_2","live":true,"device":"Firefox"}]}`)
	w.api.Handle("GET /admin/events", func(rw http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("auth_identity_id")
		at := map[string]string{"authid_1": "2026-11-28T10:00:00.000Z", "authid_2": "2026-11-29T10:00:00.000Z"}[id]
		_, _ = rw.Write([]byte(`{"events":[{"id":"evt_` + id + `","name":"of.` + id + `","created_at":"` + at + `"}]}`))
	})
	w.api.Handle("GET /admin/event-deliveries", func(rw http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "mail", r.URL.Query().Get("subscriber"))
		_, _ = rw.Write([]byte(`{"deliveries":[{"event_id":"evt_mail","event":"mail.` + r.URL.Query().Get("auth_identity_id") + `","status":"delivered"}]}`))
	})
	p := w.Open("/console/people/customer/cus_1")
	for _, text := range []string{"Firefox", "of.authid_1", "of.authid_2", "mail.authid_1", "mail.authid_2", "not shown: 21"} {
		require.Contains(t, p.Text(), text)
	}
	require.Equal(t, "actor_id=cus_1&email=ada%40example.com&limit=10", queryOf(t, w.api.Calls(), "/admin/flows"), "the API finds those of all identities")
}

func TestARemovalCanBeUndone(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	p := w.Open("/console/people/customer/cus_1")
	require.Contains(t, p.Text(), "14 December 2026")
	w.api.On("DELETE /admin/customers/cus_1/deletion", http.StatusOK, `{}`)
	require.Contains(t, p.Submit("/console/people/customer/cus_1/keep", nil).Text(), "The account stays.")
	w.api.On("GET /admin/customers/cus_1/deletion", http.StatusOK, `{"deletion":null}`)
	_, there := w.Open("/console/people/customer/cus_1").Form("/console/people/customer/cus_1/keep")
	require.False(t, there)
	require.Equal(t, http.StatusNotFound, w.Post("/console/people/user/user_2/keep", nil).Status)
}

func TestHealth(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	p := w.Open("/console/health")
	for _, text := range []string{"Faults: 1. Warnings: 0.", "Database", "database.reachable", "OK", "mail.server", "Fault", "mail.smtp"} {
		require.Contains(t, p.Text(), text)
	}
	require.NotContains(t, p.Text(), "`", "code is marked as code")
	w.api.On("GET /admin/doctor", http.StatusOK, `{"report":{"ok":true,"faults":0,"warnings":0,"checks":[]}}`)
	require.Contains(t, w.Open("/console/health").Text(), "Everything works as it should.")
}

// The audit log says who did what to whom, by names, and leads there.
func TestTheAuditLogNamesAdministrators(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	w.api.On("GET /admin/audit", http.StatusOK, `{"entries":[
		{"actor_type":"user","actor_id":"user_2","action":"/admin/customers/:id","target_id":"cus_1"},{"actor_type":"user","actor_id":"user_2","target_id":"x"},
		{"actor_type":"user","actor_id":"user_gone"},{"actor_type":"cli","actor_id":"deploy"}],"count":4}`)
	w.api.On("GET /admin/users", http.StatusOK, `{"users":[{"id":"user_2","email":"bo@example.com"}]}`)
	p := w.Open("/console/audit")
	for _, text := range []string{"bo@example.com", "user_gone", "deploy"} {
		require.Contains(t, p.Text(), text)
	}
	require.NotContains(t, p.Text(), "user_2")
	require.Contains(t, p.Links(), "/console/people/customer/cus_1")
	require.Equal(t, "id%5B%5D=user_2&id%5B%5D=user_gone&limit=25&with_deleted=true", queryOf(t, w.api.Calls(), "/admin/users"))

	w.permit(`"audit:read"`)
	require.Contains(t, w.Open("/console/audit").Text(), "user_2", "without the permission to read administrators, ids have to do")
}
