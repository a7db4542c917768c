package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/authservice"
	"github.com/everlatch/everlatch/internal/authtest"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

func (f *fakeFlows) UpdateProvider(ctx context.Context, r flows.ProviderUpdate) error {
	password, _ := r.Input.Body["password"].(string)
	if password == "" {
		return refuse("Unauthorized")
	}
	return f.store.ChangeCredential(ctx, store.CredentialChange{
		IdentityID: r.Credential.AuthIdentityID, ProviderIdentityID: r.Credential.ID, SeenVersion: r.Version,
		ProviderMetadata: everlatch.Metadata{"password": password}, Event: everlatch.Event{ID: ids.New(ids.Event, f.now())},
	})
}

// AuthenticateOnce makes each attempt: the tests of package flows repeat requests.
func (f *fakeFlows) AuthenticateOnce(ctx context.Context, r flows.AuthRequest) (workflows.Login, bool, error) {
	login, err := f.Authenticate(ctx, r)
	return login, true, err
}

func (f *fakeFlows) AuthenticationAnswer(context.Context, flows.AuthRequest) (workflows.Login, bool, error) {
	return workflows.Login{}, false, everlatch.ErrNotFound
}

func (f *fakeFlows) DeleteAuthIdentity(ctx context.Context, id string) error {
	return f.store.RemoveIdentity(ctx, id, "delete-auth-identity")
}

func (f *fakeFlows) RemoveProviderIdentity(ctx context.Context, identityID, _, id string) error {
	return f.store.RemoveCredential(ctx, identityID, id, everlatch.Event{ID: ids.New(ids.Event, f.now())})
}

