package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/workflows"
)

func TestHooksAreTold(t *testing.T) {
	t.Parallel()
	for name, flow := range hookedFlows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if flow.prepare != nil {
				flow.prepare(t, h)
			}
			log := h.hook(nil)

			refusal, err := flow.run(t, h, at(flow.before, flow.after))

			require.NoError(t, err)
			require.Nil(t, refusal)
			for _, point := range []everlatch.HookPoint{flow.before, flow.after} {
				told := log.at(point)
				require.Len(t, told, 1, point)
				in := told[0]
				require.Equal(t, email, in.Email, point)
				require.Equal(t, "192.0.2.1", in.Request.Address)
				require.NotEmpty(t, in.FlowID)
				require.NotEmpty(t, in.ActorType)
				if name != "remove a customer" {
					require.Equal(t, everlatch.Metadata{"plan": "pro"}, in.AdditionalData)
				}
				if point != everlatch.HookBeforeRegister {
					require.Equal(t, "authid_1", in.AuthIdentityID)
				}
				if flow.before == everlatch.HookBeforeAccountCreated {
					require.Equal(t, email, in.Account["email"])
					require.NotEmpty(t, in.ActorID)
				}
			}
			require.Empty(t, h.toldEvents(t, everlatch.EventApprovalRequested), "they did not wait")
		})
	}
}

// A hook that refuses, and one that breaks down, leave everything as it was.
func TestHooksThatFailUndoTheFlow(t *testing.T) {
	t.Parallel()
	for name, flow := range hookedFlows() {
		for _, point := range []everlatch.HookPoint{flow.before, flow.after} {
			for kind, answer := range map[string]error{"refuses": errHook, "breaks down": errors.New("the hook's database is away")} {
				t.Run(name+", "+string(point)+" "+kind, func(t *testing.T) {
					t.Parallel()
					h := newHouse(t)
					if flow.prepare != nil {
						flow.prepare(t, h)
					}
					before := h.snapshot(t)
					log := h.hook(func(everlatch.HookInput) error { return answer })
					hooks := at(point)

					refusal, err := flow.run(t, h, hooks)

					require.NotEmpty(t, log.at(point))
					require.Equal(t, before, h.snapshot(t))
					require.False(t, h.sealed(t, hooks.Held), "nothing is held any more")
					if kind == "refuses" {
						require.NoError(t, err, "a refusal is a result")
						requireRefusal(t, refusal, everlatch.CodeForbidden, "Not here.")
						require.Len(t, log.at(point), 1, "and is not asked for again")
						return
					}
					require.Error(t, err)
					require.NotContains(t, err.Error(), "database")
				})
			}
		}
	}
}

// Every step of a flow with hooks may fail once, or lose its answer, the hooks among
// them.
func TestHookedFlowsSurviveFaults(t *testing.T) {
	t.Parallel()
	steps := []string{
		"HoldRegistration", "RegisterIdentity", "DropHeld", "OwnEmail", "LinkActor", "CreateCustomer", "CreateActor", "CreateUser",
		"ReleaseEvents", "FindIdentities", "RemoveCustomer", "RemoveIdentity", hookNow,
	}
	for name, flow := range hookedFlows() {
		for kind, lost := range map[string]bool{"failed": false, "lost": true} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				for _, step := range steps {
					h := newHouse(t)
					if flow.prepare != nil {
						flow.prepare(t, h)
					}
					h.hook(nil)
					h.faults.set(fault{activities: []string{step}, times: 1, after: lost})

					refusal, err := flow.run(t, h, at(flow.before, flow.after))

					require.NoError(t, err, step)
					require.Nil(t, refusal, step)
					for _, event := range h.snapshot(t)["events"] {
						require.NotContains(t, event, "pending", step)
					}
				}
			})
		}
	}
}

// hourly are moves, by the hours after the start.
type hourly map[int]func(*testsuite.TestWorkflowEnvironment)

// waitingRun performs a registration whose hook waits, with moves meanwhile.
func waitingRun(
	t *testing.T, h *house, hooks *workflows.Hooks, moves hourly,
) (out workflows.Login, err error) {
	t.Helper()
	env := h.env(t, "register/1")
	h.clock.of(env)
	for hours, move := range moves {
		env.RegisterDelayedCallback(func() { move(env) }, time.Duration(hours)*time.Hour)
	}
	in := registerInput(t, h, "authid_1")
	in.Hooks = hooks
	in.Customer = &everlatch.Customer{ID: "cus_1", Email: new(email), HasAccount: true}
	in.Fingerprint = "f"
	env.ExecuteWorkflow(workflows.Register, in)
	require.True(t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		return out, temporalkit.Decode(err)
	}
	require.NoError(t, env.GetWorkflowResult(&out))
	return out, nil
}

func answers(text string, point everlatch.HookPoint) func(*testsuite.TestWorkflowEnvironment) {
	return func(env *testsuite.TestWorkflowEnvironment) {
		if err := env.SignalWorkflowByID("register/1/"+string(point)+"/"+hookWait, decide, text); err != nil {
			panic(err)
		}
	}
}

