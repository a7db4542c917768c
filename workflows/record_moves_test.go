//go:build record

package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/subscribers"
	"github.com/everlatch/everlatch/workflows"
)

// resets records what becomes of a forgotten password. The clock of the
// activities is the real one here, as that of the server is.
func (r *recorder) resets(t *testing.T) {
	t.Helper()
	h := r.house
	former := h.clock.follow
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // see above
	defer func() { h.clock.follow = former }()
	register(t, h, "authid_r")
	in := workflows.PasswordResetInput{Provider: "emailpass", EntityKey: email, TTL: 15 * time.Minute, ResendAfter: time.Minute}
	short := in
	short.TTL, short.ResendAfter = 2*time.Second, 0

	newNames := func() workflows.Names {
		return workflows.Names{TokenID: uuid.NewString(), EventID: ids.New(ids.Event, h.clock.Now())}
	}
	ask := func(run client.WorkflowRun) {
		require.NoError(t, r.client.SignalWorkflow(t.Context(), run.GetID(), run.GetRunID(), workflows.SignalAsk,
			workflows.ResetRequest{ActorType: "customer", Names: newNames()}))
	}
	issue := func(run client.WorkflowRun) (out workflows.IssuedReset) {
		handle, err := r.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: workflows.UpdateIssue,
			WaitForStage: client.WorkflowUpdateStageCompleted,
			Args:         []any{workflows.IssueReset{ActorType: "user", RequestedBy: everlatch.ActorRef{ActorType: "user", ActorID: "user_9"}, Names: newNames()}},
		})
		require.NoError(t, err)
		require.NoError(t, handle.Get(t.Context(), &out))
		require.Nil(t, out.Refusal)
		return out
	}
	complete := func(run client.WorkflowRun, token, pass string) {
		_, err := r.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: workflows.UpdateComplete,
			WaitForStage: client.WorkflowUpdateStageCompleted,
			Args: []any{workflows.CompleteReset{
				TokenID: token, ActorType: "user", Request: (&resetScene{house: h, t: t}).request(pass), EventID: ids.New(ids.Event, h.clock.Now()),
			}},
		})
		require.NoError(t, err)
	}

	run := r.start(t, "PasswordReset/used", workflows.PasswordReset, in)
	ask(run)
	ask(run) // folded
	issued := issue(run)
	complete(run, issued.Grant.TokenID, "short")
	complete(run, issued.Grant.TokenID, newPassword)
	require.NoError(t, run.Get(t.Context(), nil))
	r.write(t, "PasswordReset/used", run)

	// What follows needs the version that the reset has left.
	identity, err := h.store.Identity(t.Context(), "authid_r")
	require.NoError(t, err)
	set := func(name, pass string, version int64) {
		r.keep(t, name, workflows.UpdateProvider, workflows.UpdateProviderInput{
			Provider: "emailpass", Credential: identity.Providers[0], Version: version, ActorType: "customer",
			Request: h.seal(t, email, pass), EventID: ids.New(ids.Event, h.clock.Now()),
		})
	}
	set("UpdateProvider/refused", "short", identity.CredentialVersion)
	set("UpdateProvider/updated", newPassword, identity.CredentialVersion)
	set("UpdateProvider/changed_meanwhile", newPassword, identity.CredentialVersion)

	run = r.start(t, "PasswordReset/consumed", workflows.PasswordReset, in)
	issued = issue(run)
	for range 2 { // the second one is too late, or refused
		_, _ = r.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: workflows.UpdateConsume,
			WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{workflows.ConsumeReset{TokenID: issued.Grant.TokenID}},
		})
	}
	require.NoError(t, run.Get(t.Context(), nil))
	r.write(t, "PasswordReset/consumed", run)

	run = r.start(t, "PasswordReset/asked_twice_and_expired", workflows.PasswordReset, short)
	ask(run)
	ask(run)
	require.NoError(t, run.Get(t.Context(), nil))
	r.write(t, "PasswordReset/asked_twice_and_expired", run)

	short.EntityKey = "nobody@example.com"
	run = r.start(t, "PasswordReset/unknown", workflows.PasswordReset, short)
	ask(run)
	require.NoError(t, run.Get(t.Context(), nil))
	r.write(t, "PasswordReset/unknown", run)

	run = r.start(t, "PasswordReset/void", workflows.PasswordReset, in)
	issued = issue(run)
	require.NoError(t, h.store.EndCredentials(t.Context(), "authid_r"))
	complete(run, issued.Grant.TokenID, newPassword)
	require.NoError(t, run.Get(t.Context(), nil))
	r.write(t, "PasswordReset/void", run)
}

