package httpauth_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/store"
)

var (
	customers = httpauth.Policy{ActorTypes: []string{"customer"}, Methods: httpauth.Bearer | httpauth.Session}
	users     = httpauth.Policy{ActorTypes: []string{"user"}, Methods: httpauth.Bearer | httpauth.Session | httpauth.APIKey}
)

// changed returns a policy with a change.
func changed(p httpauth.Policy, change func(*httpauth.Policy)) httpauth.Policy {
	change(&p)
	return p
}

func TestBearerToken(t *testing.T) {
	t.Parallel()

	for header, want := range map[string]string{
		"": "", "Bearer": "", "Bearer ": "", "Bearer a.b.c": "a.b.c", "bearer a": "a", "BEARER   a": "a", "Bearer\ta": "a",
		"Bearer a b": "a", " Bearer a": "", "Bearera": "", "Basic a": "", "Token a": "", "Bearer  ": "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(echo.HeaderAuthorization, header)
		require.Equal(t, want, httpauth.BearerToken(r), "%q", header)
	}
}

// TestChoice: which of the credentials of a request counts.
func TestChoice(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token, cookie := w.bearer(w.principal()), w.session(w.principal())
	fresh := w.bearer(everlatch.Principal{AuthIdentityID: unregistered, AuthProvider: "emailpass", ActorType: "customer", CredentialVersion: 1})
	any := changed(customers, func(p *httpauth.Policy) { p.ActorTypes = []string{httpauth.AnyActor} })
	open := changed(customers, func(p *httpauth.Policy) { p.AllowUnauthenticated = true })
	tests := map[string]struct {
		headers request
		policy  httpauth.Policy
		by      string // bearer, session, or "" for no caller
		reason  everlatch.Reason
	}{
		"nothing":                    {nil, customers, "", httpauth.Unauthenticated},
		"nothing, for an open route": {nil, open, "", ""},
		"a token":                    {request{"Authorization": token}, customers, "bearer", ""},
		"a session":                  {request{"Cookie": cookie}, customers, "session", ""},
		"both: the token counts":     {request{"Authorization": token, "Cookie": cookie}, customers, "bearer", ""},
		"a bad token and a session":  {request{"Authorization": "Bearer x", "Cookie": cookie}, customers, "session", ""},
		"a token of no actor and a session": {
			request{"Authorization": fresh, "Cookie": cookie}, customers, "", httpauth.Unauthenticated,
		},
		"a token of no actor":      {request{"Authorization": fresh}, changed(customers, func(p *httpauth.Policy) { p.AllowUnregistered = true }), "bearer", ""},
		"an open route, no actor":  {request{"Authorization": fresh}, open, "", ""},
		"any actor":                {request{"Authorization": token}, any, "bearer", ""},
		"another actor":            {request{"Authorization": token, "Cookie": cookie}, users, "", httpauth.Unauthenticated},
		"sessions only":            {request{"Authorization": token}, changed(customers, func(p *httpauth.Policy) { p.Methods = httpauth.Session }), "", httpauth.Unauthenticated},
		"tokens only":              {request{"Cookie": cookie}, changed(customers, func(p *httpauth.Policy) { p.Methods = httpauth.Bearer }), "", httpauth.Unauthenticated},
		"no method":                {request{"Authorization": token}, changed(customers, func(p *httpauth.Policy) { p.Methods = 0 }), "", httpauth.Unauthenticated},
		"no actor type":            {request{"Authorization": token}, changed(customers, func(p *httpauth.Policy) { p.ActorTypes = nil }), "", httpauth.Unauthenticated},
		"a cookie that is forged":  {request{"Cookie": cookie + "x"}, customers, "", httpauth.Unauthenticated},
		"a cookie of another name": {request{"Cookie": "x" + cookie}, customers, "", httpauth.Unauthenticated},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, _, err := w.check(tt.headers, tt.policy)
			if tt.reason != "" {
				requireRefused(t, err, tt.reason)
				require.Nil(t, found.Claims())
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.by == "bearer", found.ByBearer())
			require.Equal(t, tt.by == "session", found.BySession())
			require.Equal(t, tt.by != "", found.Claims() != nil)
			require.Empty(t, found.UserID(), "a customer is no administrator")
		})
	}
}

