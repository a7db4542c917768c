package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
)

// Challenges knows what a challenge of second factors offers, and notes how it ended.
type Challenges struct {
	Store *store.Store
	// Methods are those that this installation can verify.
	Methods *providers.Factors
	// LoginEvents records each sign-in that a challenge completes, and each answer.
	LoginEvents bool
}

// OfferMethodsInput is the argument of [Challenges.OfferMethods].
type OfferMethodsInput struct {
	IdentityID string `json:"identity_id"`
}

// OfferMethodsOutput is a refusal, or how the identity can pass a challenge.
type OfferMethodsOutput struct {
	Refusal *everlatch.Refusal `json:"refusal,omitempty"`
	Methods []string           `json:"methods,omitempty"`
}

// OfferMethods returns the methods of the enabled factors, in the order in which they
// were enrolled, and that of recovery codes if any are left (docs/contract.md#s10-3). An
// identity whose factors nothing here can verify is refused rather than let in without.
func (a *Challenges) OfferMethods(ctx context.Context, in OfferMethodsInput) (out OfferMethodsOutput, err error) {
	disabled, err := isDisabled(ctx, a.Store, in.IdentityID)
	if disabled { // since the first factor was passed
		out.Refusal, err = refusal(errDisabled)
	}
	if err != nil || disabled {
		return out, err
	}
	factors, err := a.Store.Factors(ctx, in.IdentityID)
	if err != nil {
		return out, err
	}
	enabled := false
	for _, f := range factors {
		if f.Status != everlatch.FactorEnabled {
			continue
		}
		enabled = true
		if slices.Contains(a.Methods.Methods(), f.Provider) && !slices.Contains(out.Methods, f.Provider) {
			out.Methods = append(out.Methods, f.Provider)
		}
	}
	if !enabled {
		out.Refusal = &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonNoMethod}
		return out, nil
	}
	left, err := a.Store.RecoveryCodes(ctx, in.IdentityID)
	if err != nil {
		return out, err
	}
	if left > 0 {
		out.Methods = append(out.Methods, everlatch.MethodRecoveryCode)
	}
	if len(out.Methods) == 0 {
		return out, everlatch.Permanent(fmt.Errorf("identity %s has second factors, and their methods are not configured", in.IdentityID))
	}
	return out, nil
}

// Challenged is what the events of a challenge are about.
type Challenged struct {
	ChallengeID string `json:"challenge_id"`
	IdentityID  string `json:"identity_id"`
	ActorType   string `json:"actor_type"`
	Provider    string `json:"provider"`
	Method      string `json:"method"`
	// EventID is the id of the event about the answer.
	EventID string `json:"event_id"`
}

func (c Challenged) event(name, key string, value any) everlatch.Event {
	return everlatch.Event{
		ID: c.EventID, Name: name, AuthIdentityID: c.IdentityID,
		Data: everlatch.Metadata{
			"auth_identity_id": c.IdentityID, "actor_type": c.ActorType, "provider": c.Provider,
			"challenge_id": c.ChallengeID, "method": c.Method, key: value,
		},
	}
}

// PassChallengeInput is the argument of [Challenges.PassChallenge].
type PassChallengeInput struct {
	Challenged

	// FactorID is the factor that was accepted, "" for a recovery code.
	FactorID string `json:"factor_id,omitempty"`
	// SignInEventID is the id of the event about the sign-in that the answer completes, ""
	// if it completes none.
	SignInEventID string `json:"sign_in_event_id,omitempty"`
}

// PassChallenge notes that a challenge was passed, and the sign-in that this completes. A
// removed identity has signed in nowhere.
func (a *Challenges) PassChallenge(ctx context.Context, in PassChallengeInput) (None, error) {
	if a.LoginEvents {
		if err := a.Store.RecordEvent(ctx, in.event(everlatch.EventMFAChallengePassed, "mfa_id", in.FactorID)); err != nil {
			return None{}, err
		}
	}
	if in.SignInEventID == "" {
		return None{}, nil
	}
	err := a.Store.RecordUse(ctx, store.Use{IdentityID: in.IdentityID})
	if err != nil || !a.LoginEvents {
		return None{}, unlessGone(err)
	}
	identity, err := a.Store.Identity(ctx, in.IdentityID)
	if err != nil {
		return None{}, unlessGone(err)
	}
	return None{}, a.Store.RecordEvent(ctx, everlatch.Event{
		ID: in.SignInEventID, Name: everlatch.EventLoginSucceeded, AuthIdentityID: in.IdentityID,
		Data: everlatch.Metadata{
			"actor_type": in.ActorType, "provider": in.Provider, "method": in.Method,
			"auth_identity_id": in.IdentityID, "actor_id": identity.ActorID(in.ActorType),
		},
	})
}

func unlessGone(err error) error {
	if everlatch.ErrorCode(err) == everlatch.CodeNotFound {
		return nil
	}
	return err
}

// FailChallengeInput is the argument of [Challenges.FailChallenge].
type FailChallengeInput struct {
	Challenged

	// Attempts failed so far, this one included.
	Attempts int `json:"attempts"`
}

// FailChallenge notes a wrong answer, where that is wanted.
func (a *Challenges) FailChallenge(ctx context.Context, in FailChallengeInput) (None, error) {
	if !a.LoginEvents {
		return None{}, nil
	}
	return None{}, a.Store.RecordEvent(ctx, in.event(everlatch.EventMFAChallengeFailed, "attempts", in.Attempts))
}
