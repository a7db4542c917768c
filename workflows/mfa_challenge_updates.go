package workflows

import (
	"cmp"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/vault"
)

// mostPrompts bounds how many codes one challenge sends. A device that is asked for a
// passkey again needs a new prompt each time.
const mostPrompts = 10

// PromptChallenge asks a method to act, such as to send a code.
type PromptChallenge struct {
	ChallengedSignIn

	Method string `json:"method"`
	// Secret names where is sealed what the method keeps.
	Secret vault.Ref `json:"secret"`
}

// PromptedChallenge is a refusal, or what the user's device is told.
type PromptedChallenge struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	Public  everlatch.Metadata `json:"public,omitempty"`
}

// prompt has a method act. The latest prompt of a method is the one that counts.
func (m *mfaChallenge) prompt(ctx workflow.Context, in PromptChallenge) (out PromptedChallenge, err error) {
	if out.Refusal = m.refuses(ctx, in.ChallengedSignIn, in.Method); out.Refusal != nil {
		return out, nil
	}
	if m.open.Prompted >= mostPrompts {
		out.Refusal = &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonPromptLimit}
		return out, nil
	}
	m.open.Prompted++
	prompted, err := durableUnlessSlow(ctx, factors.PromptFactor, activities.PromptFactorInput{
		IdentityID: m.in.AuthIdentityID, Method: in.Method, Prompt: in.Secret, TTL: m.open.ExpiresAt.Sub(workflow.Now(ctx)) + firstRequestWithin,
	}, func(out activities.PromptFactorOutput) bool { return out.Slow }, func(in *activities.PromptFactorInput) { in.Slow = true })
	if err != nil || prompted.Refusal != nil || !prompted.Prompts {
		return PromptedChallenge{Refusal: prompted.Refusal}, err
	}
	m.open.Prompts = slices.DeleteFunc(m.open.Prompts, func(p prompt) bool { return p.Method == in.Method })
	m.open.Prompts = append(m.open.Prompts, prompt{in.Method, in.Secret})
	return PromptedChallenge{Public: prompted.Public}, nil
}

// secretOf returns what a method keeps of its prompt, "" for nothing.
func (m *mfaChallenge) secretOf(method string) vault.Ref {
	for _, p := range m.open.Prompts {
		if p.Method == method {
			return p.Secret
		}
	}
	return ""
}

// verify checks an answer. A wrong one is counted, one that could not be checked or that
// a hook refuses is not.
func (m *mfaChallenge) verify(ctx workflow.Context, in VerifyChallenge) (out PassedChallenge, err error) {
	if m.passed != nil && m.fingerprint == in.Fingerprint && in.ChallengedSignIn == m.in.ChallengedSignIn {
		return *m.passed, nil
	}
	if out.Refusal = m.refuses(ctx, in.ChallengedSignIn, in.Method); out.Refusal != nil {
		return out, nil
	}
	hooks := m.hooks(ctx, in)
	if out.Refusal, err = hooks.run(ctx, everlatch.HookBeforeAuthenticate); err != nil || out.Refusal != nil {
		return out, err
	}
	verified, err := durableUnlessSlow(ctx, factors.VerifyFactor, activities.VerifyFactorInput{
		IdentityID: m.in.AuthIdentityID, ActorType: m.in.ActorType, Method: in.Method, Code: in.Code, Prompt: m.secretOf(in.Method),
		EventID: m.useOf(in), GroupID: groupID(ctx),
	}, func(out activities.VerifyFactorOutput) bool { return out.Slow }, func(in *activities.VerifyFactorInput) { in.Slow = true })
	if err != nil {
		return out, err
	}
	about := activities.Challenged{
		ChallengeID: m.in.ID, IdentityID: m.in.AuthIdentityID, ActorType: m.in.ActorType, Provider: m.in.Provider,
		Method: in.Method, EventID: in.EventID,
	}
	switch {
	case verified.Refusal != nil && !verified.Wrong: // the request has expired, or no room is left
		out.Refusal = verified.Refusal
		return out, nil
	case verified.Refusal != nil:
		out.Refusal = m.count(verified.Refusal)
		_, err = finalStep(ctx, challenges.FailChallenge, activities.FailChallengeInput{Challenged: about, Attempts: m.open.Attempts})
		return out, err
	}
	hooks.about.FactorID = verified.FactorID
	if out.Refusal, err = hooks.run(ctx, everlatch.HookAfterAuthenticate); err != nil || out.Refusal != nil {
		return out, err
	}
	return m.pass(ctx, in, activities.PassChallengeInput{Challenged: about, FactorID: verified.FactorID})
}

// hooks are those of a sign-in, and are told its second factor. A step-up has none: its
// user is signed in already.
func (m *mfaChallenge) hooks(ctx workflow.Context, in VerifyChallenge) *hooked {
	if m.in.StepUp {
		return &hooked{}
	}
	return in.Hooks.within(ctx, everlatch.HookInput{
		ActorType: m.in.ActorType, Provider: m.in.Provider, AuthIdentityID: m.in.AuthIdentityID, ActorID: cmp.Or(m.in.ActorID, in.ActorID),
		FactorProvider: in.Method,
	}, callerWaits)
}

// pass ends the challenge by its right answer.
func (m *mfaChallenge) pass(ctx workflow.Context, in VerifyChallenge, pass activities.PassChallengeInput) (PassedChallenge, error) {
	out := PassedChallenge{
		At: workflow.Now(ctx), TokenID: workflow.GetInfo(ctx).WorkflowExecution.RunID,
		ActorType: m.in.ActorType, Provider: m.in.Provider, Method: in.Method, StepUp: m.in.StepUp,
		Methods: m.open.Methods, ExpiresAt: m.open.ExpiresAt, Attempts: m.open.Attempts, MaxAttempts: m.in.MaxAttempts, Metadata: m.in.Metadata,
	}
	m.end(ChallengePassed)
	m.passed, m.fingerprint = &out, in.Fingerprint
	if !m.in.StepUp {
		pass.SignInEventID = in.SignInEventID
	}
	if _, err := finalStep(ctx, challenges.PassChallenge, pass); err != nil {
		return out, err
	}
	return out, releaseEvents(ctx)
}

// useOf names the use of an answer. The same answer again is the same use: one whose
// outcome was lost, or which a hook has refused, is not taken for a code that was used
// before, or for a passkey that was copied.
func (m *mfaChallenge) useOf(in VerifyChallenge) string {
	if m.open.UseID == "" || m.open.Fingerprint != in.Fingerprint {
		m.open.Fingerprint, m.open.UseID = in.Fingerprint, in.UseID
	}
	return m.open.UseID
}

// count counts a wrong answer and says so. The last one ends the challenge. That a passkey
// may have been copied is for its user to know.
func (m *mfaChallenge) count(wrong *everlatch.Refusal) *everlatch.Refusal {
	m.open.Attempts++
	cloned := wrong.Reason == everlatch.ReasonPasskeyCloned
	switch {
	case m.open.Attempts >= m.in.MaxAttempts:
		m.end(ChallengeExhausted)
	case !cloned:
		return &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonChallengeCode}
	}
	if cloned {
		return wrong
	}
	return &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonChallengeLastCode}
}
