package limits

import (
	"context"
	"errors"
	"slices"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
)

// wrongAnswers are the refusals that count as a guess of a second factor. Others say that
// nothing was checked.
var wrongAnswers = []everlatch.Reason{
	everlatch.ReasonChallengeCode, everlatch.ReasonChallengeLastCode, everlatch.ReasonFactorCode, everlatch.ReasonRecoveryCode,
	everlatch.ReasonRemovalCode, everlatch.ReasonPasskeyCloned,
}

// IsWrongFactor reports whether an error is the refusal of a guess of a second factor.
func IsWrongFactor(err error) bool {
	e, ok := errors.AsType[*everlatch.Error](err)
	return ok && slices.Contains(wrongAnswers, e.Reason)
}

// RecordFactorLock records that wrong answers have locked the second factors of an
// identity: someone knows its password, or the user has lost the factor.
func (l *Limiter) RecordFactorLock(ctx context.Context, p everlatch.Principal, lock Lock) error {
	data := everlatch.Metadata{
		"auth_identity_id": p.AuthIdentityID, "failures": lock.Failures, "locked_for": int(lock.For.Seconds()), "second_factor": true,
	}
	if p.ActorType != "" {
		data["actor_type"], data["provider"] = p.ActorType, p.AuthProvider
	}
	return l.store.RecordEvent(ctx, everlatch.Event{
		ID: ids.New(ids.Event, l.opts.Now()), Name: everlatch.EventSignInLocked, AuthIdentityID: p.AuthIdentityID, Data: data,
	})
}