// TestStanding: a credential counts as long as the store agrees with it.
func TestStanding(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token, cookie := w.bearer(w.principal()), w.session(w.principal())
	ghost := w.principal()
	ghost.ActorID = "cus_ghost"
	gone := w.principal()
	gone.AuthIdentityID = "authid_gone"
	removed := changed(customers, func(p *httpauth.Policy) { p.AllowRemoved = true })
	ended := changed(customers, func(p *httpauth.Policy) { p.AllowEnded = true })

	_, _, err := w.check(request{"Authorization": w.bearer(ghost)}, customers)
	requireRefused(t, err, httpauth.Unauthenticated)
	_, _, err = w.check(request{"Authorization": w.bearer(gone)}, customers)
	requireRefused(t, err, httpauth.Unauthenticated)
	found, _, err := w.check(request{"Authorization": w.bearer(gone)}, removed)
	require.NoError(t, err)
	require.Equal(t, "authid_gone", found.Claims().AuthIdentityID)

	require.NoError(t, w.store.EndCredentials(t.Context(), identityID))
	for _, headers := range []request{{"Authorization": token}, {"Cookie": cookie}} {
		_, _, err = w.check(headers, customers)
		requireRefused(t, err, httpauth.Unauthenticated)
	}
	found, _, err = w.check(request{"Authorization": token}, ended)
	require.NoError(t, err)
	require.True(t, found.Ended())
	_, _, err = w.check(request{"Cookie": cookie}, ended)
	requireRefused(t, err, httpauth.Unauthenticated) // only tokens repeat a request

	require.True(t, httpauth.Agrees(everlatch.Standing{CredentialVersion: 2, ActorID: "a"}, 2, ""), "no actor stays no actor")
	require.False(t, httpauth.Agrees(everlatch.Standing{CredentialVersion: 2, ActorID: "a"}, 2, "b"))
	require.False(t, httpauth.Agrees(everlatch.Standing{CredentialVersion: 2, ActorID: "a"}, 1, "a"))
}

// TestPoliciesShareLookups: a second policy decides again by the same credentials, and
// its refusal leaves no caller.
func TestPoliciesShareLookups(t *testing.T) {
	t.Parallel()

	w := setup(t)
	headers := request{"Authorization": w.bearer(w.principal())}
	found, _, err := w.check(headers, customers, users)
	requireRefused(t, err, httpauth.Unauthenticated)
	require.Nil(t, found.Claims())
	found, _, err = w.check(headers, users, customers)
	require.NoError(t, err)
	require.Equal(t, customerID, found.Claims().ActorID)
	require.Equal(t, everlatch.Access{}, found.Access())
}

