package api_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

func (f *fakeFlows) CreateUser(ctx context.Context, r flows.UserRequest) (everlatch.User, error) {
	id := ids.New(ids.User, f.now())
	user, err := f.store.CreateUser(ctx, everlatch.User{ID: id, Email: r.Email, FirstName: r.FirstName, LastName: r.LastName}, everlatch.Event{})
	if err != nil {
		return user, err
	}
	return user, f.SetAuthAppMetadata(ctx, r.AuthIdentityID, everlatch.ActorUser, &id)
}

func (f *fakeFlows) SetAuthAppMetadata(ctx context.Context, identityID, actorType string, actorID *string) error {
	if actorID == nil {
		identity, err := f.store.Identity(ctx, identityID)
		if err != nil || identity.ActorID(actorType) == "" {
			return err
		}
		return f.store.UnlinkActor(ctx, store.Link{IdentityID: identityID, ActorType: actorType, ActorID: identity.ActorID(actorType)})
	}
	return f.store.LinkActor(ctx, store.Link{IdentityID: identityID, ActorType: actorType, ActorID: *actorID})
}

// fromElsewhere is the token of a sign-in with another provider for the
// first time, with an address that the provider may vouch for.
func (w *world) fromElsewhere(email, verified string) string {
	w.t.Helper()
	now := w.clock.Now()
	claims := everlatch.Metadata{"given_name": "Ada", "family_name": "King"}
	if email != "" {
		claims["email"] = email
	}
	identity, err := w.store.RegisterIdentity(w.t.Context(), store.NewIdentity{
		ID: ids.New(ids.AuthIdentity, now), ProviderIdentityID: ids.New(ids.ProviderIdentity, now), Provider: "elsewhere",
		EntityID: ids.New("", now), EntityKey: ids.New("", now), UserMetadata: claims, VerifiedEmail: verified,
	})
	require.NoError(w.t, err)
	token, _, err := w.tokens.Issue(everlatch.Principal{
		AuthIdentityID: identity.ID, AuthProvider: "elsewhere", ActorType: "user", CredentialVersion: 1, UserMetadata: claims,
	}, now, "")
	require.NoError(w.t, err)
	return token
}

