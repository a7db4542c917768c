package nexusservice_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/nexus-rpc/sdk-go/nexus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/nexusservice"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/nexusauth"
	"github.com/everlatch/everlatch/providers"
)

const apiKey = "sk_of_the_club"

// fake is the auth service and the flows. Each call answers with err.
type fake struct {
	auth.Service

	err error
	got []any
}

func (f *fake) note(what ...any) error {
	f.got = append(f.got, what...)
	return f.err
}

func (f *fake) Register(_ context.Context, _ string, in auth.AuthenticationInput) (auth.Authentication, error) {
	return auth.Authentication{AuthIdentity: everlatch.AuthIdentity{ID: "authid_1"}, Created: true}, f.note(in.IdempotencyKey)
}

func (f *fake) Authenticate(_ context.Context, _ string, in auth.AuthenticationInput) (auth.Authentication, error) {
	return auth.Authentication{AuthIdentity: everlatch.AuthIdentity{ID: "authid_1"}, ActorID: "cus_1"}, f.note(in.IdempotencyKey)
}

func (f *fake) RequestPasswordReset(_ context.Context, r flows.ResetRequest) error { return f.note(r) }

func (f *fake) CompletePasswordReset(_ context.Context, r flows.NewPassword) error { return f.note(r) }

func (f *fake) SetAuthAppMetadataOnce(_ context.Context, key, id, actorType string, actorID *string) error {
	return f.note(key, id, actorType, actorID)
}

func (f *fake) DeleteAuthIdentityOnce(_ context.Context, key, id string) error {
	return f.note(key, id)
}

// world is the service with one API key.
type world struct {
	fake    *fake
	store   *store.Store
	ring    *vault.KeyRing
	service *nexus.Service
	now     time.Time
	sealer  *nexusauth.Sealer
	deps    nexusservice.Deps
}

// serve makes the service again, with other parts.
func (w *world) serve(change func(d *nexusservice.Deps)) {
	change(&w.deps)
	w.service = nexusservice.New(w.deps)
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{fake: &fake{}, now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return w.now }
	w.store = storetest.Open(t, now)
	_, err := w.store.CreateAPIKey(t.Context(), everlatch.APIKey{ID: "apk_club", Title: "club", Type: everlatch.KeySecret, CreatedBy: "tests"}, tokens.HashSecret(apiKey))
	require.NoError(t, err)
	w.ring = ring(t, "k1")
	made, err := tokens.New(tokens.Config{Secret: []byte("a secret of the tests, which is long enough"), ExpiresIn: time.Hour}, now)
	require.NoError(t, err)
	w.deps = nexusservice.Deps{
		Store: w.store, Auth: w.fake, Flows: w.fake, Providers: providers.NewRegistry(), Tokens: made, Ring: w.ring,
		MaxResetMetadata: 1 << 10, Message: (*everlatch.Error).Error, Log: slog.New(slog.DiscardHandler), Now: now,
	}
	w.serve(func(*nexusservice.Deps) {})
	w.sealer = w.sealerFor(t, w.ring, apiKey)
	return w
}

func ring(t *testing.T, ids ...string) *vault.KeyRing {
	t.Helper()
	keys := make([]vault.Key, len(ids))
	for i, id := range ids {
		secret := make([]byte, vault.KeyBytes)
		copy(secret, id)
		keys[i] = vault.Key{ID: id, Secret: vault.NewSecret(secret)}
	}
	out, err := vault.NewKeyRing(keys)
	require.NoError(t, err)
	return out
}

func (w *world) sealerFor(t *testing.T, r *vault.KeyRing, key string) *nexusauth.Sealer {
	t.Helper()
	set, err := nexusservice.PublicKeys(r)
	require.NoError(t, err)
	require.NotContains(t, string(set), `"d"`, "no private key")
	keys, err := nexusauth.ParseKeys(set)
	require.NoError(t, err)
	s, err := nexusauth.NewSealer(nexusauth.SealerOptions{Keys: keys, APIKey: key, Now: func() time.Time { return w.now }})
	require.NoError(t, err)
	return s
}