func TestFactorsAndAge(t *testing.T) {
	t.Parallel()

	w := setup(t)
	now := w.Now()
	factor := func(completed time.Time) everlatch.Principal {
		p := w.principal()
		p.MFAEnabled, p.MFACompletedAt = true, completed
		return p
	}
	signedIn := func(ago time.Duration) everlatch.Principal {
		p := w.principal()
		p.AuthenticatedAt = now.Add(-ago)
		return p
	}
	unknown := w.principal()
	unknown.AuthenticatedAt = time.Time{}
	both := factor(now.Add(-time.Minute))
	both.AuthenticatedAt = now.Add(-time.Hour)
	with := func(change func(*httpauth.Policy)) httpauth.Policy { return changed(customers, change) }
	recent := with(func(p *httpauth.Policy) { p.MaxAge = 15 * time.Minute })
	fresh := with(func(p *httpauth.Policy) { p.MFAMaxAge = time.Minute })
	tests := map[string]struct {
		principal everlatch.Principal
		policy    httpauth.Policy
		reason    everlatch.Reason
	}{
		"no factor enabled":          {w.principal(), fresh, ""},
		"factor pending":             {factor(time.Time{}), customers, httpauth.FactorMissing},
		"factor pending, not needed": {factor(time.Time{}), with(func(p *httpauth.Policy) { p.RequireMFA = new(false) }), ""},
		"factor pending, open route": {factor(time.Time{}), with(func(p *httpauth.Policy) { p.AllowUnauthenticated = true }), ""},
		"factor pending, open route that needs it": {
			factor(time.Time{}), with(func(p *httpauth.Policy) { p.AllowUnauthenticated, p.RequireMFA = true, new(true) }), httpauth.FactorMissing,
		},
		"factor completed long ago":   {factor(now.Add(-1000 * time.Hour)), customers, ""},
		"factor as old as it may be":  {factor(now.Add(-time.Minute)), fresh, ""},
		"factor too old":              {factor(now.Add(-time.Minute - time.Second)), fresh, httpauth.FactorTooOld},
		"sign-in as old as it may be": {signedIn(15 * time.Minute), recent, ""},
		"sign-in too old":             {signedIn(15*time.Minute + time.Second), recent, httpauth.SignInTooOld},
		"sign-in at an unknown time":  {unknown, recent, httpauth.SignInTooOld},
		"sign-in too old, factor new": {both, recent, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, headers := range []request{{"Authorization": w.bearer(tt.principal)}, {"Cookie": w.session(tt.principal)}} {
				found, _, err := w.check(headers, tt.policy)
				if tt.reason != "" {
					requireRefused(t, err, tt.reason)
					require.Nil(t, found.Claims())
					continue
				}
				require.NoError(t, err)
				require.NotNil(t, found.Claims())
			}
		})
	}
}

func TestSecretKeys(t *testing.T) {
	t.Parallel()

	w := setup(t)
	key := w.key(everlatch.KeySecret)
	ended := w.key(everlatch.KeySecret)
	_, err := w.store.RevokeAPIKey(t.Context(), ended.ID, "user_1", w.Now())
	require.NoError(t, err)
	publishable := w.key(everlatch.KeyPublishable)
	coded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for header, reason := range map[string]everlatch.Reason{
		"Basic " + key.Token:                    "",
		"basic  " + key.Token + " ":             "",
		"Basic " + key.Token + ":":              "",
		"Basic " + coded(key.Token):             "",
		"BASIC " + coded(key.Token+":"):         "",
		"Basic " + coded(key.Token+":password"): httpauth.Unauthenticated,
		"Basic " + coded("user:"+key.Token):     httpauth.Unauthenticated,
		"Basic " + key.Token[:20]:               httpauth.Unauthenticated,
		"Basic " + ended.Token:                  httpauth.Unauthenticated,
		"Basic " + publishable.Token:            httpauth.Unauthenticated,
		"Basic":                                 httpauth.Unauthenticated,
		"Basic !":                               httpauth.Unauthenticated,
		"Basic " + strings.Repeat("A", 1<<16):   httpauth.Unauthenticated,
		"Bearer " + key.Token:                   httpauth.KeyAsBearer,
		key.Token:                               httpauth.Unauthenticated,
	} {
		found, _, err := w.check(request{"Authorization": header}, users)
		if reason != "" {
			requireRefused(t, err, reason)
			continue
		}
		require.NoError(t, err, header)
		require.Equal(t, key.ID, found.Claims().ActorID)
		require.Equal(t, everlatch.ActorAPIKey, found.Claims().ActorType)
		require.Equal(t, "user_owner", found.UserID(), "a key works for its owner")
		require.False(t, found.ByBearer() || found.BySession())
	}
	// A key is no user, so it passes only where users alone do.
	both := changed(users, func(p *httpauth.Policy) { p.ActorTypes = []string{"user", "customer"} })
	_, _, err = w.check(request{"Authorization": "Basic " + key.Token}, both)
	requireRefused(t, err, httpauth.Unauthenticated)
	_, _, err = w.check(request{"Authorization": "Bearer " + key.Token}, customers)
	requireRefused(t, err, httpauth.Unauthenticated)
}

