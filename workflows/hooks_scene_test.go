package workflows_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/worker"
	"github.com/everlatch/everlatch/workflows"
)

// The names of the two hooks of the tests.
const (
	hookNow  = "hook/Now"
	hookWait = "hook/Wait"
	// decide is the signal that the latter waits for.
	decide = "decide"
)

var errHook = &everlatch.Error{Code: everlatch.CodeForbidden, Message: "Not here."}

// hookLog is what hooks were told, and what they answer.
type hookLog struct {
	mu     sync.Mutex
	told   []everlatch.HookInput
	answer func(everlatch.HookInput) error
}

func (l *hookLog) note(in everlatch.HookInput) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, in)
	if l.answer == nil {
		return nil
	}
	return l.answer(in)
}

func (l *hookLog) at(point everlatch.HookPoint) (out []everlatch.HookInput) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, in := range l.told {
		if in.Point == point {
			out = append(out, in)
		}
	}
	return out
}

// waits is a hook that waits for a signal: "" approves, another text refuses.
func waits(ctx workflow.Context, _ everlatch.HookInput) error {
	var answer string
	selector := workflow.NewSelector(ctx)
	selector.AddReceive(workflow.GetSignalChannel(ctx, decide), func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &answer) })
	selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	selector.Select(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if answer != "" {
		return &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: answer}
	}
	return nil
}

// hook gives a house a hook that answers at once, and one that waits.
func (h *house) hook(answer func(everlatch.HookInput) error) *hookLog {
	log := &hookLog{answer: answer}
	h.own = func(env *testsuite.TestWorkflowEnvironment) {
		worker.RegisterHook(env, worker.Hook{Name: hookNow, Activity: func(_ context.Context, in everlatch.HookInput) error {
			return log.note(in)
		}})
		worker.RegisterHook(env, worker.Hook{Name: hookWait, Workflow: waits})
	}
	return log
}

// at are hooks of points that answer at once.
func at(points ...everlatch.HookPoint) *workflows.Hooks { return hooksAt(hookNow, points...) }

func hooksAt(name string, points ...everlatch.HookPoint) *workflows.Hooks {
	out := &workflows.Hooks{
		Set: make(workflows.HookSet), Held: "sec_01KAT0000000000000000HELD0",
		Request: everlatch.HookRequest{ID: "req_1", Address: "192.0.2.1"}, AdditionalData: everlatch.Metadata{"plan": "pro"},
	}
	for _, p := range points {
		within := 9 * time.Second
		if name == hookWait {
			within = 30 * day
		}
		out.Set[p] = []activities.Hook{{Name: name, Workflow: name == hookWait, Within: within}}
	}
	return out
}

// hookedFlow is a flow that has hooks around what it does.
type hookedFlow struct {
	before, after everlatch.HookPoint
	// prepare makes what exists before.
	prepare func(t *testing.T, h *house)
	// run performs the flow.
	run func(t *testing.T, h *house, hooks *workflows.Hooks) (*everlatch.Refusal, error)
}

