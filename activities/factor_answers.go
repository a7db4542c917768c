package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
)

// VerifyFactorInput is the argument of [Factors.VerifyFactor].
type VerifyFactorInput struct {
	IdentityID string `json:"identity_id"`
	// ActorType is that of the account whose owner is told by mail.
	ActorType string `json:"actor_type"`
	// Method is that of the answer: one of the registry, or
	// [everlatch.MethodRecoveryCode].
	Method string `json:"method"`
	// FactorID is the factor to ask, "" for every enabled one of the method.
	FactorID string `json:"factor_id,omitempty"`
	// Code refers to the answer, sealed as a JSON string.
	Code vault.Ref `json:"code"`
	// Prompt is where [Factors.PromptFactor] has sealed what the method needs, if it has.
	Prompt vault.Ref `json:"prompt,omitempty"`
	// EventID names this answer and the event that it may cause. The same id again is
	// the same answer, repeated after a crash.
	EventID string `json:"event_id"`
	GroupID string `json:"group_id"`
	// Setup enables the factor FactorID if it is pending.
	Setup bool `json:"setup,omitempty"`
	// SignInID is the sign-in of the user, which goes on when the factor is enabled.
	SignInID string `json:"sign_in_id,omitempty"`
	// Slow says that the step may call another machine, see [CheckCredentialsInput].
	Slow bool `json:"slow,omitempty"`
}

// VerifyFactorOutput is a refusal or the factor that was proven, "" for a recovery code;
// or Slow as in [CheckCredentialsOutput].
type VerifyFactorOutput struct {
	Slow    bool               `json:"slow,omitempty"`
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	// Wrong says that the answer was refused because it is not the right one. Only such
	// refusals count against the limit.
	Wrong    bool   `json:"wrong,omitempty"`
	FactorID string `json:"factor_id,omitempty"`
}

// VerifyFactor checks an answer for a second factor, to enable a factor or to pass a
// challenge. An answer counts once: the counter of an accepted one has to grow
// (docs/weak-spots.md#w58), and a recovery code is used up. To a disabled identity every
// answer is wrong.
func (a *Factors) VerifyFactor(ctx context.Context, in VerifyFactorInput) (out VerifyFactorOutput, err error) {
	if in.Method == everlatch.MethodRecoveryCode && !in.Setup {
		return a.useRecoveryCode(ctx, in)
	}
	method, err := a.Methods.Method(in.Method)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	if out.Slow = !in.Slow && providers.IsSlowFactor(method); out.Slow {
		return out, nil
	}
	disabled, err := isDisabled(ctx, a.Store, in.IdentityID)
	if err != nil {
		return out, err
	}
	if disabled {
		out.Refusal, err = refusal(errFactorCode(method))
		out.Wrong = true
		return out, err
	}
	candidates, err := a.candidates(ctx, in)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	for _, f := range candidates {
		if f.UsedBy != "" && f.UsedBy == in.EventID { // by an earlier attempt of this step
			return VerifyFactorOutput{FactorID: f.ID}, nil
		}
	}
	answer, err := a.answer(ctx, in)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	return a.ask(ctx, method, in, candidates, answer)
}

// ask tries an answer on each factor that it may be for.
func (a *Factors) ask(
	ctx context.Context, method providers.SecondFactor, in VerifyFactorInput, candidates []store.StoredFactor, answer providers.FactorAnswer,
) (out VerifyFactorOutput, err error) {
	out.Refusal, err = refusal(errFactorCode(method))
	out.Wrong = true
	for _, f := range candidates {
		if answer.Factor, err = a.record(f); err != nil {
			return VerifyFactorOutput{}, err
		}
		answer.Setup = in.Setup && f.Status == everlatch.FactorPending
		verdict, err := method.Verify(ctx, answer)
		if isCloned(err) {
			return a.cloned(ctx, in, f)
		}
		if err != nil {
			refused, err := refusalBy(ctx, in.Method, err)
			if err != nil {
				return VerifyFactorOutput{}, err
			}
			refused.Reason = cmp.Or(refused.Reason, everlatch.ReasonFactorCode) // for programs; users read the message
			if refused.Code == everlatch.CodeUnauthorized {
				refused.Code = everlatch.CodeNotAllowed // its user is signed in, and stays so
			}
			out.Refusal = refused
			continue
		}
		accepted, err := a.accept(ctx, in, f, answer, verdict)
		switch {
		case err != nil:
			refused, err := refusal(err)
			return VerifyFactorOutput{Refusal: refused}, err
		case accepted:
			return VerifyFactorOutput{FactorID: f.ID}, nil
		case in.Method == PasskeyMethod && !answer.Setup: // another answer with this counter was faster
			return a.cloned(ctx, in, f)
		}
	}
	return out, err
}

