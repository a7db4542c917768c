package api_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/store"
)

// audit returns what was recorded, the latest first.
func (w *world) audit() []everlatch.AuditEntry {
	w.t.Helper()
	found, _, err := w.store.Audit(w.t.Context(), store.AuditFilter{}, store.Page{})
	require.NoError(w.t, err)
	return found
}

func TestAudit(t *testing.T) {
	t.Parallel()
	w := setup(t, options(func(o *api.Options) { o.TrustProxy = 1 }))
	token := w.admin("root@example.com")
	admin, id := bearer(token), w.claims(token).ActorID
	from := with("X-Forwarded-For", "192.0.2.77")
	require.Empty(t, w.audit(), "signing in is no change by an administrator")

	r := w.do("POST", "/admin/customers", object{"email": "secret@example.com"}, admin, from, with("X-Request-Id", "r-1"))
	created := r.text(t, "customer.id")
	require.Equal(t, 200, r.StatusCode)
	e := w.audit()[0]
	require.Regexp(t, `^audit_`, e.ID)
	e.ID = ""
	require.Equal(t, everlatch.AuditEntry{
		ActorType: "user", ActorID: id, Method: "POST", Action: "/admin/customers", TargetID: created, Network: "192.0.2.0/24",
		RequestID: "r-1", CreatedAt: w.clock.Now(), Status: new(200), Outcome: everlatch.AuditDone,
	}, e)

	w.clock.Advance(time.Second)
	require.Equal(t, 404, w.do("DELETE", "/admin/customers/cus_nope/addresses/cuaddr_1", nil, admin).StatusCode)
	e = w.audit()[0]
	require.Equal(t, []string{"cus_nope", "cuaddr_1", "refused"}, []string{e.TargetID, e.PartID, e.Outcome})
	require.Equal(t, 404, *e.Status)

	w.clock.Advance(time.Second)
	w.flows.failWith(everlatch.ErrUnavailable)
	require.Equal(t, 503, w.do("DELETE", "/admin/customers/"+created, nil, admin).StatusCode)
	w.flows.failWith(nil)
	require.Equal(t, everlatch.AuditFailed, w.audit()[0].Outcome)

	count := len(w.audit())
	for _, quiet := range []reply{
		w.do("GET", "/admin/customers", nil, admin),
		w.send(w.raw, "POST", "/admin/nowhere", nil, admin),
		w.do("POST", "/admin/customers", object{}),
		w.do("POST", "/admin/customers", object{}, bearer(w.customer("ada@example.com"))),
	} {
		require.NotEqual(t, 500, quiet.StatusCode)
	}
	require.Len(t, w.audit(), count, "reads, unknown routes and strangers are not recorded")

	for _, entry := range w.audit() {
		require.NotContains(t, strings.Join([]string{entry.TargetID, entry.PartID, entry.Action, entry.RequestID}, " "), "secret@example.com")
	}
	w.clock.Advance(time.Second)
	w.do("POST", "/admin/customers/secret@example.com", object{"first_name": "x"}, admin)
	require.Empty(t, w.audit()[0].TargetID, "an address in the place of an id is not kept")
}

func TestAuditOfKeys(t *testing.T) {
	t.Parallel()
	w := withRBAC(t)
	_, id := w.adminWith("root@example.com", superAdmin)
	own := w.keyOf(id)
	require.Equal(t, 200, w.do("POST", "/admin/customers", object{"email": "a@example.com"}, own).StatusCode)
	e := w.audit()[0]
	require.Equal(t, []string{"user", id}, []string{e.ActorType, e.ActorID}, "a key works for its owner")
	require.Regexp(t, "^apk_", e.APIKeyID)

	orphan := w.keyOf("everlatch-cli")
	require.Equal(t, 403, w.do("POST", "/admin/customers", object{"email": "b@example.com"}, orphan).StatusCode)
	w.clock.Advance(time.Second)
	require.Equal(t, 403, w.do("POST", "/admin/customers", object{"email": "b@example.com"}, orphan).StatusCode)
	e = w.audit()[0]
	require.Equal(t, []string{"api-key", e.APIKeyID, "refused"}, []string{e.ActorType, e.ActorID, e.Outcome}, "what was not permitted is recorded too")
}

func TestAuditOfTheService(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.admin("root@example.com")
	key := w.keyOf(w.claims(token).ActorID)
	identity := w.claims(w.registered("customer", "ada@example.com")).AuthIdentityID
	require.Equal(t, 200, w.do("POST", "/admin/auth/retrieve-auth-identity", object{"id": identity}, key).StatusCode)
	require.Empty(t, w.audit(), "what only reads is not recorded, POST or not")
	require.Equal(t, 200, w.do("POST", "/admin/auth/link-actor", object{"id": identity, "actor": object{"actor_type": "customer", "actor_id": "cus_1"}}, key).StatusCode)
	e := w.audit()[0]
	require.Equal(t, []string{"/admin/auth/link-actor", identity, "done"}, []string{e.Action, e.TargetID, e.Outcome})
}

