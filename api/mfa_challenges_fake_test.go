package api_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

// fakeChallenges does what [workflows.MFAChallenge] does, in memory: "right" is the right
// answer for each method, and every method but the recovery code is that of a factor.
type fakeChallenges struct {
	w    *world
	mu   sync.Mutex
	open map[string]*fakeChallenge
	kept []everlatch.Principal
}

type fakeChallenge struct {
	flows.ChallengeRequest

	methods  []string
	until    time.Time
	attempts int
	outcome  string
}

const challengeAttempts = 5

func challengedBy(p everlatch.Principal) workflows.ChallengedSignIn {
	return workflows.ChallengedSignIn{AuthIdentityID: p.AuthIdentityID, SignInID: p.SignInID, CredentialVersion: p.CredentialVersion}
}

func (f *fakeChallenges) BeginMFAChallenge(ctx context.Context, r flows.ChallengeRequest) (flows.Challenge, error) {
	factors, err := f.w.store.Factors(ctx, r.Principal.AuthIdentityID)
	if err != nil {
		return flows.Challenge{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ch := &fakeChallenge{ChallengeRequest: r, until: r.At.Add(5 * time.Minute)}
	for _, factor := range factors {
		if factor.Status == everlatch.FactorEnabled && !slices.Contains(ch.methods, factor.Provider) {
			ch.methods = append(ch.methods, factor.Provider)
		}
	}
	if len(f.w.flows.left[r.Principal.AuthIdentityID]) > 0 {
		ch.methods = append(ch.methods, everlatch.MethodRecoveryCode)
	}
	if len(factors) == 0 || len(ch.methods) == 0 {
		return flows.Challenge{}, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonNoMethod}
	}
	id := ids.Derived(ids.Challenge, r.At, r.TokenID)
	if f.open == nil {
		f.open = map[string]*fakeChallenge{}
	}
	f.open[id] = ch
	return flows.Challenge{ID: id, BegunChallenge: workflows.BegunChallenge{
		Methods: ch.methods, ExpiresAt: ch.until, MaxAttempts: challengeAttempts,
	}}, f.w.flows.fail
}

// of returns a challenge, or the refusal that it answers with.
func (f *fakeChallenges) of(id string, by everlatch.Principal, method string) (*fakeChallenge, error) {
	ch := f.open[id]
	if ch == nil {
		ch = &fakeChallenge{}
	}
	if ch.outcome == "" && !f.w.clock.Now().Before(ch.until) {
		ch.outcome = workflows.ChallengeExpired
	}
	closed := workflows.ClosedChallenge{ChallengedSignIn: challengedBy(ch.Principal), Outcome: ch.outcome}
	if refusal := closed.Refusal(id, challengedBy(by)); refusal != nil {
		return nil, refusal.Err()
	}
	if !slices.Contains(ch.methods, method) {
		return nil, &everlatch.Error{
			Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonChallengeMethod, Details: map[string]string{"method": method},
		}
	}
	return ch, nil
}

func (f *fakeChallenges) PromptMFAChallenge(_ context.Context, id string, by everlatch.Principal, method string) (everlatch.Metadata, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.of(id, by, method)
	return everlatch.Metadata{"sent_to": "+43 *** 17"}, err
}

func (f *fakeChallenges) VerifyMFAChallenge(_ context.Context, r flows.ChallengeAnswer) (out workflows.PassedChallenge, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.w.flows.fail != nil {
		return out, f.w.flows.fail
	}
	ch, err := f.of(r.ID, r.Principal, r.Method)
	if err != nil {
		return out, err
	}
	if !f.right(r) {
		ch.attempts++
		reason := everlatch.ReasonChallengeCode
		if ch.attempts == challengeAttempts {
			ch.outcome, reason = workflows.ChallengeExhausted, everlatch.ReasonChallengeLastCode
		}
		return out, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: reason}
	}
	ch.outcome = workflows.ChallengePassed
	return workflows.PassedChallenge{
		At: f.w.clock.Now(), TokenID: "passed " + r.ID, ActorType: ch.Principal.ActorType, Provider: ch.Principal.AuthProvider,
		Method: r.Method, StepUp: ch.StepUp, Methods: ch.methods, ExpiresAt: ch.until, Attempts: ch.attempts, MaxAttempts: challengeAttempts,
		Metadata: ch.Metadata,
	}, nil
}

// right reports whether an answer is right. It uses a recovery code up.
func (f *fakeChallenges) right(r flows.ChallengeAnswer) bool {
	if r.Method != everlatch.MethodRecoveryCode || r.Code == "right" {
		return r.Code == "right" || r.Code == rightTOTP
	}
	left := f.w.flows.left[r.Principal.AuthIdentityID]
	i := slices.Index(left, r.Code)
	if i >= 0 {
		f.w.flows.left[r.Principal.AuthIdentityID] = slices.Delete(left, i, i+1)
	}
	return i >= 0
}

func (f *fakeChallenges) KeepAccount(_ context.Context, p everlatch.Principal) error {
	if !p.NeedsFactor() {
		f.kept = append(f.kept, p)
	}
	return f.w.flows.fail
}