// sends calls an operation from a workflow, with an input as it is.
func sends[O any](t *testing.T, w *world, operation string, input any) (out O, err error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterNexusService(w.service)
	env.ExecuteWorkflow(func(ctx workflow.Context) (out O, err error) {
		o := workflow.NexusOperationOptions{ScheduleToCloseTimeout: time.Minute}
		err = workflow.NewNexusClient(nexusauth.Endpoint, nexusauth.Service).ExecuteOperation(ctx, operation, input, o).Get(ctx, &out)
		return out, err
	})
	if err := env.GetWorkflowError(); err != nil {
		return out, err
	}
	require.NoError(t, env.GetWorkflowResult(&out))
	return out, nil
}

func calls[I, O any](t *testing.T, w *world, operation nexus.OperationReference[nexusauth.Sealed[I], O], in I) (O, error) {
	t.Helper()
	sealed, err := nexusauth.Seal(w.sealer, operation, in)
	require.NoError(t, err)
	return sends[O](t, w, operation.Name(), sealed)
}

var credentials = nexusauth.Credentials{
	ActorType: "customer", Provider: "emailpass", Body: map[string]any{"email": "ada@example.com", "password": "correct horse"},
}

func TestOperations(t *testing.T) {
	t.Parallel()
	w := setup(t)
	registered, err := calls(t, w, nexusauth.Register, credentials)
	require.NoError(t, err)
	require.Equal(t, nexusauth.Authentication{AuthIdentityID: "authid_1", Created: true}, registered)
	in, err := calls(t, w, nexusauth.Authenticate, credentials)
	require.NoError(t, err)
	require.Equal(t, "cus_1", in.ActorID)
	require.Regexp(t, `^nexus/apk_club/.{36}$`, w.fake.got[0], "the envelope is the request")
	require.NotEqual(t, w.fake.got[0], w.fake.got[1])

	w.fake.got = nil
	_, err = calls(t, w, nexusauth.SetAppMetadata, nexusauth.Link{AuthIdentityID: "authid_1", ActorType: "member", ActorID: "m1"})
	require.NoError(t, err)
	require.Equal(t, []any{"authid_1", "member", new("m1")}, w.fake.got[1:])
	w.fake.got = nil
	_, err = calls(t, w, nexusauth.UnsetAppMetadata, nexusauth.Unlink{AuthIdentityID: "authid_1", ActorType: "member"})
	require.NoError(t, err)
	require.Equal(t, []any{"authid_1", "member", (*string)(nil)}, w.fake.got[1:])
	w.fake.got = nil
	_, err = calls(t, w, nexusauth.DeleteAuthIdentity, nexusauth.Identity{AuthIdentityID: "authid_1"})
	require.NoError(t, err)
	require.Equal(t, "authid_1", w.fake.got[1])
	found, err := calls(t, w, nexusauth.FindIdentities, everlatch.ActorRef{ActorType: "member", ActorID: "m1"})
	require.NoError(t, err)
	require.Empty(t, found.Identities)

	event := seal(t, w, nexusauth.Emit, nexusauth.Event{Name: "courier.hired"})
	first, err := sends[nexusauth.Emitted](t, w, "Emit", event)
	require.NoError(t, err)
	again, err := sends[nexusauth.Emitted](t, w, "Emit", event)
	require.NoError(t, err)
	require.Equal(t, first, again, "one event")
	stored, err := w.store.Event(t.Context(), first.EventID)
	require.NoError(t, err)
	require.Equal(t, "apk_club", stored.Source)

	// Administrators are linked only where their reset tokens are handed out.
	_, err = calls(t, w, nexusauth.SetAppMetadata, nexusauth.Link{AuthIdentityID: "authid_1", ActorType: "user", ActorID: "user_1"})
	e, ok := nexusauth.AsError(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, everlatch.CodeForbidden, e.Code)
}

