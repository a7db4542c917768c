package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/codes"
	"github.com/everlatch/everlatch/workflows"
)

const verificationName = "verification/authid_1/h:x"

// codeScene is a Verification of Ada's address under way.
type codeScene struct {
	*house

	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
}

func builtInCodes(t *testing.T) *providers.Codes {
	t.Helper()
	token, err := codes.NewToken(codes.Options{})
	require.NoError(t, err)
	otp, err := codes.NewOTP(codes.Options{})
	require.NoError(t, err)
	registry := providers.NewCodes()
	require.NoError(t, registry.Add(codes.TokenID, token))
	require.NoError(t, registry.Add(codes.OTPID, otp))
	brief, err := codes.NewToken(codes.Options{TTLSeconds: new(3)})
	require.NoError(t, err)
	require.NoError(t, registry.Add("brief", brief))
	return registry
}

func newVerification(t *testing.T) *codeScene {
	t.Helper()
	h := newHouse(t)
	register(t, h, "authid_1")
	s := &codeScene{house: h, t: t, env: h.env(t, verificationName)}
	h.clock.of(s.env)
	return s
}

func (s *codeScene) names(n int) workflows.VerificationNames {
	return workflows.VerificationNames{
		VerificationID: fmt.Sprint("authver_", n), EventID: fmt.Sprint("evt_", n),
		Kept: vault.Ref(fmt.Sprintf("sec_KEPT%022d", n)), Code: vault.Ref(fmt.Sprintf("sec_CODE%022d", n)),
	}
}

// request asks for the n-th code.
func (s *codeScene) request(at time.Duration, n int, provider string) *asked[workflows.RequestedCode] {
	return askOf[workflows.RequestedCode](s.env, at, workflows.UpdateRequestCode, workflows.RequestCode{
		ActorType: "customer", CodeProvider: provider, Recipient: email, Metadata: everlatch.Metadata{"n": float64(n)}, Names: s.names(n),
	})
}

// confirm presents the n-th code, or another text.
func (s *codeScene) confirm(at time.Duration, n int, by string, instead ...string) *asked[workflows.ConfirmedCode] {
	a := &asked[workflows.ConfirmedCode]{}
	s.env.RegisterDelayedCallback(func() {
		text := append(instead, "")[0]
		if len(instead) == 0 {
			text = s.code(n)
		}
		ref, err := s.vault.Put(s.t.Context(), vault.NewSecret([]byte(text)))
		require.NoError(s.t, err)
		s.env.UpdateWorkflow(workflows.UpdateConfirmCode, "", a, workflows.ConfirmCode{Typed: ref, By: by, EventID: fmt.Sprint("evt_confirmed_", at)})
	}, at)
	return a
}

// code is what the mail of the n-th request says, "" once it is gone.
func (s *codeScene) code(n int) string {
	secret, err := s.vault.Get(s.t.Context(), s.names(n).Code)
	if err != nil {
		return ""
	}
	return string(secret.Reveal())
}

func (s *codeScene) plays() {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.Verification, workflows.VerificationInput{AuthIdentityID: "authid_1", EntityType: "email", EntityID: email})
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
}

func (s *codeScene) verified() bool {
	s.t.Helper()
	all, err := s.store.Verifications(s.t.Context(), "authid_1")
	require.NoError(s.t, err)
	require.LessOrEqual(s.t, len(all), 1)
	return len(all) == 1 && all[0].Verified()
}

func (s *codeScene) events(name string) []everlatch.Event {
	s.t.Helper()
	events, _, err := s.store.Events(s.t.Context(), store.EventFilter{Name: name, Released: new(true)}, store.Page{})
	require.NoError(s.t, err)
	return events
}

func requireCodeRefused(t *testing.T, a *asked[workflows.ConfirmedCode]) {
	t.Helper()
	const want = everlatch.ReasonCodeInvalid
	require.True(t, a.done)
	if a.rejected != nil {
		require.ErrorIs(t, a.rejected, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: want})
		return
	}
	require.NoError(t, a.err)
	require.NotNil(t, a.out.Refusal, "the code was accepted")
	require.Equal(t, want, a.out.Refusal.Reason)
}

func requireVerified(t *testing.T, a *asked[workflows.ConfirmedCode]) {
	t.Helper()
	a.requireDone(t)
	require.Nil(t, a.out.Refusal)
	require.True(t, a.out.Verification.Verified())
}