// An approval takes three days. The user is told when it begins and how it ends, and
// nothing of a sign-up that was refused remains.
func TestAHookWaitsForDays(t *testing.T) {
	t.Parallel()
	for _, point := range []everlatch.HookPoint{everlatch.HookBeforeRegister, everlatch.HookBeforeAccountCreated} {
		t.Run(string(point)+", approved", func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.hook(nil)
			hooks := hooksAt(hookWait, point)

			out, err := waitingRun(t, h, hooks, hourly{
				1: func(env *testsuite.TestWorkflowEnvironment) {
					var w workflows.Waiting
					answer, err := env.QueryWorkflow(workflows.QueryWaiting)
					require.NoError(t, err)
					require.NoError(t, answer.Get(&w))
					require.Equal(t, point, w.Point)
					require.Equal(t, "f", w.Fingerprint)
					require.Empty(t, h.snapshot(t)["customers"])
					require.Equal(t, point == everlatch.HookBeforeRegister, h.sealed(t, hooks.Held))
				},
				72: answers("", point),
			})

			require.NoError(t, err)
			require.Nil(t, out.Refusal)
			require.Equal(t, "cus_1", out.Principal.ActorID)
			require.True(t, out.Created)
			require.Equal(t, []string{"cus_1 live"}, h.snapshot(t)["customers"])
			require.False(t, h.sealed(t, hooks.Held))
			requested, granted := h.toldEvents(t, everlatch.EventApprovalRequested), h.toldEvents(t, everlatch.EventApprovalGranted)
			require.Len(t, requested, 1)
			require.Equal(t, email, requested[0].Data["email"])
			require.Len(t, granted, 1)
			require.GreaterOrEqual(t, granted[0].CreatedAt.Sub(requested[0].CreatedAt), 2*day)
			require.Empty(t, h.toldEvents(t, everlatch.EventApprovalRefused))
			signedIn, err := authenticate(t, h, email, password)
			require.NoError(t, err)
			require.Nil(t, signedIn.Refusal, "with the password of three days ago")
		})

		t.Run(string(point)+", refused", func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.hook(nil)
			hooks := hooksAt(hookWait, point)

			out, err := waitingRun(t, h, hooks, hourly{
				72: answers("We sell to schools only.", point),
			})

			require.NoError(t, err)
			requireRefusal(t, out.Refusal, everlatch.CodeNotAllowed, "We sell to schools only.")
			state := h.snapshot(t)
			require.Empty(t, state["identities"])
			require.Empty(t, state["customers"])
			require.Equal(t, []string{"auth.approval_refused released", "auth.approval_requested released"}, state["events"])
			require.Equal(t, "We sell to schools only.", h.toldEvents(t, everlatch.EventApprovalRefused)[0].Data["message"])
			require.False(t, h.sealed(t, hooks.Held))
		})

		t.Run(string(point)+", never decided", func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.hook(nil)

			out, err := waitingRun(t, h, hooksAt(hookWait, point), nil)

			require.NoError(t, err)
			requireRefusal(t, out.Refusal, everlatch.CodeNotAllowed, "The request was not approved in time.")
			require.Empty(t, h.snapshot(t)["identities"])
			require.Len(t, h.toldEvents(t, everlatch.EventApprovalRefused), 1)
		})

		t.Run(string(point)+", cancelled", func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.hook(nil)
			hooks := hooksAt(hookWait, point)

			_, err := waitingRun(t, h, hooks, hourly{
				24: func(env *testsuite.TestWorkflowEnvironment) { env.CancelWorkflow() },
			})

			require.Error(t, err)
			require.Empty(t, h.snapshot(t)["identities"])
			require.False(t, h.sealed(t, hooks.Held))
			require.Len(t, h.toldEvents(t, everlatch.EventApprovalRefused), 1)
		})
	}
}

// While an identity waits for its account, it is not taken for an unused one.
func TestAnIdentityThatWaitsIsKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hook(nil)
	kept := false

	_, err := waitingRun(t, h, hooksAt(hookWait, everlatch.HookBeforeAccountCreated), hourly{
		240: func(*testsuite.TestWorkflowEnvironment) {
			removed, err := h.store.RemoveOrphans(t.Context(), h.clock.Now().Add(-12*time.Hour), 10)
			require.NoError(t, err)
			kept = removed == 0
		},
		264: answers("", everlatch.HookBeforeAccountCreated),
	})

	require.NoError(t, err)
	require.True(t, kept)
	require.Equal(t, []string{"cus_1 live"}, h.snapshot(t)["customers"])
}

// What has happened to the address while a registration was held decides.
func TestAHeldRegistrationComesTooLate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.hook(nil)

	out, err := waitingRun(t, h, hooksAt(hookWait, everlatch.HookBeforeRegister), hourly{
		24: func(*testsuite.TestWorkflowEnvironment) { register(t, h, "authid_faster") },
		48: answers("", everlatch.HookBeforeRegister),
	})

	require.NoError(t, err)
	requireRefusal(t, out.Refusal, everlatch.CodeUnauthorized, "Identity with email already exists")
	require.Equal(t, []string{"authid_faster vlive"}, h.snapshot(t)["identities"])
}
