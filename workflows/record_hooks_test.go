//go:build record

package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/passkeytest"
	"github.com/everlatch/everlatch/worker"
	"github.com/everlatch/everlatch/workflows"
)

// hookNowAnd registers a hook that answers what answer does, and one that waits.
func hookNowAnd(answer *func(everlatch.HookInput) error) func(sdkworker.Registry) {
	return func(r sdkworker.Registry) {
		worker.RegisterHook(r, worker.Hook{Name: hookNow, Activity: func(_ context.Context, in everlatch.HookInput) error { return (*answer)(in) }})
		worker.RegisterHook(r, worker.Hook{Name: hookWait, Workflow: waits})
	}
}

// TestRecordHooks keeps histories of flows whose hooks answer, refuse and wait.
func TestRecordHooks(t *testing.T) {
	answer := func(everlatch.HookInput) error { return nil }
	r := newRecorder(t, hookNowAnd(&answer))
	h := r.house
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // as the server's is
	const beforeRegister, afterRegister = everlatch.HookBeforeRegister, everlatch.HookAfterRegister
	const beforeAccount, afterAccount = everlatch.HookBeforeAccountCreated, everlatch.HookAfterAccountCreated
	signUp := func(n, mail string, hooks *workflows.Hooks) workflows.RegisterInput {
		in := registerInput(t, h, "authid_h"+n)
		in.Request = h.seal(t, mail, password)
		hooks.Held = h.vault.NewRef()
		in.Hooks, in.Customer = hooks, &everlatch.Customer{ID: "cus_h" + n, Email: new(mail), HasAccount: true}
		return in
	}
	authenticate := func() workflows.AuthenticateInput {
		return workflows.AuthenticateInput{
			ActorType: "customer", Provider: "emailpass", Request: h.seal(t, "h1@example.com", password),
			Hooks: at(everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate),
		}
	}
	all := at(beforeRegister, afterRegister, beforeAccount, afterAccount)
	r.keep(t, "Register/hooked", workflows.Register, signUp("1", "h1@example.com", all))
	r.keep(t, "Authenticate/hooked", workflows.Authenticate, authenticate())

	for name, text := range map[string]string{"waited_and_approved": "", "waited_and_refused": "No."} {
		n := map[string]string{"": "2", "No.": "3"}[text]
		run := r.start(t, "Register/"+name, workflows.Register, signUp(n, "h"+n+"@example.com", hooksAt(hookWait, beforeRegister, beforeAccount)))
		for _, point := range []everlatch.HookPoint{beforeRegister, beforeAccount} {
			if text != "" && point == beforeRegister {
				time.Sleep(12 * time.Second) //nolint:forbidigo // until the user is told
			}
			require.Eventually(t, func() bool {
				return r.client.SignalWorkflow(t.Context(), workflows.HookID(run.GetID(), point, hookWait), "", decide, text) == nil
			}, time.Minute, 100*time.Millisecond)
			if text != "" {
				break
			}
		}
		require.NoError(t, run.Get(t.Context(), nil))
		r.write(t, "Register/"+name, run)
	}

	answer = func(everlatch.HookInput) error { return errHook }
	r.keep(t, "Register/hook_refused", workflows.Register, signUp("4", "h4@example.com", at(afterAccount)))
	r.keep(t, "Authenticate/hook_refused", workflows.Authenticate, authenticate())
	h.acts.Identities.Hooks = at(everlatch.HookBeforeAccountRemoved).Set
	r.keep(t, "RemoveCustomerAccount/hook_refused", workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_h1"})
	answer = func(everlatch.HookInput) error { return nil }
	h.acts.Identities.Hooks = at(everlatch.HookBeforeAccountRemoved, everlatch.HookAfterAccountRemoved).Set
	r.keep(t, "RemoveCustomerAccount/hooked", workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_h1"})

	register(t, h, "authid_h5")
	create := workflows.CreateCustomerAccountInput{
		AuthIdentityID: "authid_h5", Customer: everlatch.Customer{ID: "cus_h5", HasAccount: true}, Hooks: at(beforeAccount, afterAccount),
	}
	r.keep(t, "CreateCustomerAccount/hooked", workflows.CreateCustomerAccount, create)

	f := newRecordedFactors(t, r)
	f.hooks = at(everlatch.HookBeforeFactorAdded, everlatch.HookAfterFactorAdded)
	run := f.begin("FactorEnrollment/hooked", "authid_h6")
	f.enroll(run, "authmfa_h6")
	answer = func(everlatch.HookInput) error { return errHook }
	f.confirm(run, "authmfa_h6", "")
	answer = func(everlatch.HookInput) error { return nil }
	f.confirm(run, "authmfa_h6", "")
	f.ends("FactorEnrollment/hooked", run)

	identity, err := h.store.Identity(t.Context(), "authid_h5")
	require.NoError(t, err)
	r.keep(t, "UpdateProvider/hooked", workflows.UpdateProvider, workflows.UpdateProviderInput{
		Provider: "emailpass", Credential: identity.Providers[0], Version: identity.CredentialVersion, ActorType: "customer",
		Request: h.seal(t, email, newPassword), EventID: "evt_h5", Hooks: at(everlatch.HookBeforePasswordChanged, everlatch.HookAfterPasswordChanged),
	})
}

// TestRecordHookedSignIns keeps histories of sign-ins of several requests, with hooks.
func TestRecordHookedSignIns(t *testing.T) {
	answer := func(everlatch.HookInput) error { return nil }
	s := recordedChallenges(t, newRecorder(t, hookNowAnd(&answer)))
	const before, after = everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate
	s.play("hooked", time.Minute, func(run client.WorkflowRun) {
		answer = func(everlatch.HookInput) error { return errHook }
		s.hooks = at(before)
		s.answers(run, "pin", rightCode)
		s.hooks = at(after)
		s.answers(run, "pin", rightCode)
		answer = func(everlatch.HookInput) error { return nil }
		s.hooks = at(before, after)
		s.answers(run, "pin", rightCode)
	})

	require.NoError(t, s.recorder.house.acts.Redirects.Providers.Add("elsewhere", &elsewhere{}))
	e := &socialScene{house: s.recorder.house, t: t}
	run := s.start(t, "SocialLogin/hooked", workflows.SocialLogin, e.recorded("hooked", time.Minute))
	s.send(t, run, workflows.UpdateBegin)
	callback := e.answered("hooked")
	callback.Hooks = at(before, everlatch.HookBeforeRegister, everlatch.HookAfterRegister, after)
	s.send(t, run, workflows.UpdateCallback, callback)
	require.NoError(t, run.Get(t.Context(), nil))
	s.write(t, "SocialLogin/hooked", run)
}

// TestRecordHookedPasskeys keeps histories of passkeys with hooks.
func TestRecordHookedPasskeys(t *testing.T) {
	answer := func(everlatch.HookInput) error { return nil }
	r := newRecorder(t, hookNowAnd(&answer))
	h := r.house
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	h.acts.Accounts.AnyEmail = true
	s := &passkeyScene{house: h, t: t, device: &passkeytest.Device{Origin: shop, Verifies: true, Counts: true}}
	s.enter(h)
	play := func(name string, workflow, in any, a workflows.PasskeyAnswer) {
		run := r.start(t, name, workflow, in)
		r.send(t, run, workflows.UpdateAnswer, a)
		require.NoError(t, run.Get(t.Context(), nil))
		r.write(t, name, run)
	}
	registers := at(everlatch.HookBeforeRegister, everlatch.HookAfterRegister, everlatch.HookBeforeAccountCreated, everlatch.HookAfterAccountCreated)
	signsIn := at(everlatch.HookBeforeAuthenticate, everlatch.HookAfterAuthenticate)

	a := s.creates("authid_p", firstChallenge)
	a.Hooks, a.Customer = registers, &everlatch.Customer{ID: "cus_p", Email: new(email), HasAccount: true}
	play("PasskeyRegistration/hooked", workflows.PasskeyRegistration, registrationOf(firstChallenge), a)
	a = s.signs(otherChallenge)
	a.Hooks = signsIn
	play("PasskeySignIn/hooked", workflows.PasskeySignIn, signInWith(otherChallenge), a)

	answer = func(everlatch.HookInput) error { return errHook }
	play("PasskeySignIn/hook_refused", workflows.PasskeySignIn, signInWith(otherChallenge), a)
	in := registrationOf(firstChallenge)
	in.IdentityID, in.ProviderIdentityID, in.EventID = "authid_q", "pi_q", "evt_q"
	s.device = &passkeytest.Device{Origin: shop, Verifies: true, Counts: true}
	a = s.creates("authid_q", firstChallenge)
	a.Hooks = at(everlatch.HookAfterRegister)
	play("PasskeyRegistration/hook_refused", workflows.PasskeyRegistration, in, a)
}