func hookedFlows() map[string]hookedFlow {
	customer := func() *everlatch.Customer {
		return &everlatch.Customer{ID: "cus_1", Email: new(email), FirstName: new("Ada"), HasAccount: true, Metadata: everlatch.Metadata{"a": 1.0}}
	}
	registers := func(change func(*workflows.RegisterInput)) func(*testing.T, *house, *workflows.Hooks) (*everlatch.Refusal, error) {
		return func(t *testing.T, h *house, hooks *workflows.Hooks) (*everlatch.Refusal, error) {
			t.Helper()
			in := registerInput(t, h, "authid_1")
			in.Hooks = hooks
			change(&in)
			out, err := perform[workflows.Login](t, h, "register/1", workflows.Register, in)
			return out.Refusal, err
		}
	}
	withIdentity := func(t *testing.T, h *house) { t.Helper(); register(t, h, "authid_1") }
	withCustomer := func(t *testing.T, h *house) {
		t.Helper()
		register(t, h, "authid_1")
		_, err := createCustomer(t, h, "authid_1", "cus_1", email)
		require.NoError(t, err)
	}
	const beforeAccount, afterAccount = everlatch.HookBeforeAccountCreated, everlatch.HookAfterAccountCreated
	return map[string]hookedFlow{
		"register": {
			before: everlatch.HookBeforeRegister, after: everlatch.HookAfterRegister,
			run: registers(func(*workflows.RegisterInput) {}),
		},
		"register with an account": {
			before: beforeAccount, after: afterAccount,
			run: registers(func(in *workflows.RegisterInput) { in.Customer = customer() }),
		},
		"register a manager": {
			before: beforeAccount, after: afterAccount,
			run: registers(func(in *workflows.RegisterInput) {
				in.ActorType = "manager"
				in.Actor = &everlatch.ActorRecord{ID: "mana_1", ActorType: "manager", Data: everlatch.Metadata{"email": email}}
			}),
		},
		"create a customer": {
			before: beforeAccount, after: afterAccount, prepare: withIdentity,
			run: func(t *testing.T, h *house, hooks *workflows.Hooks) (*everlatch.Refusal, error) {
				t.Helper()
				out, err := perform[workflows.CustomerAccount](t, h, "create/1", workflows.CreateCustomerAccount,
					workflows.CreateCustomerAccountInput{AuthIdentityID: "authid_1", Customer: *customer(), Hooks: hooks})
				return out.Refusal, err
			},
		},
		"create a user": {
			before: beforeAccount, after: afterAccount,
			run: func(t *testing.T, h *house, hooks *workflows.Hooks) (*everlatch.Refusal, error) {
				t.Helper()
				out, err := perform[workflows.UserAccount](t, h, "create/1", workflows.CreateUserAccount, workflows.CreateUserAccountInput{
					AuthIdentityID: "authid_1", User: everlatch.User{ID: "user_1", Email: email, FirstName: new("Ada")}, Hooks: hooks,
					Registration: &workflows.Registration{Provider: "emailpass", Request: h.seal(t, email, password), ProviderIdentityID: "pi_1"},
				})
				return out.Refusal, err
			},
		},
		"create a manager": {
			before: beforeAccount, after: afterAccount, prepare: withIdentity,
			run: func(t *testing.T, h *house, hooks *workflows.Hooks) (*everlatch.Refusal, error) {
				t.Helper()
				out, err := perform[workflows.ActorAccount](t, h, "create/1", workflows.CreateActorAccount, workflows.CreateActorAccountInput{
					AuthIdentityID: "authid_1", Hooks: hooks,
					Actor: everlatch.ActorRecord{ID: "mana_1", ActorType: "manager", Data: everlatch.Metadata{"email": email}},
				})
				return out.Refusal, err
			},
		},
		"remove a customer": {
			before: everlatch.HookBeforeAccountRemoved, after: everlatch.HookAfterAccountRemoved, prepare: withCustomer,
			run: func(t *testing.T, h *house, hooks *workflows.Hooks) (*everlatch.Refusal, error) {
				t.Helper()
				h.acts.Identities.Hooks = hooks.Set
				out, err := perform[workflows.Outcome](t, h, workflows.RemovalID("customer", "cus_1"), workflows.RemoveCustomerAccount,
					workflows.RemoveAccountInput{ActorID: "cus_1", Request: hooks.Request})
				return out.Refusal, err
			},
		},
	}
}

// sealed reports whether a secret can still be read.
func (h *house) sealed(t *testing.T, ref vault.Ref) bool {
	t.Helper()
	_, err := h.vault.Get(t.Context(), ref)
	if err != nil {
		require.ErrorIs(t, err, everlatch.ErrInvalidData)
	}
	return err == nil
}

// toldEvents are the events of a name that subscribers are told.
func (h *house) toldEvents(t *testing.T, name string) []everlatch.Event {
	t.Helper()
	events, _, err := h.store.Events(t.Context(), store.EventFilter{Name: name, Released: new(true)}, store.Page{})
	require.NoError(t, err)
	return events
}
