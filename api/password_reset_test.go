package api_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/tokens"
)

const (
	resetPath  = "/auth/customer/emailpass/reset-password"
	updatePath = "/auth/customer/emailpass/update"
)

// docs/weak-spots.md#w19, #w28: one answer for all, once the request is kept.
func TestRequestReset(t *testing.T) {
	t.Parallel()
	w := setup(t)

	r := w.do("POST", resetPath, object{"identifier": " Ada@Example.com", "metadata": object{"locale": "pl"}})
	require.Equal(t, 201, r.StatusCode)
	require.Equal(t, "text/plain; charset=utf-8", r.Header.Get("Content-Type"))
	r.is(t, "Created")
	require.Len(t, w.flows.asked, 1)
	require.Equal(t, "ada@example.com", w.flows.asked[0].EntityKey)
	require.Equal(t, everlatch.Metadata{"locale": "pl"}, w.flows.asked[0].Metadata)

	r = w.do("POST", "/auth/customer/login-only/reset-password", object{"identifier": "ada@example.com"})
	require.Equal(t, 201, r.StatusCode, "a provider without passwords")
	r = w.do("POST", "/auth/robot/nope/reset-password", object{"identifier": "ada@example.com"})
	require.Equal(t, 201, r.StatusCode, "a provider that is not there")
	require.Len(t, w.flows.asked, 1)

	w.flows.failWith(everlatch.Unavailable("Temporal", nil))
	r = w.do("POST", resetPath, object{"identifier": "ada@example.com"})
	require.Equal(t, 503, r.StatusCode, "what is not kept is not confirmed")
}

func TestRequestResetRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	tests := map[string]struct {
		path, body, want string
	}{
		"no identifier":       {resetPath, `{}`, "Invalid request: Field 'identifier' is required"},
		"a number":            {resetPath, `{"identifier":5}`, "Invalid request: Expected type: 'string' for field 'identifier', got: '5'"},
		"null":                {resetPath, `{"identifier":null}`, "Invalid request: Expected type: 'string' for field 'identifier', got: 'null'"},
		"another field":       {resetPath, `{"email":"a@b.cc"}`, "Invalid request: Field 'identifier' is required; Unrecognized fields: 'email'"},
		"metadata of a kind":  {resetPath, `{"identifier":"a","metadata":"x"}`, "Invalid request: Expected type: 'record' for field 'metadata', got: 'x'"},
		"metadata null":       {resetPath, `{"identifier":"a","metadata":null}`, "Invalid request: Expected type: 'record' for field 'metadata', got: 'null'"},
		"provider not listed": {"/auth/customer/other/reset-password", `{"identifier":"a"}`, "The actor type customer is not allowed to use the auth provider other"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.do("POST", tt.path, tt.body)
			require.Equal(t, 400, r.StatusCode, r.body)
			require.Equal(t, tt.want, r.text(t, "message"))
		})
	}
}

// issued returns a user with a token of their password reset.
func issued(t *testing.T, w *world) (userID, token string) {
	t.Helper()
	admin := w.admin("root@example.com")
	userID = w.claims(admin).ActorID
	r := w.do("POST", "/admin/users/"+userID+"/reset-password", nil, bearer(admin))
	require.Equal(t, 200, r.StatusCode, r.body)
	return userID, r.text(t, "token")
}

