package api_test

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/apitest"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// started are the flows of this package, of which those that create something are really
// started, on a Temporal that keeps the first result of each id.
type started struct {
	*fakeFlows

	client *flows.Client
}

func (s started) Register(ctx context.Context, r flows.AuthRequest) (workflows.Login, error) {
	return s.client.Register(ctx, r)
}

func (s started) CreateCustomerAccount(ctx context.Context, r flows.CustomerAccountRequest) (everlatch.Customer, error) {
	return s.client.CreateCustomerAccount(ctx, r)
}

func (s started) CreateActorAccount(ctx context.Context, r flows.ActorAccountRequest) (everlatch.ActorRecord, error) {
	return s.client.CreateActorAccount(ctx, r)
}

// firstResults performs nothing, and answers each execution as the first one of its id.
func firstResults(t *testing.T, now time.Time) *mocks.Client {
	t.Helper()
	first := map[string]any{}
	temporal := mocks.NewClient(t)
	temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(
		func(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
			if _, known := first[o.ID]; !known {
				first[o.ID] = resultOf(args[0], now)
			}
			run := mocks.NewWorkflowRun(t)
			run.On("Get", mock.Anything, mock.Anything).Return(func(_ context.Context, out any) error {
				switch out := out.(type) {
				case *workflows.Login:
					*out, _ = first[o.ID].(workflows.Login)
				case *workflows.CustomerAccount:
					*out, _ = first[o.ID].(workflows.CustomerAccount)
				case *workflows.ActorAccount:
					*out, _ = first[o.ID].(workflows.ActorAccount)
				}
				return nil
			})
			return run, nil
		})
	return temporal
}

func resultOf(input any, now time.Time) any {
	switch in := input.(type) {
	case workflows.RegisterInput:
		return workflows.Login{
			Fingerprint: in.Fingerprint, At: now, TokenID: "jti",
			Principal: everlatch.Principal{AuthIdentityID: in.IdentityID, AuthProvider: in.Provider, ActorType: in.ActorType},
		}
	case workflows.CreateCustomerAccountInput:
		return workflows.CustomerAccount{Fingerprint: in.Fingerprint, Customer: in.Customer}
	case workflows.CreateActorAccountInput:
		return workflows.ActorAccount{Fingerprint: in.Fingerprint, Actor: in.Actor}
	}
	return nil
}

// withStarts has the server of a world really start what creates something.
func (w *world) withStarts(t *testing.T) {
	t.Helper()
	ring, err := vault.NewKeyRing([]vault.Key{{ID: "k", Secret: vault.NewSecret(make([]byte, vault.KeyBytes))}})
	require.NoError(t, err)
	w.parts.Flows = started{w.flows, flows.New(flows.Options{
		Temporal: firstResults(t, w.clock.Now()), Vault: vault.New(w.store, ring, time.Minute, w.clock.Now), Ring: ring,
		Now: w.clock.Now, Log: slog.New(slog.DiscardHandler),
	})}
	manager, err := managerType().Complete()
	require.NoError(t, err)
	manager.Store = w.store.Records(manager)
	w.server, err = api.New(w.parts, api.Options{
		CookieSecrets: []string{cookieSecret}, Hooks: true, MaxMetadata: 200, ActorTypes: []everlatch.ActorType{manager},
	})
	require.NoError(t, err)
	w.raw = &http.Client{Transport: apitest.Handler(w.server.Handler())}
}

// What hooks decide by belongs to the request that an Idempotency-Key names. The same
// request again gets the first answer, one with other data is a conflict.
func TestOtherHookDataIsAnotherRequest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		path, actorType string
		body            object
	}{
		"registration":          {"/auth/customer/emailpass/register", "", object{"email": "new@example.com", "password": "very secret words"}},
		"sign-up in one call":   {"/auth/customer/emailpass/register", "", object{"email": "new@example.com", "password": "very secret words", "actor": object{"first_name": "Ada"}}},
		"customer":              {"/store/customers", "customer", object{"email": "ada@example.com"}},
		"a custom actor type's": {"/manager", "manager", object{"email": "ada@example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			h := []header{with("Idempotency-Key", "k-1")}
			if tt.actorType != "" {
				h = append(h, bearer(w.registered(tt.actorType, "ada@example.com")))
			}
			w.withStarts(t)
			send := func(data any) reply {
				body := object{}
				maps.Copy(body, tt.body)
				if data != nil {
					body["additional_data"] = data
				}
				return w.ask("POST", tt.path, body, h...)
			}
			first := send(object{"plan": "pro"})
			require.Equal(t, 200, first.StatusCode, first.body)
			again := send(object{"plan": "pro"})
			require.Equal(t, 200, again.StatusCode, again.body)
			require.Equal(t, first.body, again.body)
			for _, other := range []any{object{"plan": "free"}, object{"plan": "pro", "seats": 2}, nil} {
				r := send(other)
				require.Equal(t, 409, r.StatusCode, "%v: %s", other, r.body)
				require.Contains(t, r.body, "Idempotency-Key")
			}
			for _, wrong := range []any{"text", object{"text": strings.Repeat("x", 200)}} {
				require.Equal(t, 400, send(wrong).StatusCode)
			}
		})
	}
}

// additional_data is no field of a custom actor, unless the type has one of this name.
func TestAdditionalDataOfACustomActor(t *testing.T) {
	t.Parallel()
	w := setup(t, options(func(o *api.Options) {
		own := managerType()
		own.Name, own.Plural, own.IDPrefix = "agent", "agents", "agen_"
		own.Fields = append(own.Fields, everlatch.Field{Name: "additional_data", Kind: everlatch.FieldObject})
		o.Hooks, o.MaxMetadata, o.ActorTypes = true, 200, []everlatch.ActorType{managerType(), own}
		o.AuthMethodsPerActor["manager"], o.AuthMethodsPerActor["agent"] = []string{"emailpass"}, []string{"emailpass"}
	}))
	data := object{"email": "ada@example.com", "additional_data": object{"plan": "pro"}}
	r := w.ask("POST", "/manager", data, bearer(w.registered("manager", "ada@example.com")))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.NotContains(t, r.body, "plan")
	r = w.ask("POST", "/agent", data, bearer(w.registered("agent", "grace@example.com")))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Contains(t, r.body, `"additional_data":{"plan":"pro"}`)
}

// A guest has no account to decide about: its additional_data is checked as everywhere,
// and no flow is asked (docs/hooks.md).
func TestAdditionalDataOfAGuest(t *testing.T) {
	t.Parallel()
	w := setup(t, options(func(o *api.Options) { o.Hooks, o.MaxMetadata = true, 200 }))
	admin := bearer(w.admin("root@example.com"))
	asked := len(w.flows.seen)
	r := w.do("POST", "/admin/customers", object{"email": "guest@example.com", "additional_data": object{"plan": "pro"}}, admin)
	require.Equal(t, 200, r.StatusCode, r.body)
	require.NotContains(t, r.body, "plan")
	require.Equal(t, false, r.value(t, "customer.has_account"))
	require.Len(t, w.flows.seen, asked)
	for _, wrong := range []any{"text", object{"text": strings.Repeat("x", 200)}} {
		require.Equal(t, 400, w.ask("POST", "/admin/customers", object{"email": "b@example.com", "additional_data": wrong}, admin).StatusCode)
	}
}
