package httpauth_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/clocktest"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

const (
	idle         = time.Hour
	trustedPage  = "https://shop.example"
	identityID   = "authid_ada"
	customerID   = "cus_ada"
	unregistered = "authid_new"
)

// world is an authenticator over a store with a customer, and an identity without an
// actor.
type world struct {
	*clocktest.Clock

	t      *testing.T
	auth   *httpauth.Authenticator
	store  *store.Store
	tokens *tokens.Tokens
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, Clock: clocktest.At(time.Date(2026, 11, 23, 13, 47, 46, 0, time.UTC))}
	w.store = storetest.Open(t, w.Now)
	var err error
	w.tokens, err = tokens.New(tokens.Config{Secret: []byte("a secret of the tests, long enough")}, w.Now)
	require.NoError(t, err)
	for _, id := range []string{identityID, unregistered} {
		_, err := w.store.RegisterIdentity(t.Context(), store.NewIdentity{
			ID: id, ProviderIdentityID: "prov_" + id, Provider: "emailpass", EntityID: id, EntityKey: id,
		})
		require.NoError(t, err)
	}
	_, err = w.store.CreateCustomer(t.Context(), everlatch.Customer{ID: customerID, HasAccount: true, Email: new("ada@example.com")},
		everlatch.Event{ID: "evt_ada", Name: everlatch.EventCustomerCreated})
	require.NoError(t, err)
	require.NoError(t, w.store.LinkActor(t.Context(), store.Link{IdentityID: identityID, ActorType: "customer", ActorID: customerID}))
	w.auth = &httpauth.Authenticator{
		Store: w.store, Tokens: w.tokens, Log: slog.New(slog.DiscardHandler), Now: w.Now, SessionIdle: idle,
		Cookies: wire.Cookies{Secrets: []string{"supersecret"}, Name: "sid", Path: "/"}, Origins: wire.NewOriginCheck(false),
	}
	return w
}

// principal is the customer of the tests, signed in now.
func (w *world) principal() everlatch.Principal {
	return everlatch.Principal{
		AuthIdentityID: identityID, AuthProvider: "emailpass", ActorType: "customer", ActorID: customerID,
		CredentialVersion: 1, AuthenticatedAt: w.Now(),
	}
}

// bearer is the Authorization header with a token for a principal.
func (w *world) bearer(p everlatch.Principal) string {
	w.t.Helper()
	token, _, err := w.tokens.Issue(p, w.Now(), "tok_1")
	require.NoError(w.t, err)
	return "Bearer " + token
}

// session is the Cookie header with a new session of a principal.
func (w *world) session(p everlatch.Principal) string {
	w.t.Helper()
	secret, now := wire.NewSessionID(), w.Now()
	require.NoError(w.t, w.store.CreateSession(w.t.Context(), everlatch.Session{
		ID: "sess_" + secret, Principal: p, CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour), IdleExpiresAt: now.Add(idle),
	}, tokens.HashSecret(secret)))
	recorder := httptest.NewRecorder()
	w.auth.Cookies.Set(recorder, httptest.NewRequest(http.MethodGet, "/", nil), secret, now.Add(idle))
	cookie := recorder.Result().Cookies()[0]
	return cookie.Name + "=" + cookie.Value
}

// key returns a new API key with its token.
func (w *world) key(kind string) everlatch.APIKey {
	w.t.Helper()
	const owner = "user_owner"
	_, err := w.store.CreateUser(w.t.Context(), everlatch.User{ID: owner, Email: "owner@example.com"},
		everlatch.Event{ID: "evt_owner", Name: everlatch.EventUserCreated})
	require.NoError(w.t, err)
	a := accounts.Accounts{Store: w.store, Now: w.Now}
	key, err := a.CreateAPIKey(w.t.Context(), everlatch.APIKey{Title: "Key", Type: kind, CreatedBy: owner, OwnerID: owner})
	require.NoError(w.t, err)
	return key
}

// request is what a test sends: headers by name.
type request map[string]string

// served runs a handler for a POST request as the router does, and returns the answer.
func served(t *testing.T, r request, handle func(echo.Context) error) *httptest.ResponseRecorder {
	t.Helper()
	origins, err := wire.ParseOrigins(trustedPage)
	require.NoError(t, err)
	e := echo.New()
	router := wire.NewRouter(e, []wire.Route{{Method: http.MethodPost, Path: "/x"}}, func(string) *wire.Origins { return origins })
	e.POST("/x", handle)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://auth.example/x", nil)
	for name, value := range r {
		req.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	router.ServeHTTP(recorder, req)
	return recorder
}

// check checks a request against policies, one after the other, and returns what the
// last one found.
func (w *world) check(r request, policies ...httpauth.Policy) (found httpauth.Request, answer *httptest.ResponseRecorder, err error) {
	w.t.Helper()
	answer = served(w.t, r, func(c echo.Context) error {
		for _, p := range policies {
			err = w.auth.Check(context.WithoutCancel(c.Request().Context()), c, &found, p)
		}
		return nil
	})
	require.Equal(w.t, http.StatusOK, answer.Code, answer.Body)
	return found, answer, err
}

// requireRefused compares an error with a reason.
func requireRefused(t *testing.T, err error, want everlatch.Reason) {
	t.Helper()
	var refused *httpauth.RefusalError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, want, refused.Reason)
}