// Requested, mailed, confirmed: once, and by anyone who has the link.
func TestVerification(t *testing.T) {
	t.Parallel()
	s := newVerification(t)
	requested := s.request(0, 1, "token")
	s.env.RegisterDelayedCallback(func() {
		require.False(t, s.verified())
		sent := s.events(everlatch.EventVerificationRequested)
		require.Len(t, sent, 1)
		ref, sealed := everlatch.SecretOf(sent[0].Data["code"])
		require.True(t, sealed, "%v", sent[0].Data)
		require.Equal(t, string(s.names(1).Code), ref)
		require.Len(t, s.code(1), 43)
		require.Equal(t, email, sent[0].Data["entity_id"])
		require.Equal(t, email, sent[0].Data["email"])
		require.Equal(t, "token", sent[0].Data["code_provider"])
		require.Equal(t, verificationName, sent[0].GroupID)
	}, time.Second)
	confirmed := s.confirm(time.Minute, 1, "")
	again := s.confirm(time.Minute, 1, "")
	s.plays()

	requested.requireDone(t)
	require.True(t, requested.out.Created)
	require.Equal(t, "authver_1", requested.out.Verification.ID)
	requireVerified(t, confirmed)
	requireCodeRefused(t, again)
	require.True(t, s.verified())
	require.Empty(t, s.code(1), "a used code is destroyed")
	require.Len(t, s.events(everlatch.EventVerificationConfirmed), 1)
	identity, err := s.store.Identity(t.Context(), "authid_1")
	require.NoError(t, err)
	require.Empty(t, identity.Providers[0].VerifiedEmail, "no one was signed in")
}

// A signed-in identity proves the address with the code.
func TestVerificationBySignedIn(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"token", "otp"} {
		s := newVerification(t)
		s.request(0, 1, provider)
		confirmed := s.confirm(time.Minute, 1, "authid_1")
		s.plays()
		requireVerified(t, confirmed)
		identity, err := s.store.Identity(t.Context(), "authid_1")
		require.NoError(t, err)
		require.Equal(t, email, identity.Providers[0].VerifiedEmail)
	}
}

func TestVerificationExpires(t *testing.T) {
	t.Parallel()
	s := newVerification(t)
	began := s.env.Now()
	s.request(0, 1, "token")
	s.plays()
	require.WithinDuration(t, began.Add(15*time.Minute), s.env.Now(), 2*time.Second)
	require.False(t, s.verified())
}

func TestVerificationIsReplaced(t *testing.T) {
	t.Parallel()
	s := newVerification(t)
	s.request(0, 1, "token")
	var former string
	s.env.RegisterDelayedCallback(func() { former = s.code(1) }, time.Second)
	second := s.request(10*time.Minute, 2, "token")
	s.env.RegisterDelayedCallback(func() { require.Empty(t, s.code(1), "the mail that was not sent yet is not sent any more") }, 11*time.Minute)
	s.env.RegisterDelayedCallback(func() {
		ref, err := s.vault.Put(t.Context(), vault.NewSecret([]byte(former)))
		require.NoError(t, err)
		s.env.UpdateWorkflow(workflows.UpdateConfirmCode, "", &asked[workflows.ConfirmedCode]{}, workflows.ConfirmCode{Typed: ref})
	}, 12*time.Minute)
	good := s.confirm(20*time.Minute, 2, "") // the first has expired by then
	s.plays()
	second.requireDone(t)
	require.False(t, second.out.Created)
	require.Equal(t, "authver_1", second.out.Verification.ID)
	require.Equal(t, everlatch.Metadata{"n": 1.0}, second.out.Verification.Metadata)
	requireVerified(t, good)
}

// docs/weak-spots.md#w62: no code, no event, no mail.
func TestVerificationOfAVerifiedAddress(t *testing.T) {
	t.Parallel()
	s := newVerification(t)
	s.request(0, 1, "token")
	s.confirm(time.Minute, 1, "")
	s.plays()

	s.env = s.house.env(t, verificationName)
	s.clock.of(s.env)
	again := s.request(0, 2, "token")
	s.plays()
	again.requireDone(t)
	require.True(t, again.out.Verification.Verified())
	require.Equal(t, "authver_1", again.out.Verification.ID)
	require.Empty(t, s.code(2))
	require.Len(t, s.events(everlatch.EventVerificationRequested), 1)
}

// Five wrong codes and no more, however they arrive.
func TestVerificationCountsTries(t *testing.T) {
	t.Parallel()
	s := newVerification(t)
	s.request(0, 1, "otp")
	stranger := s.confirm(time.Second, 1, "")
	other := s.confirm(time.Second, 1, "authid_2")
	var wrong []*asked[workflows.ConfirmedCode]
	for range 50 {
		wrong = append(wrong, s.confirm(time.Minute, 1, "authid_1", "wrong"))
	}
	late := s.confirm(2*time.Minute, 1, "authid_1", "wrong")
	s.plays()

	requireCodeRefused(t, stranger)
	requireCodeRefused(t, other)
	checks := s.faults.called("CheckVerificationCode")
	require.Equal(t, 5, checks)
	exhausted := 0
	for _, w := range wrong {
		require.True(t, w.done)
		if w.rejected == nil && w.out.Refusal.Reason == everlatch.ReasonCodeExhausted {
			exhausted++
		}
	}
	require.Equal(t, 1, exhausted)
	require.False(t, late.done && late.rejected == nil && late.out.Verification.Verified())
	require.False(t, s.verified())
}