// cloned refuses the answer of a passkey whose key may have been copied, and tells its
// owner, as [Passkeys.CheckPasskey] does.
func (a *Factors) cloned(ctx context.Context, in VerifyFactorInput, f store.StoredFactor) (out VerifyFactorOutput, err error) {
	out = VerifyFactorOutput{Refusal: &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonPasskeyCloned}, Wrong: true}
	return out, markCloned(ctx, a.Store, a.Types, a.Now(), in.ActorType, store.CredentialRef{
		IdentityID: in.IdentityID, ID: f.ID, Provider: f.Provider, Factor: true,
	})
}

// candidates are the factors that an answer may be for.
func (a *Factors) candidates(ctx context.Context, in VerifyFactorInput) ([]store.StoredFactor, error) {
	if in.FactorID == "" {
		stored, err := a.Store.Factors(ctx, in.IdentityID)
		var out []store.StoredFactor
		for _, f := range stored {
			if f.Provider == in.Method && f.Status == everlatch.FactorEnabled {
				out = append(out, f)
			}
		}
		return out, err
	}
	f, err := a.Store.Factor(ctx, in.IdentityID, in.FactorID)
	switch {
	case err != nil:
		return nil, err
	case f.Provider != in.Method:
		return nil, nil
	case f.Status == everlatch.FactorEnabled || f.Status == everlatch.FactorPending && in.Setup:
		return []store.StoredFactor{f}, nil
	}
	return nil, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonFactorDisabled}
}

// accept stores that an answer was right, and reports whether it counts.
func (a *Factors) accept(
	ctx context.Context, in VerifyFactorInput, f store.StoredFactor, answer providers.FactorAnswer, verdict providers.FactorVerdict,
) (bool, error) {
	use := store.FactorUse{
		IdentityID: in.IdentityID, FactorID: f.ID, ID: in.EventID, Counter: verdict.Counter, Handle: verdict.Handle, SignInID: in.SignInID,
	}
	secret := verdict.Secret
	if secret == nil && !a.Keys.IsCurrent(f.Secret) {
		secret = answer.Factor.Secret // encrypted with an earlier key, or by Medusa
	}
	if secret != nil {
		use.Secret = new(a.Keys.SealFactor(in.IdentityID, f.ID, secret))
	}
	if !answer.Setup {
		return a.Store.UseFactor(ctx, use)
	}
	ev, err := a.event(ctx, everlatch.EventMFAEnabled, factorEventOf{
		identityID: in.IdentityID, actorType: in.ActorType, eventID: in.EventID, groupID: in.GroupID,
		data: everlatch.Metadata{"mfa_id": f.ID, "provider": f.Provider},
	})
	if err != nil {
		return false, err
	}
	return a.Store.EnableFactor(ctx, use, ev)
}

// useRecoveryCode uses up a recovery code (docs/contract.md#s10-4).
func (a *Factors) useRecoveryCode(ctx context.Context, in VerifyFactorInput) (out VerifyFactorOutput, err error) {
	answer, err := a.answer(ctx, in)
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	ev, err := a.event(ctx, everlatch.EventRecoveryCodeUsed, factorEventOf{
		identityID: in.IdentityID, actorType: in.ActorType, eventID: in.EventID, groupID: in.GroupID, data: everlatch.Metadata{},
	})
	if err != nil {
		out.Refusal, err = refusal(err)
		return out, err
	}
	disabled, err := isDisabled(ctx, a.Store, in.IdentityID)
	if err == nil && !disabled {
		var counts bool
		if counts, err = a.Store.UseRecoveryCode(ctx, in.IdentityID, a.codeHashes(in.IdentityID, answer.Code), ev); counts {
			return out, err
		}
	}
	if err != nil {
		return out, err
	}
	return VerifyFactorOutput{
		Refusal: &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonRecoveryCode}, Wrong: true,
	}, nil
}

// codeHashes are the hashes of a recovery code under each index key. They are
// keyed, and bound to the identity.
func (a *Factors) codeHashes(identityID, code string) []string {
	return a.Vault.HashEach("recovery code", identityID, strings.ToLower(strings.TrimSpace(code)))
}

// answer opens what the user has sent, and what the method kept for it.
func (a *Factors) answer(ctx context.Context, in VerifyFactorInput) (out providers.FactorAnswer, err error) {
	code, err := a.Vault.Get(ctx, in.Code)
	if err != nil {
		return out, err
	}
	if json.Unmarshal(code.Reveal(), &out.Code) != nil {
		return out, errors.New("the sealed answer is not what flows sealed")
	}
	if in.Prompt == "" {
		return out, nil
	}
	kept, err := a.Vault.Get(ctx, in.Prompt)
	if err != nil {
		return out, err
	}
	var prompted enrolled
	if json.Unmarshal(kept.Reveal(), &prompted) != nil {
		return out, errors.New("the sealed prompt is not one of a second factor")
	}
	out.Prompt = prompted.Kept
	return out, nil
}