// docs/weak-spots.md#w30.
func TestIssueReset(t *testing.T) {
	t.Parallel()
	policy := func(p api.ResetPolicy) setting { return options(func(o *api.Options) { o.ResetTokens = p }) }
	tests := map[string]struct {
		policy         api.ResetPolicy
		own, other, by int // statuses for oneself, for another one, with an API key
	}{
		"off by default": {"", 403, 403, 403},
		"self":           {api.ResetsSelf, 200, 403, 403},
		"all":            {api.ResetsAll, 200, 200, 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, policy(tt.policy))
			admin := w.admin("root@example.com")
			own := w.claims(admin).ActorID
			other := w.claims(w.admin("ada@example.com")).ActorID

			require.Equal(t, tt.own, w.do("POST", "/admin/users/"+own+"/reset-password", nil, bearer(admin)).StatusCode)
			require.Equal(t, tt.other, w.do("POST", "/admin/users/"+other+"/reset-password", nil, bearer(admin)).StatusCode)
			require.Equal(t, tt.by, w.do("POST", "/admin/users/"+other+"/reset-password", nil, w.secretKey()).StatusCode)
			require.Equal(t, 401, w.do("POST", "/admin/users/"+other+"/reset-password", nil).StatusCode)
		})
	}

	t.Run("the token is the contract's, and its giver is noted", func(t *testing.T) {
		t.Parallel()
		w := setup(t, policy(api.ResetsSelf))
		user, token := issued(t, w)
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		require.NoError(t, err)
		require.Regexp(t, `^\{"entity_id":"root@example.com","provider":"emailpass","actor_type":"user","purpose":"reset",`+
			`"iat":\d+,"exp":\d+,"jti":"[^"]+"\}$`, string(payload))
		require.Equal(t, user, w.flows.by[0].ActorID)
	})

	t.Run("unknown, or nothing to reset", func(t *testing.T) {
		t.Parallel()
		w := setup(t, policy(api.ResetsAll))
		admin := w.admin("root@example.com")
		r := w.do("POST", "/admin/users/user_nope/reset-password", nil, bearer(admin))
		require.Equal(t, 404, r.StatusCode)
		r.is(t, `{"type":"not_found","message":"User with id: user_nope was not found"}`)
		_, err := w.store.CreateUser(t.Context(), everlatch.User{ID: "user_1", Email: "x@example.com"}, everlatch.Event{})
		require.NoError(t, err)
		r = w.do("POST", "/admin/users/user_1/reset-password", nil, bearer(admin))
		require.Equal(t, 400, r.StatusCode)
		r.is(t, `{"type":"invalid_data","message":"Provider identity with entity_id x@example.com and provider emailpass not found"}`)
	})
}

func TestCompleteReset(t *testing.T) {
	t.Parallel()
	self := options(func(o *api.Options) { o.ResetTokens = api.ResetsSelf })

	t.Run("a token is used once, and a refused password does not use it up", func(t *testing.T) {
		t.Parallel()
		w := setup(t, self)
		_, token := issued(t, w)
		const path = "/auth/user/emailpass/update"
		for _, body := range []any{nil, object{}, object{"password": ""}, object{"password": 5}} {
			r := w.do("POST", path, body, bearer(token))
			require.Equal(t, 401, r.StatusCode)
			r.is(t, `{"type":"unauthorized","message":"Unauthorized"}`)
		}
		w.do("POST", path, object{"password": "new password"}, bearer(token)).is(t, `{"success":true}`)
		r := w.do("POST", path, object{"password": "new password"}, bearer(token))
		require.Equal(t, 401, r.StatusCode)
		r.is(t, `{"type":"unauthorized","message":"Invalid token"}`)
	})

	t.Run("what is no token of this reset changes nothing", func(t *testing.T) {
		t.Parallel()
		w := setup(t, self)
		_, token := issued(t, w)
		mint := func(r tokens.Reset) string {
			raw, err := w.tokens.IssueReset(r)
			require.NoError(t, err)
			return raw
		}
		good := tokens.Reset{
			EntityID: "root@example.com", Provider: "emailpass", ActorType: "user", ID: "other",
			IssuedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Minute),
		}
		expired := good
		expired.ExpiresAt = w.clock.Now().Add(-time.Minute)
		nameless := good
		nameless.ID = ""
		for name, try := range map[string]struct {
			path    string
			headers []header
		}{
			"none":                {"/auth/user/emailpass/update", nil},
			"in the query":        {"/auth/user/emailpass/update?token=" + token, nil},
			"an access token":     {"/auth/user/emailpass/update", []header{bearer(w.login("user", "root@example.com"))}},
			"another actor type":  {updatePath, []header{bearer(token)}},
			"another provider":    {"/auth/robot/login-only/update", []header{bearer(token)}},
			"a superseded one":    {"/auth/user/emailpass/update", []header{bearer(mint(good))}},
			"an expired one":      {"/auth/user/emailpass/update", []header{bearer(mint(expired))}},
			"one without an id":   {"/auth/user/emailpass/update", []header{bearer(mint(nameless))}},
			"with another signer": {"/auth/user/emailpass/update", []header{bearer(token[:len(token)-4] + "AAAA")}},
		} {
			r := w.do("POST", try.path, object{"password": "new password"}, try.headers...)
			require.Equal(t, 401, r.StatusCode, name)
			require.Equal(t, "Invalid token", r.text(t, "message"), name)
		}
		w.do("POST", "/auth/user/emailpass/update", object{"password": "new password"}, bearer(token)).is(t, `{"success":true}`)
	})

	t.Run("it is no sign-in", func(t *testing.T) {
		t.Parallel()
		w := setup(t, self)
		_, token := issued(t, w)
		require.Equal(t, 401, w.do("POST", "/auth/session", nil, bearer(token)).StatusCode)
		require.Equal(t, 401, w.do("GET", "/admin/users/me", nil, bearer(token)).StatusCode)
	})
}
