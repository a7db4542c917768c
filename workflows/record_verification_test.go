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
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordVerifications records what becomes of codes, one identity each.
func TestRecordVerifications(t *testing.T) {
	r := newRecorder(t)
	h := r.house
	former := h.clock.follow
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	defer func() { h.clock.follow = former }()
	n := 0
	begin := func(name string) *recordedCode {
		n++
		c := &recordedCode{recorder: r, t: t, name: "Verification/" + name, n: n}
		_, err := h.store.RegisterIdentity(t.Context(), store.NewIdentity{
			ID: c.identity(), ProviderIdentityID: "pi_" + c.identity(), Provider: "emailpass", EntityID: c.identity() + "@example.com", EntityKey: c.identity() + "@example.com",
		})
		require.NoError(t, err)
		c.run = r.start(t, c.name, workflows.Verification, workflows.VerificationInput{
			AuthIdentityID: c.identity(), EntityType: "email", EntityID: c.identity() + "@example.com",
		})
		return c
	}

	c := begin("confirmed")
	c.request("token")
	c.confirm("", "")
	c.keep()

	c = begin("replaced_and_confirmed_by_digits")
	c.request("token")
	c.request("otp")
	c.confirm("wrong", c.identity())
	c.confirm("", c.identity())
	c.keep()

	c = begin("exhausted")
	c.request("otp")
	for range 5 {
		c.confirm("wrong", c.identity())
	}
	c.keep()

	c = begin("expired")
	c.request("brief")
	c.keep()

	c = begin("unknown_provider")
	c.request("sms")
	c.keep()

	c = begin("without_identity")
	c.request("token")
	require.NoError(t, h.store.RemoveIdentity(t.Context(), c.identity(), "g"))
	c.confirm("", "")
	c.keep()

	c = begin("steps_repeated")
	h.faults.set(
		fault{activities: []string{"RequestVerificationCode", "CheckVerificationCode"}, times: 1},
		fault{activities: []string{"ConfirmVerification"}, times: 1, after: true},
	)
	c.request("token")
	c.confirm("", "")
	h.faults.set()
	c.keep()

	c = begin("cancelled")
	c.request("token")
	require.NoError(t, r.client.CancelWorkflow(t.Context(), c.run.GetID(), c.run.GetRunID()))
	c.keep()
}

type recordedCode struct {
	*recorder

	t            *testing.T
	name         string
	n, requested int
	run          client.WorkflowRun
}

func (c *recordedCode) identity() string { return fmt.Sprint("authid_code_", c.n) }

func (c *recordedCode) names() workflows.VerificationNames {
	id := fmt.Sprintf("%d_%d", c.n, c.requested)
	return workflows.VerificationNames{
		VerificationID: "authver_" + id, EventID: "evt_code_" + id, Kept: vault.Ref("sec_kept_" + id), Code: vault.Ref("sec_code_" + id),
	}
}

func (c *recordedCode) request(provider string) {
	c.t.Helper()
	c.requested++
	c.move(workflows.UpdateRequestCode, workflows.RequestCode{
		ActorType: "customer", CodeProvider: provider, Recipient: "ada@example.com",
		Metadata: everlatch.Metadata{"lang": "pl"}, Names: c.names(),
	})
}

// confirm presents a text, "" for the right code.
func (c *recordedCode) confirm(text, by string) {
	c.t.Helper()
	if text == "" {
		secret, err := c.house.vault.Get(c.t.Context(), c.names().Code)
		require.NoError(c.t, err)
		text = string(secret.Reveal())
	}
	typed, err := c.house.vault.Put(c.t.Context(), vault.NewSecret([]byte(text)))
	require.NoError(c.t, err)
	c.move(workflows.UpdateConfirmCode, workflows.ConfirmCode{Typed: typed, By: by, EventID: fmt.Sprintf("evt_confirmed_%d", c.n)})
}

// move makes a move and waits for its answer, be it a refusal.
func (c *recordedCode) move(update string, arg any) {
	c.t.Helper()
	handle, err := c.client.UpdateWorkflow(c.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: c.run.GetID(), RunID: c.run.GetRunID(), UpdateName: update,
		WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{arg},
	})
	require.NoError(c.t, err)
	if err := handle.Get(c.t.Context(), nil); err != nil {
		c.t.Logf("%s of %s: %v", update, c.name, err)
	}
}

func (c *recordedCode) keep() {
	c.t.Helper()
	if err := c.run.Get(c.t.Context(), nil); err != nil {
		c.t.Logf("%s ends in %v", c.name, err)
	}
	c.write(c.t, c.name, c.run)
}