func seal[I, O any](t *testing.T, w *world, operation nexus.OperationReference[nexusauth.Sealed[I], O], in I) nexusauth.Sealed[I] {
	t.Helper()
	sealed, err := nexusauth.Seal(w.sealer, operation, in)
	require.NoError(t, err)
	return sealed
}

// TestRefusals: each code of a refusal reaches the caller, and nothing that was typed.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, code := range []everlatch.Code{
		everlatch.CodeInvalidData, everlatch.CodeNotAllowed, everlatch.CodeUnauthorized, everlatch.CodeForbidden, everlatch.CodeNotFound,
		everlatch.CodeConflict, everlatch.CodeDuplicate, everlatch.CodeRateLimited,
	} {
		w := setup(t)
		w.fake.err = &everlatch.Error{
			Code: code, Message: "There is ada@example.com with correct horse.", Details: map[string]string{"entity_id": "ada@example.com", "retry_after": "7"},
		}
		_, err := calls(t, w, nexusauth.Authenticate, credentials)
		e, ok := nexusauth.AsError(err)
		require.True(t, ok, "%v", err)
		require.Equal(t, &everlatch.Error{Code: code, Message: "There is … with ….", Details: map[string]string{"retry_after": "7"}, Err: e.Err}, e)
		require.NotContains(t, err.Error(), "ada@example.com")
		require.Len(t, w.fake.got, 1, "a refusal is not repeated")
	}
}

// TestOutages: what may work later is repeated.
func TestOutages(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]error{
		"unavailable": everlatch.Unavailable("Temporal", errors.New("connection refused")),
		"internal":    errors.New("ada@example.com broke it"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.fake.err = outage
			_, err := calls(t, w, nexusauth.Register, credentials)
			_, refused := nexusauth.AsError(err)
			require.False(t, refused, "%v", err)
			require.NotContains(t, err.Error(), "ada@example.com")
			broken, ok := errors.AsType[*nexus.HandlerError](err)
			require.True(t, ok, "%v", err)
			require.True(t, broken.Retryable(), "the environment of the tests does not, a server repeats it")
		})
	}
	w := setup(t)
	w.fake.err = &flows.PendingError{FlowID: "register/customer/1"}
	waiting, err := calls(t, w, nexusauth.Register, credentials)
	require.NoError(t, err)
	require.Equal(t, nexusauth.Authentication{Provider: "emailpass", ActorType: "customer", PendingID: "register/customer/1"}, waiting)
}

