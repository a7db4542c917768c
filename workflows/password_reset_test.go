package workflows_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

const newPassword = "another good horse"

// resetScene is a PasswordReset under way, with moves at chosen times.
type resetScene struct {
	*house

	t    *testing.T
	env  *testsuite.TestWorkflowEnvironment
	asks int
}

// names are those of the n-th request.
func names(n int) workflows.Names {
	return workflows.Names{TokenID: fmt.Sprintf("5f0c1d3e-0000-4000-8000-%012d", n), EventID: fmt.Sprint("evt_ask_", n)}
}

func newReset(t *testing.T) *resetScene {
	t.Helper()
	h := newHouse(t)
	register(t, h, "authid_1")
	s := &resetScene{house: h, t: t, env: h.env(t, "password-reset/emailpass/h:1")}
	h.clock.of(s.env)
	return s
}

// at makes a move at a time after the start.
func (s *resetScene) at(d time.Duration, move func()) { s.env.RegisterDelayedCallback(move, d) }

func (s *resetScene) ask(d time.Duration, actorType string) {
	s.asks++
	names := names(s.asks)
	s.at(d, func() {
		s.env.SignalWorkflow(workflows.SignalAsk, workflows.ResetRequest{ActorType: actorType, Names: names})
	})
}

// complete tries a password and keeps the answer.
func (s *resetScene) complete(d time.Duration, token func() tokens.Reset, pass string) *move {
	m := &move{}
	s.at(d, func() {
		reset := token()
		s.env.UpdateWorkflow(workflows.UpdateComplete, "", m, workflows.CompleteReset{
			TokenID: reset.ID, ActorType: reset.ActorType, Request: s.request(pass), EventID: ids.New(ids.Event, s.clock.Now()),
		})
	})
	return m
}

func (s *resetScene) request(pass string) vault.Ref {
	body := map[string]any{}
	if pass != "" {
		body["password"] = pass
	}
	raw, err := json.Marshal(providers.Input{Body: body})
	require.NoError(s.t, err)
	ref, err := s.vault.Put(s.t.Context(), vault.NewSecret(raw))
	require.NoError(s.t, err)
	return ref
}

// mailed returns the token of the n-th reset event, as a subscriber gets it.
func (s *resetScene) mailed(n int) func() tokens.Reset {
	return func() tokens.Reset {
		events := s.events(everlatch.EventPasswordReset)
		require.Greater(s.t, len(events), n)
		ref, ok := everlatch.SecretOf(events[n].Data["token"])
		require.True(s.t, ok, "the token is a reference")
		secret, err := s.vault.Get(s.t.Context(), vault.Ref(ref))
		require.NoError(s.t, err)
		reset, err := s.tokens.VerifyReset(string(secret.Reveal()))
		require.NoError(s.t, err)
		return reset
	}
}

func (s *resetScene) events(name string) []everlatch.Event {
	s.t.Helper()
	events, _, err := s.store.Events(s.t.Context(), store.EventFilter{Name: name, Released: new(true)}, store.Page{})
	require.NoError(s.t, err)
	return events
}

func (s *resetScene) play(in workflows.PasswordResetInput) {
	s.t.Helper()
	in.Provider, in.TTL = "emailpass", 15*time.Minute
	if in.EntityKey == "" {
		in.EntityKey = email
	}
	s.env.ExecuteWorkflow(workflows.PasswordReset, in)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
}

// signsIn says whether a password is the right one now.
func (h *house) signsIn(t *testing.T, pass string) bool {
	t.Helper()
	out, err := authenticate(t, h, email, pass)
	require.NoError(t, err)
	return out.Refusal == nil
}

// move is the answer to an update.
type move struct {
	rejected error
	out      workflows.Outcome
	issued   workflows.IssuedReset
	login    workflows.Login
	err      error
	done     bool
}

func (m *move) Accept()          {}
func (m *move) Reject(err error) { m.rejected, m.done = temporalkit.Decode(err), true }
func (m *move) Complete(success any, err error) {
	m.done, m.err = true, err
	switch out := success.(type) {
	case workflows.Outcome:
		m.out = out
	case workflows.IssuedReset:
		m.issued = out
	case workflows.Login:
		m.login, m.out.Refusal = out, out.Refusal
	}
}