func (f *fakeFlows) CreateResetToken(ctx context.Context, r flows.ResetRequest, ttl time.Duration) (workflows.IssuedReset, error) {
	found, err := f.store.FindCredential(ctx, r.Provider, r.EntityKey)
	if err != nil {
		return workflows.IssuedReset{}, err
	}
	if ttl == 0 {
		ttl = flows.DefaultResetTTL
	}
	grant := activities.ResetGrant{
		Known: true, TokenID: ids.New("", f.now()), ActorType: r.ActorType, EntityID: found.Provider.EntityID,
		IdentityID: found.Identity.ID, ProviderIdentityID: found.Provider.ID, CredentialVersion: found.Identity.CredentialVersion,
		IssuedAt: f.now(), ExpiresAt: f.now().Add(ttl),
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.granted == nil {
		f.granted = map[string]activities.ResetGrant{}
	}
	f.granted[r.EntityKey+" "+grant.TokenID] = grant
	return workflows.IssuedReset{Grant: grant}, nil
}

func (f *fakeFlows) ConsumeResetToken(_ context.Context, _, entityKey, tokenID string) (workflows.IssuedReset, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	grant, open := f.granted[entityKey+" "+tokenID]
	if !open {
		return workflows.IssuedReset{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid}
	}
	for key := range f.granted {
		if strings.HasPrefix(key, entityKey+" ") {
			delete(f.granted, key)
		}
	}
	return workflows.IssuedReset{Grant: grant}, nil
}

// authService is the service over the store and the flows of the world.
func (w *world) authService() *authservice.Service {
	return authservice.New(authservice.Deps{
		Store: w.store, Flows: w.flows, Providers: w.parts.Providers, Tokens: w.tokens, Factors: w.parts.Factors, Codes: w.parts.Codes, Now: w.clock.Now,
	})
}

func (w *world) customerWithoutIdentity(t *testing.T) string {
	t.Helper()
	id := ids.New(ids.Customer, w.clock.Now())
	email := strings.ToLower(id) + "@example.com"
	c, err := w.store.CreateCustomer(t.Context(), everlatch.Customer{ID: id, Email: &email, HasAccount: true}, everlatch.Event{})
	require.NoError(t, err)
	return c.ID
}

// authWorld is what the conformance suite runs against.
func (w *world) authWorld(service auth.Service) authtest.World {
	return authtest.World{
		Service: service, Customer: w.customerWithoutIdentity, TOTP: func(string, int) string { return rightTOTP },
		Code: func(*testing.T, string) string { return fmt.Sprint("code ", len(w.flows.codesSent)) },
	}
}

// TestAuthServiceClient runs the same suite against the client over HTTP.
func TestAuthServiceClient(t *testing.T) {
	t.Parallel()
	authtest.Run(t, func(t *testing.T) authtest.World {
		t.Helper()
		w := setup(t)
		w.secretKey()
		return w.authWorld(w.authClient("sk_of_the_shop"))
	})
}

// authClient is a client of the world, whose exchanges are checked against openapi.yaml.
func (w *world) authClient(key string) *auth.Client {
	w.t.Helper()
	c, err := auth.NewClient("http://everlatch.test", key, auth.WithHTTPClient(w.client))
	require.NoError(w.t, err)
	return c
}

func TestAuthServiceNeedsAKey(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin := w.admin("root@example.com")
	for name, headers := range map[string][]header{"no credential": nil, "an administrator": {bearer(admin)}} {
		require.Equal(t, 401, w.do("POST", "/admin/auth/list-auth-identities", object{}, headers...).StatusCode, name)
	}
	_, err := w.authClient("sk_wrong").ListAuthProviders(t.Context())
	require.Equal(t, everlatch.CodeForbidden, everlatch.ErrorCode(err), "not the refusal of a user")
	key := basic(w.rawKey(admin))
	r := w.do("POST", "/admin/auth/list-auth-identities", object{"filter": object{"entity_id": "x"}}, key)
	require.Equal(t, 400, r.StatusCode, "a filter that is misspelled selects nothing")
	require.Equal(t, 404, w.do("POST", "/admin/auth/drop-tables", object{}, key).StatusCode)

	w.flows.failWith(everlatch.Unavailable("Temporal", nil))
	_, err = w.authClient(w.rawKey(admin)).Register(t.Context(), "emailpass", auth.AuthenticationInput{
		ActorType: "customer", Body: map[string]any{"email": "a@example.com", "password": "x"},
	})
	require.Equal(t, everlatch.CodeUnavailable, everlatch.ErrorCode(err))
	away, err := auth.NewClient("http://127.0.0.1:1", "sk_x")
	require.NoError(t, err)
	_, err = away.ListAuthProviders(t.Context())
	require.Equal(t, everlatch.CodeUnavailable, everlatch.ErrorCode(err))
	for _, bad := range [][2]string{{"", "sk_x"}, {"ftp://x", "sk_x"}, {"http://x", ""}} {
		_, err := auth.NewClient(bad[0], bad[1])
		require.Error(t, err)
	}
}

// TestAuthServiceOverAdministrators: a key can't make its holder an administrator, unless
// reset tokens for administrators are on (docs/weak-spots.md#w30).
func TestAuthServiceOverAdministrators(t *testing.T) {
	t.Parallel()
	for policy, allowed := range map[api.ResetPolicy]bool{api.ResetsOff: false, api.ResetsSelf: false, api.ResetsAll: true} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			w := setup(t, options(func(o *api.Options) { o.ResetTokens = policy }))
			admin := w.admin("root@example.com")
			c := w.authClient(w.rawKey(admin))
			root := w.claims(admin)
			customer := w.claims(w.customer("a@example.com"))
			full, err := c.RetrieveAuthIdentity(t.Context(), root.AuthIdentityID, auth.FindConfig{Relations: []string{"provider_identities"}})
			require.NoError(t, err)
			for name, call := range map[string]func() error{
				"link": func() error {
					return c.LinkActor(t.Context(), customer.AuthIdentityID, everlatch.ActorRef{ActorType: "user", ActorID: root.ActorID})
				},
				"reset": func() error {
					_, err := c.CreatePasswordResetToken(t.Context(), auth.PasswordResetRequest{Provider: "emailpass", EntityID: "root@example.com"})
					return err
				},
				"add": func() error {
					_, err := c.CreateProviderIdentities(t.Context(), auth.NewProviderIdentity{
						AuthIdentityID: root.AuthIdentityID, Provider: "elsewhere", EntityID: "1",
					})
					return err
				},
				"change": func() error {
					_, err := c.UpdateProviderIdentities(t.Context(), auth.ProviderIdentityUpdate{
						ID: full.Providers[0].ID, ProviderMetadata: everlatch.Metadata{"password": "mine"},
					})
					return err
				},
				"factor": func() error {
					_, err := c.StartAuthMfa(t.Context(), auth.NewFactor{AuthIdentityID: root.AuthIdentityID, Provider: "totp"})
					return err
				},
				"password": func() error {
					_, err := c.UpdateProvider(t.Context(), "emailpass", auth.ProviderUpdate{
						EntityID: "root@example.com", Body: map[string]any{"password": "mine"},
					})
					return err
				},
			} {
				if err := call(); allowed {
					require.NoError(t, err, name)
				} else {
					require.Equal(t, everlatch.CodeForbidden, everlatch.ErrorCode(err), name)
				}
			}
		})
	}
}

// TestAuthService runs the conformance suite in the process.
func TestAuthService(t *testing.T) {
	t.Parallel()
	authtest.Run(t, func(t *testing.T) authtest.World {
		t.Helper()
		w := setup(t)
		return w.authWorld(w.authService())
	})
}