// TestOrigins: a session counts for pages of this host and of trusted origins.
func TestOrigins(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token, cookie := w.bearer(w.principal()), w.session(w.principal())
	for origin, allowed := range map[string]bool{
		"": true, trustedPage: true, "http://auth.example": true, "https://evil.example": false, "null": false,
	} {
		_, _, err := w.check(request{"Cookie": cookie, "Origin": origin}, customers)
		if !allowed {
			require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeForbidden, Reason: httpauth.OriginForeign})
		} else {
			require.NoError(t, err, origin)
		}
		_, _, err = w.check(request{"Authorization": token, "Cookie": cookie, "Origin": origin}, customers)
		require.NoError(t, err, "a token is not sent by a browser on its own")
	}
	// Where the session is not what counts, a foreign page is no reason to refuse.
	_, _, err := w.check(request{"Cookie": cookie, "Origin": "https://evil.example"}, changed(users, func(p *httpauth.Policy) { p.AllowUnauthenticated = true }))
	require.NoError(t, err)
}

// TestIdleSessions: use extends a session, up to its end, and rarely writes.
func TestIdleSessions(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.auth.Rolling = true
	cookie := request{"Cookie": w.session(w.principal())}
	use := func() (expires string, err error) {
		_, answer, err := w.check(cookie, customers)
		for _, c := range answer.Result().Cookies() {
			expires = c.Expires.UTC().Format(time.RFC3339)
		}
		return expires, err
	}
	expires, err := use()
	require.NoError(t, err)
	require.Equal(t, "2026-11-23T14:47:46Z", expires)
	w.Advance(2 * time.Minute) // less than a twentieth: nothing is written
	expires, err = use()
	require.NoError(t, err)
	require.Equal(t, "2026-11-23T14:47:46Z", expires)
	for range 25 {
		w.Advance(55 * time.Minute)
		if _, err = use(); err != nil {
			break
		}
	}
	require.NoError(t, err, "in use for nearly a day")
	w.Advance(65 * time.Minute)
	_, err = use()
	requireRefused(t, err, httpauth.Unauthenticated)
}

// TestOutages: what cannot be looked up is no refusal.
func TestOutages(t *testing.T) {
	t.Parallel()

	w := setup(t)
	open := changed(customers, func(p *httpauth.Policy) { p.AllowUnauthenticated = true })
	key := w.key(everlatch.KeySecret)
	token, cookie := w.bearer(w.principal()), w.session(w.principal())
	keys := httpauth.NewPublishableKeys(w.store, w.Now)
	require.NoError(t, w.store.Close())
	for header, value := range map[string]string{"Authorization": token, "Cookie": cookie} {
		found, _, err := w.check(request{header: value}, open)
		require.ErrorIs(t, err, everlatch.ErrUnavailable, header)
		require.Nil(t, found.Claims())
	}
	_, _, err := w.check(request{"Authorization": "Basic " + key.Token}, users)
	require.ErrorIs(t, err, everlatch.ErrUnavailable)
	_, err = keys.Good(t.Context(), "pk_x")
	require.ErrorIs(t, err, everlatch.ErrUnavailable)
	_, err = keys.Exist(t.Context())
	require.ErrorIs(t, err, everlatch.ErrUnavailable)
}

// TestPeek: it says who sends a request, and decides nothing.
func TestPeek(t *testing.T) {
	t.Parallel()

	w := setup(t)
	p := w.principal()
	p.MFAEnabled = true // pending
	for header, want := range map[string]string{w.bearer(p): identityID, "Bearer x": "", "": ""} {
		served(t, request{"Authorization": header}, func(c echo.Context) error {
			var r httpauth.Request
			claims, err := w.auth.Peek(c.Request().Context(), c, &r, customers)
			require.NoError(t, err)
			require.Equal(t, want != "", claims != nil)
			if claims != nil {
				require.Equal(t, want, claims.AuthIdentityID)
			}
			require.Nil(t, r.Claims())
			return nil
		})
	}
}