func (m *move) requireChanged(t *testing.T) {
	t.Helper()
	require.True(t, m.done)
	require.NoError(t, m.rejected)
	require.NoError(t, m.err)
	require.Nil(t, m.out.Refusal)
}

func (m *move) requireInvalid(t *testing.T) {
	t.Helper()
	require.True(t, m.done)
	if m.rejected != nil {
		require.ErrorIs(t, m.rejected, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid})
		return
	}
	require.NoError(t, m.err)
	requireRefusal(t, m.out.Refusal, everlatch.CodeUnauthorized, "Invalid token")
}

func TestPasswordReset(t *testing.T) {
	t.Parallel()
	minute := workflows.PasswordResetInput{ResendAfter: time.Minute}

	t.Run("asked, mailed, used once, and everything issued before ends", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "customer")
		first := s.complete(10*time.Minute, s.mailed(0), newPassword)
		second := s.complete(10*time.Minute, s.mailed(0), "yet another horse")
		s.play(minute)

		first.requireChanged(t)
		second.requireInvalid(t)
		require.True(t, s.signsIn(t, newPassword))
		require.False(t, s.signsIn(t, password))
		identity, err := s.store.Identity(t.Context(), "authid_1")
		require.NoError(t, err)
		require.EqualValues(t, 2, identity.CredentialVersion)
		require.Equal(t, everlatch.Metadata{
			"entity_id": email, "actor_type": "customer", "provider": "emailpass", "auth_identity_id": "authid_1",
		}, s.events(everlatch.EventPasswordChanged)[0].Data)
	})

	t.Run("a password that is refused does not use the token up", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "customer")
		missing := s.complete(time.Minute, s.mailed(0), "")
		weak := s.complete(2*time.Minute, s.mailed(0), "short")
		good := s.complete(3*time.Minute, s.mailed(0), newPassword)
		s.play(minute)

		requireRefusal(t, missing.out.Refusal, everlatch.CodeUnauthorized, "Unauthorized")
		requireRefusal(t, weak.out.Refusal, everlatch.CodeInvalidData, "Password must have at least 8 characters.")
		good.requireChanged(t)
	})

	t.Run("it expires", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		var token tokens.Reset
		s.ask(0, "customer")
		s.at(time.Minute, func() { token = s.mailed(0)() })
		late := s.complete(15*time.Minute, func() tokens.Reset { return token }, newPassword)
		s.play(minute)

		if late.done { // it came before the end of the execution
			late.requireInvalid(t)
		}
		require.True(t, s.signsIn(t, password))
	})

	t.Run("asking again is folded within a minute, and an earlier token stays good", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		for i := range 5 {
			s.ask(time.Duration(i)*10*time.Second, "customer")
		}
		s.at(55*time.Second, func() { require.Len(t, s.events(everlatch.EventPasswordReset), 1) })
		s.ask(2*time.Minute, "customer")
		first := s.complete(3*time.Minute, s.mailed(0), newPassword)
		void := s.complete(3*time.Minute, s.mailed(1), "yet another horse")
		s.play(minute)

		first.requireChanged(t)
		void.requireInvalid(t)
		require.Len(t, s.events(everlatch.EventPasswordReset), 2)
		require.True(t, s.signsIn(t, newPassword))
	})

	t.Run("a request for another actor type doesn't swallow the one of the owner", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "user")
		s.ask(time.Second, "customer")
		s.play(minute)
		require.Len(t, s.events(everlatch.EventPasswordReset), 2, "an identity without an actor may become one of any type")
	})

	t.Run("an actor type that the identity does not have gets no mail and takes nothing away", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		_, err := createCustomer(t, s.house, "authid_1", "cus_1", email)
		require.NoError(t, err)
		for i := range 3 * 64 {
			s.ask(0, fmt.Sprint("zzz", i))
		}
		s.ask(time.Second, "customer")
		s.ask(2*time.Second, "user")
		s.at(3*time.Second, func() {
			asked := s.events(everlatch.EventPasswordReset)
			require.Len(t, asked, 1)
			require.Equal(t, "customer", asked[0].Data["actor_type"])
		})
		m := s.complete(10*time.Minute, s.mailed(0), newPassword)
		s.play(minute)
		m.requireChanged(t)
	})

	t.Run("a token of the time after another change of the credentials outlives a void one", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "customer")
		s.at(time.Minute, func() { require.NoError(t, s.store.EndCredentials(t.Context(), "authid_1")) })
		s.ask(2*time.Minute, "customer")
		void := s.complete(3*time.Minute, s.mailed(0), newPassword)
		good := s.complete(4*time.Minute, s.mailed(1), newPassword)
		s.play(minute)
		void.requireInvalid(t)
		good.requireChanged(t)
	})

	t.Run("of 50 good tokens used at once, one changes the password", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		const n = 50
		moves := make([]*move, n)
		for i := range n {
			s.ask(0, "customer")
			moves[i] = s.complete(time.Minute, s.mailed(i), fmt.Sprint("another good horse ", i))
		}
		s.play(workflows.PasswordResetInput{})
		changed := 0
		for i, m := range moves {
			if m.done && m.rejected == nil && m.err == nil && m.out.Refusal == nil {
				changed++
				require.True(t, s.signsIn(t, fmt.Sprint("another good horse ", i)))
				continue
			}
			m.requireInvalid(t)
		}
		require.Equal(t, 1, changed)
		require.Len(t, s.events(everlatch.EventPasswordChanged), 1)
	})

	t.Run("beyond 64 good links no mail is sent", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		for range 70 {
			s.ask(0, "customer")
		}
		m := s.complete(time.Minute, s.mailed(0), newPassword)
		s.at(30*time.Second, func() { require.Len(t, s.events(everlatch.EventPasswordReset), 64) })
		s.play(workflows.PasswordResetInput{})
		m.requireChanged(t)
	})

	t.Run("without resend_after each request sends a mail", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "customer")
		s.ask(time.Second, "customer")
		s.play(workflows.PasswordResetInput{})
		require.Len(t, s.events(everlatch.EventPasswordReset), 2)
	})

	t.Run("the token is for its actor type", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "customer")
		m := s.complete(time.Minute, func() tokens.Reset {
			token := s.mailed(0)()
			token.ActorType = "user"
			return token
		}, newPassword)
		s.play(minute)
		m.requireInvalid(t)
	})

	t.Run("unknown user: as long, without event", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "customer")
		began := s.clock.Now()
		s.play(workflows.PasswordResetInput{EntityKey: "bob@example.com", ResendAfter: time.Minute})
		require.Empty(t, s.events(everlatch.EventPasswordReset))
		require.WithinDuration(t, began.Add(15*time.Minute), s.clock.Now(), time.Second)
	})

	t.Run("another change of the credentials ends it", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "customer")
		s.at(time.Minute, func() { require.NoError(t, s.store.EndCredentials(t.Context(), "authid_1")) })
		m := s.complete(2*time.Minute, s.mailed(0), newPassword)
		s.play(minute)
		m.requireInvalid(t)
		require.True(t, s.signsIn(t, password))
	})

	t.Run("a removed identity ends it", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "customer")
		s.at(time.Minute, func() { require.NoError(t, s.store.RemoveIdentity(t.Context(), "authid_1", "g")) })
		m := s.complete(2*time.Minute, s.mailed(0), newPassword)
		s.play(minute)
		m.requireInvalid(t)
	})

	t.Run("a request right after the change starts afresh", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "customer")
		first := s.complete(10*time.Second, s.mailed(0), newPassword)
		s.ask(10*time.Second, "customer")
		s.play(minute)
		first.requireChanged(t)
	})

	t.Run("started for nothing, it ends", func(t *testing.T) {
		t.Parallel()
		newReset(t).play(minute)
	})
}