// docs/weak-spots.md#w6: an account with another provider alone makes no administrator.
func TestSignUpAdmin(t *testing.T) {
	t.Parallel()

	const path = "/auth/elsewhere/user"
	open := options(func(o *api.Options) {
		o.AuthMethodsPerActor = map[string][]string{"user": {"emailpass", "elsewhere"}}
		o.SignUpDomains = []string{"Acme.example"}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		w := setup(t, open)
		admin := w.admin("root@acme.example")
		tests := map[string]struct {
			path, token string
			status      int
			message     string
		}{
			"not invited":                       {path, w.fromElsewhere("ada@evil.example", "ada@evil.example"), 400, "There is no invite for ada@evil.example."},
			"a subdomain is another domain":     {path, w.fromElsewhere("a@x.acme.example", "a@x.acme.example"), 400, "There is no invite for a@x.acme.example."},
			"the address is not proven":         {path, w.fromElsewhere("root@acme.example", ""), 400, "The auth provider does not vouch for your email."},
			"no address":                        {path, w.fromElsewhere("", ""), 400, "Email is required to create a user account."},
			"another provider's token":          {"/auth/emailpass/user", w.fromElsewhere("a@acme.example", "a@acme.example"), 401, "Only emailpass identities can create a user account for this authentication context"},
			"an administrator":                  {path, admin, 400, "The user is already registered and cannot create a new account."},
			"a provider that users may not use": {"/auth/login-only/user", admin, 400, "The actor type user is not allowed to use the auth provider login-only"},
			"no credentials":                    {path, "", 401, "Unauthorized"},
			"a customer":                        {path, w.registered("customer", "c@acme.example"), 401, "Unauthorized"},
			"an identity that is gone":          {path, w.gone(w.fromElsewhere("b@acme.example", "b@acme.example")), 401, "Unauthorized"},
		}
		for name, tt := range tests {
			headers := []header{}
			if tt.token != "" {
				headers = append(headers, bearer(tt.token))
			}
			r := w.do("POST", tt.path, nil, headers...)
			require.Equal(t, tt.status, r.StatusCode, "%s: %s", name, r.body)
			require.Equal(t, tt.message, r.text(t, "message"), name)
		}
		_, count, err := w.store.Users(t.Context(), store.UserFilter{})
		require.NoError(t, err)
		require.Equal(t, 1, count)
	})

	t.Run("an address that its domain does not give any more", func(t *testing.T) {
		t.Parallel()
		w := setup(t, open, options(func(o *api.Options) { o.SignUpDomains = []string{"former.example"} }))
		w.admin("boss@former.example")
		r := w.do("POST", path, nil, bearer(w.fromElsewhere("boss@former.example", "boss@former.example")))
		require.Equal(t, 400, r.StatusCode, r.body)
		require.Equal(t, "There is no invite for boss@former.example.", r.text(t, "message"))
		_, count, err := w.store.Users(t.Context(), store.UserFilter{})
		require.NoError(t, err)
		require.Equal(t, 1, count)
	})

	t.Run("a domain that may sign up", func(t *testing.T) {
		t.Parallel()
		w := setup(t, open)
		token := w.fromElsewhere("Ada@ACME.example", "ada@acme.example")
		r := w.do("POST", path, nil, bearer(token))
		require.Equal(t, 200, r.StatusCode, r.body)
		require.Equal(t, "Ada@ACME.example", r.text(t, "user.email"))
		require.Equal(t, "Ada", r.text(t, "user.first_name"))
		require.Equal(t, "King", r.text(t, "user.last_name"))
		again := w.do("POST", path, nil, bearer(token))
		require.Equal(t, "The user is already registered and cannot create a new account.", again.text(t, "message"))
		refreshed := w.do("POST", "/auth/token/refresh", nil, bearer(token)).text(t, "token")
		require.Equal(t, 200, w.do("GET", "/admin/users/me", nil, bearer(refreshed)).StatusCode)
	})

	t.Run("an administrator of such a domain is linked", func(t *testing.T) {
		t.Parallel()
		w := setup(t, open)
		own := w.claims(w.admin("root@acme.example"))
		r := w.do("POST", path, nil, bearer(w.fromElsewhere("root@acme.example", "root@acme.example")))
		require.Equal(t, 200, r.StatusCode, r.body)
		require.Equal(t, own.ActorID, r.text(t, "user.id"))
		identities, err := w.store.IdentitiesOf(t.Context(), "user", own.ActorID)
		require.NoError(t, err)
		require.Len(t, identities, 2)
	})

	t.Run("an invite", func(t *testing.T) {
		t.Parallel()
		w := setup(t, options(func(o *api.Options) { o.AuthMethodsPerActor = map[string][]string{"user": {"emailpass", "elsewhere"}} }))
		admin := w.admin("root@acme.example")
		invite := w.do("POST", "/admin/invites", object{"email": "Ada@evil.example"}, bearer(admin))
		require.Equal(t, 200, invite.StatusCode, invite.body)
		r := w.do("POST", path, nil, bearer(w.fromElsewhere("ada@evil.example", "ada@evil.example")))
		require.Equal(t, 200, r.StatusCode, r.body)
		require.Equal(t, "Ada@evil.example", r.text(t, "user.email"), "the invited one")
		require.Equal(t, 404, w.do("GET", "/admin/invites/"+invite.text(t, "invite.id"), nil, bearer(admin)).StatusCode, "it is used up")
		second := w.do("POST", path, nil, bearer(w.fromElsewhere("ada@evil.example", "ada@evil.example")))
		require.Equal(t, 400, second.StatusCode, second.body)
	})
}

// gone removes the identity of a token.
func (w *world) gone(token string) string {
	w.t.Helper()
	require.NoError(w.t, w.store.RemoveIdentity(w.t.Context(), w.claims(token).AuthIdentityID, "flow"))
	return token
}
