package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
)

// A request whose flow waits for an approval has its answer at once.
func TestPendingRequests(t *testing.T) {
	t.Parallel()
	pending := &flows.PendingError{FlowID: "the flow", Point: everlatch.HookBeforeAccountCreated}

	w := setup(t)
	identity := w.registered("customer", "ada@example.com")
	w.flows.fail = pending
	created := w.do("POST", "/store/customers", object{"first_name": "Ada"}, bearer(identity))
	require.Equal(t, 202, created.StatusCode, created.body)
	created.is(t, `{"status":"pending","message":"Your request is waiting for approval."}`)
	require.Equal(t, "60", created.Header.Get("Retry-After"))

	registered := w.do("POST", registerPath, object{"email": "b@example.com", "password": "very secret words"})
	require.Equal(t, 202, registered.StatusCode, registered.body)
	registered.is(t, `{"status":"pending","message":"Your request is waiting for approval.","token":""}`)
	require.Equal(t, "no-store", registered.Header.Get("Cache-Control"))
}

// additional_data is for hooks: the provider does not see it, and other fields are
// refused as before.
func TestAdditionalData(t *testing.T) {
	t.Parallel()
	w := setup(t, options(func(o *api.Options) { o.Hooks, o.MaxMetadata = true, 200 }))
	r := w.do("POST", registerPath, object{
		"email": "ada@example.com", "password": "very secret words", "additional_data": object{"plan": "pro"},
	}, with("User-Agent", "a browser"), with("X-Request-Id", "req-of-mine"))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.NotContains(t, w.flows.seen[0].Input.Body, "additional_data")
	told := w.flows.told
	require.Equal(t, everlatch.Metadata{"plan": "pro"}, told.AdditionalData)
	require.Equal(t, "a browser", told.UserAgent)
	require.Equal(t, "req-of-mine", told.ID)

	created := w.do("POST", "/store/customers", object{"email": "ada@example.com", "additional_data": object{"plan": "pro"}}, bearer(r.text(t, "token")))
	require.Equal(t, 200, created.StatusCode, created.body)

	for name, body := range map[string]object{
		"a text":    {"additional_data": "x"},
		"too large": {"additional_data": object{"text": strings.Repeat("x", 200)}},
	} {
		body["email"], body["password"] = "b@example.com", "very secret words"
		refused := w.send(w.raw, "POST", registerPath, body) // what openapi.yaml forbids
		require.Equal(t, 400, refused.StatusCode, name)
		require.Contains(t, refused.body, `"invalid_data"`, name)
	}
}
