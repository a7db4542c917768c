//go:build record

package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// emails records what becomes of another e-mail, one person each.
func (r *recorder) emails(t *testing.T) {
	t.Helper()
	h := r.house
	former := h.clock.follow
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	defer func() { h.clock.follow = former }()
	n := 0
	begin := func(name string) *recordedEmail {
		n++
		e := &recordedEmail{recorder: r, t: t, name: "EmailChange/" + name, n: n}
		_, err := h.store.RegisterIdentity(t.Context(), store.NewIdentity{
			ID: e.identity(), ProviderIdentityID: "pi_" + e.identity(), Provider: "emailpass", EntityID: e.email(""), EntityKey: e.email(""),
		})
		require.NoError(t, err)
		_, err = h.store.CreateCustomer(t.Context(), everlatch.Customer{ID: e.customer(), Email: new(e.email("")), HasAccount: true}, everlatch.Event{})
		require.NoError(t, err)
		require.NoError(t, h.store.LinkActor(t.Context(), store.Link{IdentityID: e.identity(), ActorType: "customer", ActorID: e.customer(), GroupID: "g"}))
		e.run = r.start(t, e.name, workflows.EmailChange, workflows.EmailChangeInput{Actor: everlatch.ActorRef{ActorType: "customer", ActorID: e.customer()}})
		return e
	}

	e := begin("changed_and_undone")
	e.request("b", time.Hour)
	e.request("b", time.Hour) // folded
	e.confirm(1, time.Hour)
	e.request("c", time.Hour)
	e.confirm(3, time.Hour)
	e.request("d", time.Hour)
	e.undo(1)
	e.keep()

	e = begin("changed")
	e.request("b", time.Hour)
	e.request("c", time.Hour) // supersedes
	e.confirm(2, 3*time.Second)
	e.keep()

	e = begin("expired")
	e.request("b", 3*time.Second)
	e.keep()

	e = begin("refused")
	e.request("", time.Hour) // their own already
	e.keep()

	e = begin("taken")
	_, err := h.store.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_taken", Email: new(e.email("b")), HasAccount: true}, everlatch.Event{})
	require.NoError(t, err)
	e.request("b", 3*time.Second)
	e.keep()

	e = begin("taken_meanwhile")
	e.request("b", 4*time.Second)
	_, err = h.store.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_meanwhile", Email: new(e.email("b")), HasAccount: true}, everlatch.Event{})
	require.NoError(t, err)
	e.confirm(1, time.Hour)
	e.keep()

	e = begin("void")
	e.request("b", time.Hour)
	require.NoError(t, h.store.EndCredentials(t.Context(), e.identity()))
	e.confirm(1, time.Hour)
	e.keep()

	e = begin("undo_void")
	e.request("b", time.Hour)
	e.confirm(1, time.Hour)
	_, err = h.store.UpdateCustomer(t.Context(), e.customer(), store.CustomerPatch{Email: store.To(new(e.email("z")))})
	require.NoError(t, err)
	e.undo(1)
	e.keep()

	e = begin("steps_repeated")
	h.faults.set(
		fault{activities: []string{"RequestEmail", "PlanEmail", "RestoreEmail"}, times: 1},
		fault{activities: []string{"ChangeEmail"}, times: 1, after: true},
	)
	e.request("b", time.Hour)
	e.confirm(1, time.Hour)
	e.undo(1)
	h.faults.set()
	e.keep()
}

type recordedEmail struct {
	*recorder

	t        *testing.T
	name     string
	n, asked int
	run      client.WorkflowRun
}

func (e *recordedEmail) email(tag string) string { return fmt.Sprintf("ada%s%d@example.com", tag, e.n) }
func (e *recordedEmail) identity() string        { return fmt.Sprint("authid_email_", e.n) }
func (e *recordedEmail) customer() string        { return fmt.Sprint("cus_email_", e.n) }

func (e *recordedEmail) grant(kind string, k int, ttl time.Duration) workflows.LinkGrant {
	return workflows.LinkGrant{
		TokenID: fmt.Sprint(kind, k), EventID: fmt.Sprintf("evt_%s_%d_%d", kind, e.n, k), Token: e.house.vault.NewRef(), TTL: ttl,
	}
}

// move makes a move and waits for its answer, be it a refusal.
func (e *recordedEmail) move(update string, arg any) {
	e.t.Helper()
	handle, err := e.client.UpdateWorkflow(e.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: e.run.GetID(), RunID: e.run.GetRunID(), UpdateName: update,
		WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{arg},
	})
	require.NoError(e.t, err)
	if err := handle.Get(e.t.Context(), nil); err != nil {
		e.t.Logf("%s of %s: %v", update, e.name, err)
	}
}

func (e *recordedEmail) request(tag string, ttl time.Duration) {
	e.t.Helper()
	identity, err := e.house.store.Identity(e.t.Context(), e.identity())
	require.NoError(e.t, err)
	e.asked++
	e.move(workflows.UpdateRequestEmail, workflows.RequestEmail{
		AuthIdentityID: e.identity(), CredentialVersion: identity.CredentialVersion, Email: e.email(tag),
		Grant: e.grant("ask", e.asked, ttl), AnnouncedID: fmt.Sprintf("evt_announced_%d_%d", e.n, e.asked), ResendAfter: time.Minute,
	})
}

func (e *recordedEmail) confirm(k int, undoTTL time.Duration) {
	e.t.Helper()
	e.move(workflows.UpdateConfirmEmail, workflows.ConfirmEmail{TokenID: fmt.Sprint("ask", k), Undo: e.grant("undo", k, undoTTL)})
}

func (e *recordedEmail) undo(k int) {
	e.t.Helper()
	e.move(workflows.UpdateUndoEmail, workflows.UndoEmail{TokenID: fmt.Sprint("undo", k), EventID: fmt.Sprintf("evt_undone_%d_%d", e.n, k)})
}

// keep waits for the end and writes the history down.
func (e *recordedEmail) keep() {
	e.t.Helper()
	if err := e.run.Get(e.t.Context(), nil); err != nil {
		e.t.Logf("%s ends in %v", e.name, err)
	}
	e.write(e.t, e.name, e.run)
}