// A crash between the grant and its being in history has everything repeated by
// another worker, which knows nothing of the first.
func TestRepeatedGrant(t *testing.T) {
	t.Parallel()
	names := workflows.Names{TokenID: "5f0c1d3e-0000-4000-8000-000000000001", EventID: "evt_1"}
	first := newReset(t)
	again := &resetScene{house: first.house, t: t, env: first.house.env(t, "password-reset/emailpass/h:1")}
	for _, s := range []*resetScene{first, again} {
		s.at(0, func() {
			s.env.SignalWorkflow(workflows.SignalAsk, workflows.ResetRequest{ActorType: "customer", Names: names})
		})
	}
	used := again.complete(time.Minute, again.mailed(0), newPassword)
	first.play(workflows.PasswordResetInput{})
	again.clock.of(again.env)
	again.play(workflows.PasswordResetInput{})

	events := again.events(everlatch.EventPasswordReset)
	require.Len(t, events, 1, "one event, so one mail")
	require.Equal(t, names.EventID, events[0].ID)
	used.requireChanged(t)
}

// docs/weak-spots.md#w30.
func TestIssuedReset(t *testing.T) {
	t.Parallel()
	issue := func(s *resetScene, m *move) {
		s.at(0, func() {
			s.env.UpdateWorkflow(workflows.UpdateIssue, "", m, workflows.IssueReset{
				ActorType: "user", RequestedBy: everlatch.ActorRef{ActorType: "user", ActorID: "user_9"}, Names: names(9),
			})
		})
	}

	t.Run("names both actors in the event, and its token works", func(t *testing.T) {
		t.Parallel()
		s, m := newReset(t), &move{}
		s.faults.set()
		issue(s, m)
		used := s.complete(time.Minute, func() tokens.Reset {
			return tokens.Reset{ID: m.issued.Grant.TokenID, ActorType: "user"}
		}, newPassword)
		s.play(workflows.PasswordResetInput{})

		require.Nil(t, m.issued.Refusal)
		used.requireChanged(t)
		require.False(t, s.faults.local("GrantReset"), "the request is in history before the token exists")
		event := s.events(everlatch.EventPasswordReset)[0]
		require.Equal(t, everlatch.Metadata{"actor_type": "user", "actor_id": "user_9"}, event.Data["requested_by"])
		require.Equal(t, "authid_1", event.AuthIdentityID)
	})

	t.Run("is refused for an unknown user", func(t *testing.T) {
		t.Parallel()
		s, m := newReset(t), &move{}
		issue(s, m)
		s.play(workflows.PasswordResetInput{EntityKey: "bob@example.com"})
		requireRefusal(t, m.issued.Refusal, everlatch.CodeInvalidData,
			"Provider identity with entity_id bob@example.com and provider emailpass not found")
	})
}