// TestWhatIsNotOpened: nothing is done for an input that isn't sealed for this operation, now.
func TestWhatIsNotOpened(t *testing.T) {
	t.Parallel()
	w := setup(t)
	good := seal(t, w, nexusauth.Authenticate, credentials)
	stranger := w.sealerFor(t, w.ring, "sk_made_up")
	unknown, err := nexusauth.Seal(stranger, nexusauth.Authenticate, credentials)
	require.NoError(t, err)
	elsewhere, err := nexusauth.Seal(w.sealerFor(t, ring(t, "k2"), apiKey), nexusauth.Authenticate, credentials)
	require.NoError(t, err)
	changed := []byte(good.Sealed)
	if at := len(changed) - 3; changed[at] == 'A' { // another character of base64url
		changed[at] = 'B'
	} else {
		changed[at] = 'A'
	}
	issued, expires := w.now.Unix(), w.now.Add(time.Hour).Unix()
	envelope := func(change func(e *nexusauth.Envelope)) any {
		e := nexusauth.Envelope{
			APIKey: apiKey, Operation: "Authenticate", ID: "0123456789abcdef", IssuedAt: issued, ExpiresAt: expires, Input: json.RawMessage(`{}`),
		}
		change(&e)
		return w.encrypted(t, e)
	}
	for name, tt := range map[string]struct {
		input any
		kind  nexus.HandlerErrorType
		said  string
	}{
		"in clear":                {credentials, nexus.HandlerErrorTypeBadRequest, "this one is not"},
		"no JWE":                  {map[string]any{"sealed": "correct horse"}, nexus.HandlerErrorTypeBadRequest, "not a JWE"},
		"too long":                {map[string]any{"sealed": string(make([]byte, nexusauth.MaxSealed+1))}, nexus.HandlerErrorTypeBadRequest, "too long"},
		"changed":                 {map[string]any{"sealed": string(changed)}, nexus.HandlerErrorTypeBadRequest, "can't be opened"},
		"to another key":          {elsewhere, nexus.HandlerErrorTypeBadRequest, "a key that the service doesn't have"},
		"for another operation":   {seal(t, w, nexusauth.Register, credentials), nexus.HandlerErrorTypeBadRequest, "another operation"},
		"with an unknown API key": {unknown, nexus.HandlerErrorTypeUnauthenticated, "no valid secret API key"},
		"expired":                 {envelope(func(e *nexusauth.Envelope) { e.IssuedAt, e.ExpiresAt = issued-60, issued }), nexus.HandlerErrorTypeBadRequest, "has expired"},
		"of the future":           {envelope(func(e *nexusauth.Envelope) { e.IssuedAt += 61 }), nexus.HandlerErrorTypeBadRequest, "in the future"},
		"valid for too long":      {envelope(func(e *nexusauth.Envelope) { e.ExpiresAt++ }), nexus.HandlerErrorTypeBadRequest, "at most an hour"},
		"with a short id":         {envelope(func(e *nexusauth.Envelope) { e.ID = "short" }), nexus.HandlerErrorTypeBadRequest, "16 to 128"},
		"without an input":        {envelope(func(e *nexusauth.Envelope) { e.Input = nil }), nexus.HandlerErrorTypeBadRequest, "has no input"},
		"with a misspelled input": {envelope(func(e *nexusauth.Envelope) { e.Input = json.RawMessage(`{"pasword":"x"}`) }), nexus.HandlerErrorTypeBadRequest, "not that of the operation"},
	} {
		_, err := sends[nexusauth.Authentication](t, w, "Authenticate", tt.input)
		wrong, ok := errors.AsType[*nexus.HandlerError](err)
		require.True(t, ok, "%s: %v", name, err)
		require.Equal(t, tt.kind, wrong.Type, name)
		require.False(t, wrong.Retryable(), name)
		require.ErrorContains(t, err, tt.said, name)
	}
	require.Empty(t, w.fake.got)
}

func (w *world) encrypted(t *testing.T, e nexusauth.Envelope) map[string]any {
	t.Helper()
	set, err := nexusservice.PublicKeys(w.ring)
	require.NoError(t, err)
	var keys jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(set, &keys))
	encrypter, err := jose.NewEncrypter(nexusauth.ContentEncryption, jose.Recipient{Algorithm: nexusauth.KeyAlgorithm, Key: &keys.Keys[0]}, nil)
	require.NoError(t, err)
	text, err := json.Marshal(e)
	require.NoError(t, err)
	object, err := encrypter.Encrypt(text)
	require.NoError(t, err)
	sealed, err := object.CompactSerialize()
	require.NoError(t, err)
	return map[string]any{"sealed": sealed}
}

// TestRotation: what is sealed to a previous key can be opened while it is configured.
func TestRotation(t *testing.T) {
	t.Parallel()
	w := setup(t)
	sealed := seal(t, w, nexusauth.Authenticate, credentials)
	for name, tt := range map[string]struct {
		ring *vault.KeyRing
		ok   bool
	}{"both": {ring(t, "k2", "k1"), true}, "the new one": {ring(t, "k2"), false}} {
		rotated := *w
		rotated.serve(func(d *nexusservice.Deps) { d.Ring = tt.ring })
		_, err := sends[nexusauth.Authentication](t, &rotated, "Authenticate", sealed)
		require.Equal(t, tt.ok, err == nil, "%s: %v", name, err)
	}
}