// social records sign-ins elsewhere.
func (r *recorder) social(t *testing.T) {
	t.Helper()
	h := r.house
	former := h.clock.follow
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // see resets
	defer func() { h.clock.follow = former }()
	provider := &elsewhere{}
	require.NoError(t, h.acts.Redirects.Providers.Add("elsewhere", provider))
	play := func(name string, ttl time.Duration, callback bool, linkTo string) {
		s := &socialScene{house: h, t: t}
		run := r.start(t, name, workflows.SocialLogin, workflows.SocialLoginInput{
			ActorType: "customer", Provider: "elsewhere", CallbackURL: "https://shop.example/cb", TTL: ttl,
			Secrets: s.sealed(workflows.RedirectSecrets{State: name, Nonce: "n", CodeVerifier: verifier}),
			Tokens:  h.vault.NewRef(), Binding: "browser", IdentityID: "authid_" + name, ProviderIdentityID: "pi_" + name,
			LinkTo: linkTo,
		})
		move := func(update string, args ...any) {
			handle, err := r.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
				WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: update,
				WaitForStage: client.WorkflowUpdateStageCompleted, Args: args,
			})
			require.NoError(t, err)
			require.NoError(t, handle.Get(t.Context(), nil))
		}
		move(workflows.UpdateBegin)
		if callback {
			move(workflows.UpdateCallback, workflows.LoginCallback{
				ActorType: "customer", Provider: "elsewhere", Binding: "browser", SignedInAs: linkTo,
				Answer: s.sealed(map[string]string{"code": "c", "state": name}),
			})
		}
		require.NoError(t, run.Get(t.Context(), nil))
		r.write(t, name, run)
	}
	play("SocialLogin/created", time.Minute, true, "")
	play("SocialLogin/known", time.Minute, true, "")
	play("SocialLogin/expired", 2*time.Second, false, "")
	h.known(t, "authid_own", "club", "1", "own@example.com")
	play("SocialLogin/link_refused", time.Minute, true, "authid_own")
	provider.profile = func(int) (providers.Profile, error) { return providers.Profile{EntityID: "sub-2"}, nil }
	play("SocialLogin/linked", time.Minute, true, "authid_own")
	r.links(t)
	provider.exchange = func(int) error {
		return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Authentication failed"}
	}
	play("SocialLogin/refused", time.Minute, true, "")
}

// links records a password that is added to authid_own, and taken away.
func (r *recorder) links(t *testing.T) {
	t.Helper()
	link := func(name, mail, id string) {
		r.keep(t, name, workflows.LinkIdentity, workflows.LinkIdentityInput{
			AuthIdentityID: "authid_own", ActorType: "customer", Provider: "emailpass", Request: r.house.seal(t, mail, password),
			ProviderIdentityID: id, EventID: "evt_" + id,
		})
	}
	removal := func(id, signedInWith string) workflows.UnlinkIdentityInput {
		return workflows.UnlinkIdentityInput{
			AuthIdentityID: "authid_own", ActorType: "customer", ProviderIdentityID: id, SignedInWith: signedInWith, EventID: "evt_un" + id,
		}
	}
	unlink := func(name, id, signedInWith string) {
		r.keep(t, name, workflows.UnlinkIdentity, removal(id, signedInWith))
	}
	link("LinkIdentity/linked", "own@example.com", "pi_own")
	link("LinkIdentity/refused", "own2@example.com", "pi_own2")
	unlink("UnlinkIdentity/refused", "pi_own", "emailpass")
	(&endings{recorder: r, t: t}).cancelled("UnlinkCredential", workflows.UnlinkIdentity, removal("pi_own", "club"))
	unlink("UnlinkIdentity/unlinked", "pi_own", "club")
}

// deliveries records an event that is taken, taken late and never taken.
func (r *recorder) deliveries(t *testing.T) {
	t.Helper()
	h := r.house
	failures := 0
	require.NoError(t, h.subscribers.Add(subscribers.Subscription{Name: "hook", Events: []string{"*"}, Subscriber: &listener{
		err: func(time.Time) error {
			if failures--; failures >= 0 {
				return errors.New("connection refused")
			}
			return nil
		},
	}}))
	deliver := func(name, id string, fail int, retry workflows.DeliveryRetry) {
		failures = fail
		_, _, err := h.store.PublishEvent(t.Context(), everlatch.Event{
			ID: id, Name: "test.happened", Data: everlatch.Metadata{"token": everlatch.SecretRef(string(vault.Ref("sec_1")))},
		})
		require.NoError(t, err)
		_, err = h.store.Dispatch(t.Context(), 10, func(everlatch.Event) []store.Target { return []store.Target{{Subscriber: "hook"}} })
		require.NoError(t, err)
		in := workflows.DeliverEventInput{Retry: retry}
		in.EventID, in.Subscriber, in.Generation = id, "hook", 1
		r.keep(t, name, workflows.DeliverEvent, in)
	}
	quick := workflows.DeliveryRetry{Initial: 10 * time.Millisecond, Max: time.Second, For: 2 * time.Second, Attempt: time.Second}
	deliver("DeliverEvent/delivered", "e1", 0, patience)
	deliver("DeliverEvent/delivered_late", "e2", 2, quick)
	deliver("DeliverEvent/dead", "e3", 1000, quick)
}