// parameter is a part of a route.
var parameter = regexp.MustCompile(`:\w+`)

// TestEveryChangeIsAudited: each route under /admin that an administrator may change
// something with leaves an entry, whatever comes of it.
func TestEveryChangeIsAudited(t *testing.T) {
	t.Parallel()
	w := withRBAC(t, options(func(o *api.Options) { o.ResetTokens = api.ResetsAll }))
	token, _ := w.adminWith("root@example.com", superAdmin)
	tried := 0
	for _, r := range w.server.AdminRoutes() {
		if r.Method == http.MethodGet {
			continue
		}
		switch r.Path {
		case "/admin/auth/:method", // with API keys only, see TestAuditOfTheService
			"/admin/users/me/email/undo": // works without a sign-in: a link in a mail does it
			continue
		}
		w.clock.Advance(time.Second)
		before := len(w.audit())
		path := parameter.ReplaceAllString(r.Path, "id_1")
		w.send(w.raw, r.Method, path, object{}, bearer(token))
		entries := w.audit()
		require.Len(t, entries, before+1, "%s %s leaves no entry", r.Method, r.Path)
		require.Equal(t, r.Method, entries[0].Method)
		require.Equal(t, r.Path, entries[0].Action)
		require.NotNil(t, entries[0].Status, r.Path)
		require.NotEmpty(t, entries[0].Outcome, r.Path)
		if strings.Contains(r.Path, ":id") {
			require.Equal(t, "id_1", entries[0].TargetID, r.Path)
		}
		tried++
	}
	require.Greater(t, tried, 50)
}

func TestCustomRoutesAreAudited(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.server.Echo().POST("/admin/brands/:id", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	require.Equal(t, 204, w.send(w.raw, "POST", "/admin/brands/brand_1", nil, bearer(w.admin("root@example.com"))).StatusCode)
	e := w.audit()[0]
	require.Equal(t, []string{"/admin/brands/:id", "brand_1", "done"}, []string{e.Action, e.TargetID, e.Outcome})
}

// A change that can't be recorded is not made.
func TestNoChangeWithoutItsAuthor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin := bearer(w.admin("root@example.com"))
	_, err := w.store.DB().ExecContext(context.WithoutCancel(t.Context()), "ALTER TABLE audit_entry RENAME TO gone")
	require.NoError(t, err)
	require.Equal(t, 500, w.do("POST", "/admin/customers", object{"email": "ada@example.com"}, admin).StatusCode)
	_, count, err := w.store.Customers(t.Context(), store.CustomerFilter{}, store.Page{})
	require.NoError(t, err)
	require.Zero(t, count)
}

func TestListAudit(t *testing.T) {
	t.Parallel()
	w := withRBAC(t)
	token, id := w.adminWith("root@example.com", superAdmin)
	w.do("POST", "/admin/customers", object{"email": "a@example.com"}, bearer(token), with("X-Request-Id", "r-1"))
	w.clock.Advance(time.Minute)
	w.do("POST", "/admin/customers", object{"email": "a@example.com", "unknown": 1}, bearer(token), with("X-Request-Id", "r-2"))
	reader, _ := w.adminWith("reader@example.com", w.role("reader", "audit:read"))
	list := func(query string) reply {
		return w.do("GET", "/admin/audit?fields=request_id,outcome,status&"+query, nil, bearer(reader))
	}
	ids := func(query string) []string {
		var out []string
		for _, m := range regexp.MustCompile(`"request_id":"(.*?)"`).FindAllStringSubmatch(list(query).body, -1) {
			out = append(out, m[1])
		}
		return out
	}
	require.Equal(t, []string{"r-2", "r-1"}, ids("actor_id="+id))
	require.Equal(t, []string{"r-1", "r-2"}, ids("order=created_at"))
	require.Equal(t, []string{"r-2"}, ids("outcome=refused"))
	require.Equal(t, []string{"r-1"}, ids("outcome=done&action=/admin/customers"))
	require.Empty(t, ids("outcome=unknown"))
	require.Empty(t, ids("actor_id=user_2"))
	require.Equal(t, []string{"r-1"}, ids("request_id=r-1"))
	require.Equal(t, []string{"r-2"}, ids("from=2026-11-23T13:48:00Z"))
	require.Equal(t, []string{"r-1"}, ids("to=2026-11-23T13:48:00Z"))
	require.Equal(t, []string{"r-1"}, ids("limit=1&offset=1"))
	require.Contains(t, list("limit=1").body, `"count":2,"offset":0,"limit":1}`)
	require.Equal(t, 400, list("outcome=perhaps").StatusCode)
	require.Equal(t, 400, list("from=soon").StatusCode)
	other, _ := w.adminWith("other@example.com", w.role("other", "event:read"))
	w.do("GET", "/admin/audit", nil, bearer(other)).is(t, insufficient("audit:read"))
}
