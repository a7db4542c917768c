package authservice

import (
	"context"
	"errors"
	"slices"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/providers"
)

// Hashing runs what computes a password hash once it has its turn in the queue of this
// process; nil limits nothing. Providers that ask elsewhere need no turn.
func Hashing(ctx context.Context, l *limits.Limiter, p any, do func(turn *limits.Turn) error) error {
	credentials, ok := p.(providers.Credentials)
	if l == nil || ok && providers.IsSlow(credentials) {
		return do(nil)
	}
	turn, err := l.AdmitProgram(ctx)
	if err != nil {
		return err
	}
	err = do(turn)
	turn.End(err == nil, false)
	return err
}

// counting is how an attempt on an account is counted.
type counting struct {
	account limits.Account
	turn    *limits.Turn
	// refused reports whether an error is the refusal of an attempt.
	refused func(error) bool
	// repeated reports whether the answer is that of an earlier request, which counted.
	repeated func() bool
	// locked is told about a lock that the attempt has brought about.
	locked func(context.Context, limits.Lock) error
}

// attempt counts an attempt on an account, and how it ends, like the routes do. Networks
// are not counted: the program speaks for many.
func (s *Service) attempt(ctx context.Context, c counting, do func() error) error {
	if s.Limits == nil || c.account.Key == "" {
		return do()
	}
	attempt, err := s.Limits.Begin(ctx, c.account, c.turn)
	if err != nil {
		return err
	}
	answer := do()
	ctx = context.WithoutCancel(ctx)
	// Bookkeeping: the answer doesn't depend on it.
	if c.repeated != nil && c.repeated() {
		_ = attempt.Undecided(ctx)
	} else {
		_ = attempt.End(ctx, answer, !errors.Is(answer, context.Canceled) && c.refused(answer), c.locked)
	}
	return answer
}

// isRefusedSignIn reports whether a sign-in was refused, and not prevented by an outage.
func isRefusedSignIn(err error) bool {
	return slices.Contains([]everlatch.Code{
		everlatch.CodeUnauthorized, everlatch.CodeForbidden, everlatch.CodeNotFound, everlatch.CodeNotAllowed, everlatch.CodeInvalidData,
	}, everlatch.ErrorCode(err))
}

// attemptFactor counts an answer for a second factor of an identity, over all of its
// challenges and routes (docs/weak-spots.md#w57).
func (s *Service) attemptFactor(ctx context.Context, p everlatch.Principal, do func() error) error {
	return s.attempt(ctx, counting{
		account: limits.SecondFactorOf(p.AuthIdentityID), refused: limits.IsWrongFactor,
		locked: func(ctx context.Context, lock limits.Lock) error { return s.Limits.RecordFactorLock(ctx, p, lock) },
	}, do)
}