// Each step fails, before and after it took effect, and the password is either
// the old one with a good token or the new one.
func TestPasswordResetSteps(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"GrantReset", "ChangePassword", "ReleaseEvents"} {
		for name, after := range map[string]bool{"fails": false, "succeeds unheard": true} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newReset(t)
				s.faults.set(fault{activities: []string{step}, times: 1, after: after})
				s.ask(0, "customer")
				m := s.complete(5*time.Minute, s.mailed(0), newPassword)
				s.play(workflows.PasswordResetInput{ResendAfter: time.Minute})
				m.requireChanged(t)
				require.Len(t, s.events(everlatch.EventPasswordReset), 1, "one mail")
				require.Len(t, s.events(everlatch.EventPasswordChanged), 1)
				require.True(t, s.signsIn(t, newPassword))
			})
		}
	}

	t.Run("ChangePassword fails for good: the token is as good as before", func(t *testing.T) {
		t.Parallel()
		s := newReset(t)
		s.ask(0, "customer")
		s.at(time.Minute, func() { s.faults.set(fault{activities: []string{"ChangePassword"}, times: -1}) })
		failed := s.complete(time.Minute, s.mailed(0), newPassword)
		s.at(5*time.Minute, func() { s.faults.set() })
		good := s.complete(6*time.Minute, s.mailed(0), newPassword)
		s.play(workflows.PasswordResetInput{ResendAfter: time.Minute})
		require.Error(t, failed.err)
		good.requireChanged(t)
	})
}
