package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
	"github.com/everlatch/everlatch/workflows"
)

// fakeRegistrations are the flows of registrations that are confirmed.
type fakeRegistrations struct {
	// wanted and completed are the requests.
	wanted    []flows.RegistrationRequest
	completed []flows.RegistrationConfirmation
}

func (f *fakeFlows) RequestRegistration(_ context.Context, r flows.RegistrationRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanted = append(f.wanted, r)
	return f.fail
}

func (f *fakeFlows) ConfirmRegistration(ctx context.Context, r flows.RegistrationConfirmation) (workflows.Login, error) {
	f.mu.Lock()
	f.completed = append(f.completed, r)
	f.mu.Unlock()
	if r.TokenID != "jti_1" {
		return workflows.Login{}, refuse("Invalid token")
	}
	return f.Register(ctx, r.AuthRequest)
}

// CheckRegistration implements [providers.AddressRegistrar] with the built-in policy.
func (registrar) CheckRegistration(in providers.Input) (providers.Subject, error) {
	provider, err := emailpass.New(emailpass.Options{})
	if err != nil {
		return providers.Subject{}, err
	}
	return provider.CheckRegistration(in)
}

const confirmRegistrationPath = "/auth/customer/emailpass/register/confirm"

func neutral(o *api.Options) { o.NeutralRegister = []string{"customer"} }

func (w *world) registrationToken(change func(*tokens.Registration)) string {
	w.t.Helper()
	r := tokens.Registration{
		EntityID: "ada@example.com", Provider: "emailpass", ActorType: "customer", ID: "jti_1",
		IssuedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Hour),
	}
	if change != nil {
		change(&r)
	}
	token, err := w.tokens.IssueRegistration(r)
	require.NoError(w.t, err)
	return token
}

// docs/weak-spots.md#w19: one answer for all, once the request is kept.
func TestNeutralRegister(t *testing.T) {
	t.Parallel()
	w := setup(t, options(neutral))
	w.registered("user", "known@example.com")
	before := len(w.flows.seen)

	for _, email := range []string{"known@example.com", " Unknown@Example.com"} {
		r := w.do("POST", registerPath, object{"email": email, "password": "supersecret", "actor": object{"email": "known@example.com"}})
		require.Equal(t, 202, r.StatusCode, r.body)
		r.is(t, `{"registration_requested":true}`)
		require.Empty(t, r.Header.Values("Set-Cookie"))
	}
	require.Len(t, w.flows.wanted, 2)
	require.Equal(t, "unknown@example.com", w.flows.wanted[1].Subject.EntityKey)
	require.Equal(t, "Unknown@Example.com", w.flows.wanted[1].Subject.EntityID)
	require.Len(t, w.flows.seen, before, "nothing was registered")

	for _, email := range []string{"known@example.com", "unknown@example.com"} {
		r := w.do("POST", registerPath, object{"email": email, "password": "short"})
		require.Equal(t, 400, r.StatusCode, r.body)
		require.Equal(t, "Password must have at least 8 characters.", r.text(t, "message"))
		r = w.do("POST", registerPath, object{"email": email})
		require.Equal(t, 401, r.StatusCode, r.body)
		r = w.do("POST", registerPath, object{"email": email, "password": "supersecret", "actor": object{"first_name": 5}})
		require.Equal(t, 400, r.StatusCode, r.body)
	}
	require.Len(t, w.flows.wanted, 2)
	require.Equal(t, 200, w.do("POST", "/auth/user/emailpass/register", object{"email": "user@example.com", "password": "supersecret"}).StatusCode,
		"an actor type that is not listed")

	w.flows.failWith(everlatch.Unavailable("Temporal", nil))
	r := w.do("POST", registerPath, object{"email": "known@example.com", "password": "supersecret"})
	require.Equal(t, 503, r.StatusCode, "what is not kept is not confirmed")
}

func TestConfirmRegistration(t *testing.T) {
	t.Parallel()
	w := setup(t, options(neutral))

	weak := w.do("POST", confirmRegistrationPath, object{"token": w.registrationToken(nil), "password": "short"})
	require.Equal(t, 400, weak.StatusCode, weak.body)
	require.Empty(t, w.flows.completed)

	r := w.do("POST", confirmRegistrationPath, object{
		"token": w.registrationToken(nil), "password": "supersecret", "email": "eve@example.com",
		"actor": object{"email": "ada@example.com", "first_name": "Ada"},
	})
	require.Equal(t, 200, r.StatusCode, r.body)
	claims := w.claims(r.text(t, "token"))
	require.Equal(t, "customer", claims.ActorType)
	require.NotEmpty(t, claims.ActorID)
	sent := w.flows.completed[0]
	require.Equal(t, map[string]any{"email": "ada@example.com", "password": "supersecret"}, sent.Input.Body, "the address is that of the token")
	require.Equal(t, "ada@example.com", sent.EntityKey)
}

func TestConfirmRegistrationRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t, options(neutral))
	reset, err := w.tokens.IssueReset(tokens.Reset{
		EntityID: "ada@example.com", Provider: "emailpass", ActorType: "customer", ID: "jti_1",
		IssuedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	tests := map[string]struct {
		path    string
		token   any
		status  int
		message string
	}{
		"no token":                     {confirmRegistrationPath, nil, 400, "Invalid request: Expected type: 'string' for field 'token', got: 'null'"},
		"a number":                     {confirmRegistrationPath, 5, 400, "Invalid request: Expected type: 'string' for field 'token', got: '5'"},
		"not a token":                  {confirmRegistrationPath, "x", 401, "Invalid token"},
		"a token of a reset":           {confirmRegistrationPath, reset, 401, "Invalid token"},
		"of another actor type":        {confirmRegistrationPath, w.registrationToken(func(r *tokens.Registration) { r.ActorType = "user" }), 401, "Invalid token"},
		"of another provider":          {confirmRegistrationPath, w.registrationToken(func(r *tokens.Registration) { r.Provider = "other" }), 401, "Invalid token"},
		"used":                         {confirmRegistrationPath, w.registrationToken(func(r *tokens.Registration) { r.ID = "jti_2" }), 401, "Invalid token"},
		"an actor type without it":     {"/auth/user/emailpass/register/confirm", w.registrationToken(func(r *tokens.Registration) { r.ActorType = "user" }), 401, "Invalid token"},
		"a provider that is not there": {"/auth/customer/other/register/confirm", w.registrationToken(nil), 400, "The actor type customer is not allowed to use the auth provider other"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.do("POST", tt.path, object{"token": tt.token, "password": "supersecret"})
			require.Equal(t, tt.status, r.StatusCode, r.body)
			require.Equal(t, tt.message, r.text(t, "message"))
		})
	}
}
