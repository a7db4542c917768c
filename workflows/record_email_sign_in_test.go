//go:build record

package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers/emailcode"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordEmailSignIns records what becomes of codes to sign in with, one address each.
func TestRecordEmailSignIns(t *testing.T) {
	r := newRecorder(t)
	h := r.house
	former := h.clock.follow
	h.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	defer func() { h.clock.follow = former }()
	provider, err := emailcode.New(emailcode.Options{Register: true})
	require.NoError(t, err)
	require.NoError(t, h.providers.Add(emailcode.Identifier, provider))
	n := 0
	begin := func(name string) *recordedMail {
		n++
		c := &recordedMail{recordedCode: &recordedCode{recorder: r, t: t, name: "EmailSignIn/" + name, n: n}}
		c.run = r.start(t, c.name, workflows.EmailSignIn, workflows.EmailSignInInput{
			Provider: "emailcode", Email: fmt.Sprintf("mailed_%d@example.com", n), Flow: fmt.Sprintf("a-flow-of-records-%d", n),
		})
		c.ask()
		return c
	}

	c := begin("signed_in_by_code")
	c.brings("wrong", false)
	c.brings("", false)
	c.keep()

	c = begin("replaced_and_signed_in_by_link")
	c.ask()
	c.brings("", true)
	c.keep()

	c = begin("signed_in_by_the_first_of_two_codes")
	c.ask()
	c.brings("wrong", false)
	c.requested--
	c.brings("", false)
	c.keep()

	c = begin("exhausted")
	for range 5 {
		c.brings("wrong", false)
	}
	c.keep()

	c = begin("steps_repeated")
	h.faults.set(
		fault{activities: []string{"CheckEmailCode"}, times: 1},
		fault{activities: []string{"SignInByEmail"}, times: 1, after: true},
	)
	c.brings("", false)
	h.faults.set()
	c.keep()

	c = begin("cancelled")
	require.NoError(t, r.client.CancelWorkflow(t.Context(), c.run.GetID(), c.run.GetRunID()))
	c.keep()
}

// TestRecordContinuedEmailSignIn records one that continues as new, and the execution that
// follows, where the first code is good.
func TestRecordContinuedEmailSignIn(t *testing.T) {
	r := newRecorderOn(t, embedded.Options{ContinueAsNewAfter: mostEvents})
	r.house.clock.follow = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // the server's clock
	provider, err := emailcode.New(emailcode.Options{Register: true})
	require.NoError(t, err)
	require.NoError(t, r.house.providers.Add(emailcode.Identifier, provider))
	c := &recordedMail{recordedCode: &recordedCode{recorder: r, t: t, name: "EmailSignIn/continued", n: 1}}
	c.run = r.start(t, c.name, workflows.EmailSignIn, workflows.EmailSignInInput{
		Provider: "emailcode", Email: email, Flow: "a-flow-of-records-1",
	})
	first := c.run
	next := r.untilContinued(t, first, c.ask)
	c.run, c.requested = next, 1
	c.brings("", false)
	r.keepBoth(t, "EmailSignIn", first, next)
}

type recordedMail struct{ *recordedCode }

func (c *recordedMail) mailed() workflows.EmailCodeNames {
	id := fmt.Sprintf("%d_%d", c.n, c.requested)
	return workflows.EmailCodeNames{
		Kept: vault.Ref("sec_mkept_" + id), Code: vault.Ref("sec_mcode_" + id), Token: vault.Ref("sec_mtoken_" + id),
		EventID: "evt_mailed_" + id, IdentityID: "authid_mailed_" + id, ProviderIdentityID: "pi_mailed_" + id,
	}
}

// ask requests a code, and waits until it is made.
func (c *recordedMail) ask() {
	c.t.Helper()
	c.requested++
	require.NoError(c.t, c.client.SignalWorkflow(c.t.Context(), c.run.GetID(), c.run.GetRunID(), workflows.SignalAskCode,
		workflows.EmailCodeRequest{ActorType: "customer", Binding: "b", Names: c.mailed()}))
	require.Eventually(c.t, func() bool {
		_, err := c.house.vault.Get(c.t.Context(), c.mailed().Token)
		return err == nil
	}, time.Minute, 20*time.Millisecond)
}

// brings presents a text, "" for the right one.
func (c *recordedMail) brings(text string, link bool) {
	c.t.Helper()
	if text == "" {
		ref := c.mailed().Code
		if link {
			ref = c.mailed().Token
		}
		secret, err := c.house.vault.Get(c.t.Context(), ref)
		require.NoError(c.t, err)
		text = string(secret.Reveal())
	}
	typed, err := c.house.vault.Put(c.t.Context(), vault.NewSecret([]byte(text)))
	require.NoError(c.t, err)
	c.move(workflows.UpdateSignInCode, workflows.EmailCodeAnswer{
		ActorType: "customer", Binding: "b", Typed: typed, Link: link, EventID: "evt_login_" + string(typed),
	})
}