// TestRoles: an administrator's permissions are those of this moment, and the claims
// show the roles of this moment.
func TestRoles(t *testing.T) {
	t.Parallel()

	w := setup(t)
	w.auth.Roles = true
	ctx := t.Context()
	_, err := w.store.SetUpRBAC(ctx, nil)
	require.NoError(t, err)
	policy, err := w.store.CreatePolicy(ctx, everlatch.Policy{ID: "rpol_1", Key: "brand:read", Resource: "brand", Operation: "read"})
	require.NoError(t, err)
	_, err = w.store.CreateUser(ctx, everlatch.User{ID: "user_1", Email: "root@example.com"}, everlatch.Event{ID: "evt_1", Name: everlatch.EventUserCreated})
	require.NoError(t, err)
	require.NoError(t, w.store.LinkActor(ctx, store.Link{IdentityID: identityID, ActorType: "user", ActorID: "user_1"}))
	operator := store.Operator("tests")
	_, err = w.store.CreateRole(ctx, operator, everlatch.Role{ID: "role_1", Name: "Reader"}, []string{policy.ID})
	require.NoError(t, err)

	p := w.principal()
	p.ActorType, p.ActorID, p.Roles = "user", "user_1", []string{"role_of_the_past"}
	read := everlatch.ParsePermission("brand:read")
	for _, headers := range []request{{"Authorization": w.bearer(p)}, {"Cookie": w.session(p)}} {
		require.NoError(t, w.store.RevokeRoles(ctx, operator, []string{"user_1"}, []string{"role_1"}))
		found, _, err := w.check(headers, users)
		require.NoError(t, err)
		require.False(t, found.Access().Allows(read))
		require.Empty(t, found.Claims().AppMetadata["roles"])

		require.NoError(t, w.store.GrantRoles(ctx, operator, []string{"user_1"}, []string{"role_1"}))
		found, _, err = w.check(headers, users)
		require.NoError(t, err)
		require.True(t, found.Access().Allows(read))
		require.Equal(t, []string{"role_1"}, found.Claims().AppMetadata["roles"])
		require.Equal(t, "user_1", found.UserID())
	}
	require.False(t, w.auth.HasRoles("customer"))
}

// TestFactorsOfOlderCredentials: what was issued before the first factor was enabled
// needs it, but for the sign-in that enabled it (docs/weak-spots.md#w56).
func TestFactorsOfOlderCredentials(t *testing.T) {
	t.Parallel()

	w := setup(t)
	older, enabling := w.principal(), w.principal()
	older.SignInID, enabling.SignInID = "older", "enabling"
	of := func(p everlatch.Principal) []request {
		return []request{{"Authorization": w.bearer(p)}, {"Cookie": w.session(p)}}
	}
	olds, news := of(older), of(enabling)
	_, err := w.store.StartFactor(t.Context(), store.NewFactor{ID: "authmfa_1", IdentityID: identityID, Provider: "totp"})
	require.NoError(t, err)
	for _, headers := range olds {
		_, _, err = w.check(headers, customers)
		require.NoError(t, err, "a pending factor is not required")
	}

	_, err = w.store.EnableFactor(t.Context(), store.FactorUse{IdentityID: identityID, FactorID: "authmfa_1", SignInID: "enabling"}, everlatch.Event{})
	require.NoError(t, err)
	for _, headers := range olds {
		_, _, err = w.check(headers, customers)
		requireRefused(t, err, httpauth.FactorMissing)
		found, _, err := w.check(headers, changed(customers, func(p *httpauth.Policy) { p.RequireMFA = new(false) }))
		require.NoError(t, err)
		require.True(t, found.Claims().MFAEnabled)
	}
	for _, headers := range news {
		found, _, err := w.check(headers, customers)
		require.NoError(t, err)
		require.NotNil(t, found.Claims().MFACompletedAt)
		require.Equal(t, w.Now().UTC(), found.Claims().Principal().MFACompletedAt)
	}

	_, err = w.store.DisableFactor(t.Context(), identityID, "authmfa_1", everlatch.Event{})
	require.NoError(t, err)
	for _, headers := range append(olds, news...) {
		_, _, err = w.check(headers, customers)
		require.NoError(t, err)
	}
}
