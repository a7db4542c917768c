package api_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// fakePersons cancels deletions as the flow does.
type fakePersons struct {
	mu        sync.Mutex
	cancelled []string
	w         *world
}

func (f *fakePersons) CancelDeletion(ctx context.Context, customerID string, by everlatch.ActorRef) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancelled = append(f.cancelled, customerID+" by "+by.ActorType+" "+by.ActorID)
	return f.w.store.CancelDeletion(ctx, customerID, everlatch.Event{
		ID: ids.New(ids.Event, f.w.clock.Now()), Name: everlatch.EventDeletionCancelled, GroupID: "account-deletion/" + customerID,
	})
}

func TestPeople(t *testing.T) {
	t.Parallel()
	w := setup(t, options(withManagers))
	require.Equal(t, 401, w.do("GET", "/admin/people?q=ada", nil).StatusCode)
	root := w.admin("ada.root@example.com")
	admin := bearer(root)
	claims := w.claims(w.customer("ada@example.com"))
	w.customer("bob@example.com")
	managerID := w.claims(w.manager("mina@example.com", object{"name": "Ada"})).ActorID

	found := w.do("GET", "/admin/people?q=ada", nil, admin)
	require.Equal(t, 200, found.StatusCode, found.body)
	require.InDelta(t, 1, found.value(t, "people.customers.count"), 0)
	require.InDelta(t, 1, found.value(t, "people.users.count"), 0)
	require.InDelta(t, 1, found.value(t, "people.managers.count"), 0)
	require.InDelta(t, 2, found.value(t, "people.auth_identities.count"), 0, "by their addresses")
	require.NotContains(t, found.body, "bob@example.com")
	require.Contains(t, found.body, `"limit":10,"not_permitted":[]}`)
	require.NotContains(t, found.body, "supersecret", "credentials are shown without their secrets")

	limited := w.do("GET", "/admin/people?q=example.com&limit=1", nil, admin)
	require.InDelta(t, 2, limited.value(t, "people.customers.count"), 0)
	require.Equal(t, 1, strings.Count(limited.body, `"has_account":`))

	byAccount := w.do("GET", "/admin/people?q="+claims.ActorID, nil, admin)
	require.InDelta(t, 1, byAccount.value(t, "people.customers.count"), 0)
	require.InDelta(t, 0, byAccount.value(t, "people.users.count"), 0)
	require.InDelta(t, 1, byAccount.value(t, "people.auth_identities.count"), 0, "the identity that signs in to it")
	byIdentity := w.do("GET", "/admin/people?q="+claims.AuthIdentityID, nil, admin)
	require.InDelta(t, 0, byIdentity.value(t, "people.customers.count"), 0)
	require.InDelta(t, 1, byIdentity.value(t, "people.auth_identities.count"), 0)
	require.InDelta(t, 1, w.do("GET", "/admin/people?q="+managerID, nil, admin).value(t, "people.managers.count"), 0)

	for query, message := range map[string]string{
		"":                "Field 'q' is required",
		"?q=":             "Field 'q' is required",
		"?q=a+b+cd":       "Search for a word of at least three characters.",
		"?q=ada&limit=51": "Parameter limit must be from 1 to 50.",
		"?q=ada&limit=0":  "Parameter limit must be from 1 to 50.",
		"?q=ada&x=1":      "Unrecognized fields: 'x'",
	} {
		refused := w.send(w.raw, "GET", "/admin/people"+query, nil, admin)
		require.Equal(t, 400, refused.StatusCode, query)
		require.Contains(t, refused.text(t, "message"), message, query)
	}
}

func TestPeopleWithRoles(t *testing.T) {
	t.Parallel()
	w := withRBAC(t)
	w.customer("ada@example.com")
	support, _ := w.adminWith("support@example.com", w.role("support", "customer:read"))
	found := w.do("GET", "/admin/people?q=example.com", nil, bearer(support))
	require.InDelta(t, 1, found.value(t, "people.customers.count"), 0)
	require.NotContains(t, found.body, "support@example.com", "administrators and identities are hidden")
	require.Contains(t, found.body, `"not_permitted":["user","auth_identity"]}`)
	none, _ := w.adminWith("none@example.com", w.role("none", "event:read"))
	w.do("GET", "/admin/people?q=ada", nil, bearer(none)).is(t, insufficient("auth_identity:read"))
	w.do("GET", "/admin/people?q=ada", nil, bearer(w.admin("new@example.com"))).is(t, forbidden)
}

func TestSessionsOfAnIdentity(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin := bearer(w.admin("root@example.com"))
	token := w.customer("ada@example.com")
	path := "/admin/auth-identities/" + w.claims(token).AuthIdentityID + "/sessions"
	before := w.do("GET", path+"?live=true", nil, admin)
	require.InDelta(t, 2, before.value(t, "count"), 0, "the registration is one too")
	require.Equal(t, 200, w.do("DELETE", "/auth/token", nil, bearer(token)).StatusCode)
	require.InDelta(t, 1, w.do("GET", path+"?live=true", nil, admin).value(t, "count"), 0)
	ended := w.do("GET", path+"?live=false", nil, admin)
	require.Contains(t, ended.body, `{"sessions":[{"id":"`+w.claims(token).SignInID+`","live":false,"auth_provider":"emailpass",`)
	require.Contains(t, ended.body, `"count":1,"offset":0,"limit":100}`)
	require.Contains(t, w.do("GET", path+"?limit=1&offset=1", nil, admin).body, `"count":2,"offset":1,"limit":1}`)
	require.Equal(t, 404, w.do("GET", "/admin/auth-identities/authid_nope/sessions", nil, admin).StatusCode)
}

