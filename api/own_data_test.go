package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

type activity struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Data      object    `json:"data"`
	CreatedAt time.Time `json:"created_at"`
}

// activities are what a caller sees of what has happened to their identity.
func (w *world) activities(query string, headers ...header) []activity {
	w.t.Helper()
	r := w.do("GET", "/auth/activity"+query, nil, headers...)
	require.Equal(w.t, 200, r.StatusCode, r.body)
	require.Equal(w.t, "no-store", r.Header.Get("Cache-Control"))
	var out struct {
		Activities []activity `json:"activities"`
	}
	require.NoError(w.t, json.Unmarshal([]byte(r.body), &out))
	return out.Activities
}

func (w *world) record(e everlatch.Event) {
	w.t.Helper()
	now := w.clock.Now()
	e.ID, e.ReleasedAt, e.Source = "evt_"+e.Name+now.String(), &now, everlatch.SourceEverlatch
	require.NoError(w.t, w.store.RecordEvent(w.t.Context(), e))
}

func TestActivity(t *testing.T) {
	t.Parallel()

	w := setup(t, options(proxied))
	other := w.claims(w.customer("b@example.com")).AuthIdentityID
	w.customer("a@example.com")
	w.clock.Advance(time.Minute)
	token := w.loginFrom(firefox, "192.0.2.17")
	me := w.claims(token).AuthIdentityID
	w.clock.Advance(time.Minute)
	w.record(everlatch.Event{Name: everlatch.EventPasswordChanged, AuthIdentityID: other, Data: everlatch.Metadata{"entity_id": "b@example.com"}})
	w.record(everlatch.Event{Name: everlatch.EventEmailRequested, AuthIdentityID: me, Data: everlatch.Metadata{
		"email": "new@example.com", "former_email": "a@example.com", "expires_at": "2026-12-01T00:00:00Z", "taken": true,
		"token": everlatch.SecretRef("vault-reference"), "actor_type": "customer",
	}})
	w.clock.Advance(time.Minute)
	w.record(everlatch.Event{Name: everlatch.EventIdentityDisabled, AuthIdentityID: me, Data: everlatch.Metadata{
		"reason": "a note of administrators", "disabled_by": "user_1",
	}})
	w.record(everlatch.Event{Name: "loyalty.points", AuthIdentityID: me, Data: everlatch.Metadata{}})

	list := w.activities("", bearer(token))
	require.Equal(t, everlatch.EventIdentityDisabled, list[0].Name)
	require.Equal(t, object{}, list[0].Data, "what administrators note is theirs")
	require.Equal(t, object{"email": "new@example.com", "former_email": "a@example.com", "expires_at": "2026-12-01T00:00:00Z"}, list[1].Data,
		"no secret, and nothing about the account that has the address")
	require.Equal(t, everlatch.EventLoginSucceeded, list[2].Name)
	require.Equal(t, object{
		"sign_in_id": w.claims(token).SignInID, "actor_type": "customer", "provider": "emailpass", "device": "Firefox on Windows", "network": "192.0.2.0/24",
	}, list[2].Data)
	names := map[string]int{}
	for i, entry := range list {
		names[entry.Name]++
		require.True(t, i == 0 || !entry.CreatedAt.After(list[i-1].CreatedAt), "the latest come first")
	}
	require.Zero(t, names[everlatch.EventPasswordChanged], "the caller's own alone")
	require.Zero(t, names["loyalty.points"], "events of a program may hold what is not for the person")

	require.Len(t, w.activities("?limit=2", bearer(token)), 2)
	require.Empty(t, w.activities("?limit=0", bearer(token)))
	require.Len(t, w.activities("?limit=5000", bearer(token)), len(list))
	require.Equal(t, 400, w.send(w.raw, "GET", "/auth/activity?limit=x", nil, bearer(token)).StatusCode)
	require.Equal(t, 400, w.send(w.raw, "GET", "/auth/activity?auth_identity_id=x", nil, bearer(token)).StatusCode)
	require.Equal(t, 401, w.do("GET", "/auth/activity", nil).StatusCode)
}

func TestExport(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	r := w.do("POST", "/store/customers/me/addresses", object{"address_1": "Main Street 1", "country_code": "de"}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	enrolled := w.do("POST", "/auth/mfa/factors", object{"provider": "totp"}, bearer(token))
	require.Equal(t, 200, enrolled.StatusCode, enrolled.body)

	r = w.do("GET", "/auth/export", nil, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	var out struct {
		AccountType string  `json:"account_type"`
		Account     object  `json:"account"`
		Identity    object  `json:"auth_identity"`
		Factors     []any   `json:"mfa_factors"`
		Sessions    []any   `json:"sessions"`
		Activities  []any   `json:"activities"`
		ExportedAt  *string `json:"exported_at"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &out))
	require.Equal(t, "customer", out.AccountType)
	require.Equal(t, "a@example.com", out.Account["email"])
	require.Contains(t, r.body, "Main Street 1")
	require.Equal(t, w.claims(token).AuthIdentityID, out.Identity["id"])
	require.Contains(t, r.body, `"provider":"emailpass","entity_id":"a@example.com"`)
	require.Empty(t, out.Factors, "one that waits for its first code is none yet")
	require.NotEmpty(t, out.Sessions)
	require.NotEmpty(t, out.Activities)
	for _, secret := range []string{"password", "$argon2", "scrypt", enrolled.text(t, "secret"), "app_metadata"} {
		require.NotContains(t, r.body, secret)
	}

	w.clock.Advance(16 * time.Minute)
	refused := w.do("GET", "/auth/export", nil, bearer(token))
	require.Equal(t, 401, refused.StatusCode)
	require.Equal(t, "sign_in_too_old", refused.Header.Get("Everlatch-Reason"))
	require.Equal(t, 401, w.do("GET", "/auth/export", nil).StatusCode)
}

func TestExportOfOtherAccounts(t *testing.T) {
	t.Parallel()

	w := setup(t, options(withManagers))
	for name, c := range map[string]struct{ token, want string }{
		"an administrator":    {w.admin("root@example.com"), `"account_type":"user","account":{"id":"user_`},
		"a custom actor type": {w.manager("ada@example.com", object{"name": "Ada"}), `"account_type":"manager","account":{"id":`},
		"no account yet":      {w.registered("customer", "c@example.com"), `"account":null`},
	} {
		r := w.do("GET", "/auth/export", nil, bearer(c.token))
		require.Equal(t, 200, r.StatusCode, name)
		require.Contains(t, r.body, c.want, name)
	}
}
