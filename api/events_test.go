package api_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

// secretKey returns the header of a new secret API key.
func (w *world) secretKey() header {
	w.t.Helper()
	const token = "sk_of_the_shop"
	key := everlatch.APIKey{ID: "apk_shop", Title: "shop", Type: everlatch.KeySecret, CreatedBy: "tests"}
	_, err := w.store.CreateAPIKey(w.t.Context(), key, tokens.HashSecret(token))
	require.NoError(w.t, err)
	return with("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(token+":")))
}

func TestPublishEvent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	key := w.secretKey()
	event := object{"id": "shop-1", "name": "customer.deleted", "data": object{"id": "cus_1"}, "auth_identity_id": "authid_1"}

	first := w.do("POST", "/admin/events", event, key)
	require.Equal(t, 200, first.StatusCode, first.body)
	require.Equal(t, "apk_shop", first.text(t, "event.source"))
	require.NotEmpty(t, first.text(t, "event.released_at"))
	w.clock.Advance(1e9)
	second := w.do("POST", "/admin/events", event, key)
	require.Equal(t, first.body, second.body, "the same again changes nothing")
	event["name"] = "customer.created"
	require.Equal(t, 422, w.do("POST", "/admin/events", event, key).StatusCode)

	nameless := w.do("POST", "/admin/events", object{"name": "a.b"}, key)
	require.Equal(t, 200, nameless.StatusCode)
	require.Regexp(t, `^evt_`, nameless.text(t, "event.id"))
	require.Equal(t, 403, w.do("POST", "/admin/events", event, bearer(w.admin("root@example.com"))).StatusCode)
	require.Equal(t, 401, w.do("POST", "/admin/events", event).StatusCode)
	for _, bad := range []object{
		{"name": "Customer.Deleted"},
		{"name": ""},
		{},
		{"name": "a..b"},
		{"name": "a", "id": "evt_1"},
		{"name": "a", "id": "a b"},
		{"name": "a", "data": "text"},
		{"name": "a", "source": "everlatch"},
	} {
		require.Equal(t, 400, w.do("POST", "/admin/events", bad, key).StatusCode, bad)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin := bearer(w.admin("root@example.com"))
	key := w.secretKey()
	for _, id := range []string{"a", "b"} {
		require.Equal(t, 200, w.do("POST", "/admin/events", object{"id": id, "name": "shop." + id}, key).StatusCode)
		w.clock.Advance(1e6)
	}
	_, err := w.store.Dispatch(t.Context(), 10, func(e everlatch.Event) []store.Target {
		if e.Source == everlatch.SourceEverlatch {
			return nil
		}
		return []store.Target{{Subscriber: "hook"}, {Subscriber: "log"}}
	})
	require.NoError(t, err)
	settle := func(id, subscriber, status string, generation int64) {
		require.NoError(t, w.store.SettleDelivery(t.Context(), everlatch.Delivery{
			EventID: id, Subscriber: subscriber, Status: status, Generation: generation, Error: "mailbox unknown",
		}))
	}
	settle("a", "hook", everlatch.DeliveryDead, 1)
	settle("a", "log", everlatch.DeliveryDelivered, 1)

	list := w.do("GET", "/admin/events?source=apk_shop&limit=1", nil, admin)
	require.Equal(t, 200, list.StatusCode, list.body)
	require.EqualValues(t, 2, list.value(t, "count"))
	require.Contains(t, list.body, `"name":"shop.a"`)
	require.Equal(t, 200, w.do("GET", "/admin/events?name=shop.b&order=-created_at", nil, admin).StatusCode)

	dead := w.do("GET", "/admin/event-deliveries?status=dead&order=-updated_at", nil, admin)
	require.Equal(t, 200, dead.StatusCode, dead.body)
	require.EqualValues(t, 1, dead.value(t, "count"))
	require.Contains(t, dead.body, `"error":"mailbox unknown"`)
	require.Equal(t, 400, w.do("GET", "/admin/event-deliveries?status=lost", nil, admin).StatusCode)

	released := w.do("POST", "/admin/events/a/release", nil, admin)
	require.Equal(t, 200, released.StatusCode, released.body)
	require.Contains(t, released.body, `"subscriber":"hook","status":"waiting","generation":2`)
	require.Contains(t, released.body, `"subscriber":"log","status":"delivered","generation":1`)

	replayed := w.do("POST", "/admin/events/a/replay", object{"subscriber": "log"}, admin)
	require.Contains(t, replayed.body, `"subscriber":"log","status":"waiting","generation":2`)
	require.Equal(t, 404, w.do("POST", "/admin/events/nope/replay", nil, admin).StatusCode)
	require.Equal(t, 404, w.do("GET", "/admin/events/nope", nil, admin).StatusCode)
	require.Equal(t, 401, w.do("GET", "/admin/events", nil).StatusCode)
	require.Equal(t, 200, w.do("GET", "/admin/events/b", nil, admin).StatusCode)
}