func TestTheLastTryMayBeRight(t *testing.T) {
	t.Parallel()
	s := newVerification(t)
	s.request(0, 1, "otp")
	for i := range 4 {
		s.confirm(time.Duration(i+1)*time.Second, 1, "authid_1", "wrong")
	}
	right := s.confirm(time.Minute, 1, "authid_1")
	s.plays()
	requireVerified(t, right)
}

func TestOneOfManyConfirmationsCounts(t *testing.T) {
	t.Parallel()
	s := newVerification(t)
	s.request(0, 1, "token")
	var all []*asked[workflows.ConfirmedCode]
	for range 50 {
		all = append(all, s.confirm(time.Minute, 1, ""))
	}
	s.plays()
	won := 0
	for _, a := range all {
		require.True(t, a.done)
		if a.rejected == nil && a.err == nil && a.out.Refusal == nil {
			won++
			continue
		}
		requireCodeRefused(t, a)
	}
	require.Equal(t, 1, won)
}

func TestVerificationWithFaults(t *testing.T) {
	t.Parallel()
	for _, activity := range []string{"RequestVerificationCode", "CheckVerificationCode", "ConfirmVerification"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint(activity, after), func(t *testing.T) {
				t.Parallel()
				s := newVerification(t)
				s.faults.set(fault{activities: []string{activity}, times: 1, after: after})
				requested := s.request(0, 1, "otp")
				confirmed := s.confirm(time.Minute, 1, "authid_1")
				s.plays()
				requested.requireDone(t)
				requireVerified(t, confirmed)
				require.Len(t, s.events(everlatch.EventVerificationRequested), 1, "one mail")
				require.Len(t, s.events(everlatch.EventVerificationConfirmed), 1)
			})
		}
	}
	t.Run("a check that never works uses up no try", func(t *testing.T) {
		t.Parallel()
		s := newVerification(t)
		s.request(0, 1, "otp")
		s.faults.set(fault{activities: []string{"CheckVerificationCode"}, times: -1})
		broken := s.confirm(time.Second, 1, "authid_1", "wrong")
		s.env.RegisterDelayedCallback(func() { s.faults.set() }, 3*time.Minute)
		for i := range 4 {
			s.confirm(4*time.Minute+time.Duration(i)*time.Second, 1, "authid_1", "wrong")
		}
		right := s.confirm(5*time.Minute, 1, "authid_1")
		s.plays()
		require.Error(t, broken.err)
		requireVerified(t, right)
	})
	t.Run("a code that cannot be made changes nothing", func(t *testing.T) {
		t.Parallel()
		s := newVerification(t)
		s.faults.set(fault{activities: []string{"RequestVerificationCode"}, times: -1})
		broken := s.request(0, 1, "token")
		s.env.ExecuteWorkflow(workflows.Verification, workflows.VerificationInput{AuthIdentityID: "authid_1", EntityType: "email", EntityID: email})
		require.Error(t, broken.err)
		require.False(t, s.verified())
		require.Empty(t, s.events(everlatch.EventVerificationRequested))
	})
}

func TestVerificationWithoutIdentity(t *testing.T) {
	t.Parallel()
	s := newVerification(t)
	s.request(0, 1, "token")
	s.env.RegisterDelayedCallback(func() { require.NoError(t, s.store.RemoveIdentity(t.Context(), "authid_1", "g")) }, time.Second)
	gone := s.confirm(time.Minute, 1, "")
	s.plays()
	requireCodeRefused(t, gone)

	s = newVerification(t)
	unknown := s.request(0, 1, "sms")
	s.plays()
	unknown.requireDone(t)
	require.Equal(t, everlatch.CodeInvalidData, unknown.out.Refusal.Code)
}

// A cancelled execution lets its handlers finish, and ends.
func TestVerificationIsCancelled(t *testing.T) {
	t.Parallel()
	for _, activity := range []string{"RequestVerificationCode", "CheckVerificationCode", "ConfirmVerification"} {
		t.Run(activity, func(t *testing.T) {
			t.Parallel()
			s := newVerification(t)
			s.faults.set(fault{activities: []string{activity}, meanwhile: s.env.CancelWorkflow})
			s.request(0, 1, "token")
			confirmed := s.confirm(time.Minute, 1, "")
			s.env.ExecuteWorkflow(workflows.Verification, workflows.VerificationInput{AuthIdentityID: "authid_1", EntityType: "email", EntityID: email})
			require.True(t, s.env.IsWorkflowCompleted())
			if activity != "RequestVerificationCode" {
				requireVerified(t, confirmed)
				require.NoError(t, s.env.GetWorkflowError(), "the flow was over")
				return
			}
			canceled := &temporal.CanceledError{}
			require.ErrorAs(t, s.env.GetWorkflowError(), &canceled)
			require.False(t, s.verified())
		})
	}
}