func TestDeletionByAnAdministrator(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rootToken := w.admin("root@example.com")
	admin, root := bearer(rootToken), w.claims(rootToken).ActorID
	token := w.customer("ada@example.com")
	id := w.claims(token).ActorID
	path := "/admin/customers/" + id + "/deletion"
	w.do("GET", path, nil, admin).is(t, `{"deletion":null}`)
	w.do("DELETE", path, nil, admin).is(t, `{"id":"`+id+`","object":"account_deletion","deleted":true}`)
	require.Empty(t, w.flows.cancelled, "there is nothing to cancel")

	require.Equal(t, 202, w.do("DELETE", "/store/customers/me", nil, bearer(token)).StatusCode)
	w.do("GET", path, nil, admin).is(t, `{"deletion":{"customer_id":"`+id+`","deletion_at":"2026-11-24T13:47:46.000Z","requested_at":"2026-11-23T13:47:46.000Z"}}`)
	require.Equal(t, 200, w.do("DELETE", path, nil, admin).StatusCode)
	require.Equal(t, []string{id + " by user " + root}, w.flows.cancelled)
	w.do("GET", path, nil, admin).is(t, `{"deletion":null}`)

	bob := w.customer("bob@example.com")
	other := "/admin/customers/" + w.claims(bob).ActorID + "/deletion"
	scheduled := w.do("POST", other, nil, admin)
	require.Equal(t, 202, scheduled.StatusCode)
	scheduled.is(t, `{"id":"`+w.claims(bob).ActorID+`","object":"customer","deleted":false,"deletion_at":"2026-11-24T13:47:46.000Z"}`)
	require.True(t, slices.ContainsFunc(w.audit(), func(e everlatch.AuditEntry) bool {
		return e.Method == http.MethodPost && e.Action == "/admin/customers/:id/deletion"
	}))
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(bob)).StatusCode, "sessions and tokens end now")
	require.Equal(t, 202, w.do("POST", other, nil, admin).StatusCode, "repeating it is safe")
	require.Equal(t, 400, w.send(w.raw, "POST", other, object{"at": "now"}, admin).StatusCode)
	require.Equal(t, 404, w.do("POST", "/admin/customers/cus_nope/deletion", nil, admin).StatusCode)
	require.Equal(t, 401, w.do("POST", other, nil, bearer(w.customer("eve@example.com"))).StatusCode, "not by a customer")
	require.Equal(t, 404, w.do("GET", "/admin/customers/cus_nope/deletion", nil, admin).StatusCode)
	require.Equal(t, 404, w.do("DELETE", "/admin/customers/cus_nope/deletion", nil, admin).StatusCode)
	require.True(t, slices.ContainsFunc(w.audit(), func(e everlatch.AuditEntry) bool {
		return e.Method == http.MethodDelete && e.Action == "/admin/customers/:id/deletion"
	}))
}

func TestResetOfACustomerByAnAdministrator(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin := bearer(w.admin("root@example.com"))
	id := w.claims(w.customer("Ada@Example.com")).ActorID
	reset := w.do("POST", "/admin/customers/"+id+"/reset-password", nil, admin, with("Accept-Language", "de"))
	reset.is(t, `{"success":true}`)
	require.Equal(t, []string{""}, w.flows.askedIn, "the administrator's language is not that of the customer")
	require.Len(t, w.flows.asked, 1)
	require.Equal(t, []string{"customer", "emailpass", "ada@example.com"},
		[]string{w.flows.asked[0].ActorType, w.flows.asked[0].Provider, w.flows.asked[0].EntityKey})

	guest, err := w.store.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_guest", Email: new("guest@example.com")}, everlatch.Event{ID: "evt_guest", GroupID: "g"})
	require.NoError(t, err)
	require.Equal(t, 400, w.do("POST", "/admin/customers/"+guest.ID+"/reset-password", nil, admin).StatusCode)
	require.Equal(t, 404, w.do("POST", "/admin/customers/cus_nope/reset-password", nil, admin).StatusCode)
	require.Equal(t, 400, w.send(w.raw, "POST", "/admin/customers/"+id+"/reset-password", object{"password": "x"}, admin).StatusCode)
	require.Len(t, w.flows.asked, 1)
}

func TestDeliveriesOfAnIdentity(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin := bearer(w.admin("root@example.com"))
	now := w.clock.Now()
	for _, e := range []everlatch.Event{
		{ID: "evt_1", Name: "x.one", AuthIdentityID: "authid_1", ReleasedAt: &now}, {ID: "evt_2", Name: "x.two", AuthIdentityID: "authid_2", ReleasedAt: &now},
	} {
		require.NoError(t, w.store.RecordEvent(t.Context(), e))
	}
	w.clock.Advance(time.Second)
	_, err := w.store.Dispatch(t.Context(), 100, func(e everlatch.Event) []store.Target {
		if !strings.HasPrefix(e.Name, "x.") {
			return nil
		}
		return []store.Target{{Subscriber: everlatch.MailSubscriber}, {Subscriber: "shop"}}
	})
	require.NoError(t, err)
	list := w.do("GET", "/admin/event-deliveries?auth_identity_id=authid_1&subscriber=mail&fields=event_id,subscriber", nil, admin)
	list.is(t, `{"deliveries":[{"event_id":"evt_1","subscriber":"mail"}],"count":1,"offset":0,"limit":50}`)
	require.InDelta(t, 2, w.do("GET", "/admin/event-deliveries?auth_identity_id=authid_1", nil, admin).value(t, "count"), 0)
}
