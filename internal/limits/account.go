package limits

import (
	"context"
	"errors"
	"time"
)

// inFlightWait is what a caller is told when as many attempts on an account are
// under way as may still fail.
const inFlightWait = time.Second

// Account is whom an attempt is about, whether such an account exists or not.
type Account struct {
	// Provider and Key name the credential. Its actor types share one counter:
	// they share the password.
	Provider, Key string
	// Device is the known device that the attempt comes from, "" for none. It has
	// a counter of its own, so that a stranger never locks the owner out, and the
	// owner's success says nothing about the stranger's attempts.
	Device string
}

func (l *Limiter) key(a Account) (string, Scope) {
	if a.Device == "" {
		return l.opts.Hash("limits", "account", a.Provider, a.Key), ScopeAccount
	}
	return l.opts.Hash("limits", "device", a.Provider, a.Key, a.Device), ScopeDevice
}

// Attempt is one that was let in. It must be ended.
type Attempt struct {
	limiter *Limiter
	account Account
	key     string
	scope   Scope
}

// Begin lets an attempt on an account in, or returns an error of
// [everlatch.CodeRateLimited]. It is counted already: as many attempts may be
// under way at once as may still fail, and another waits a while for one of them
// to end, so that a burst of correct sign-ins is answered in turn.
func (l *Limiter) Begin(ctx context.Context, a Account) (*Attempt, error) {
	if l.opts.Disabled {
		return &Attempt{}, nil
	}
	key, scope := l.key(a)
	if wait := l.gate.wait(key, l.opts.Now()); wait > 0 {
		return nil, l.refuse(SignIn, scope, key, wait, false)
	}
	wait, ok, err := l.begin(ctx, key)
	if err != nil {
		return nil, err
	}
	if !ok && wait == 0 {
		return nil, l.refuse(SignIn, scope, key, inFlightWait, false)
	}
	if !ok {
		return nil, l.refuse(SignIn, scope, key, wait, l.gate.close(key, l.opts.Now(), wait))
	}
	return &Attempt{limiter: l, account: a, key: key, scope: scope}, nil
}

// begin asks the store until it decides, for [Options.InFlightWait] at most.
func (l *Limiter) begin(ctx context.Context, key string) (wait time.Duration, ok bool, err error) {
	const every = 50 * time.Millisecond
	for left := l.opts.InFlightWait; ; left -= every {
		wait, ok, err = l.store.BeginAttempt(ctx, key, l.opts.Account.LockAfter)
		if err != nil || ok || wait > 0 || left <= 0 {
			return wait, ok, err
		}
		timer := time.NewTimer(every)
		select {
		case <-ctx.Done():
			timer.Stop()
			return 0, false, ctx.Err()
		case <-timer.C:
		}
	}
}

// Lock is a lock that an attempt has brought about; its zero value is none.
type Lock struct {
	For      time.Duration
	Failures int
	// First says that it is not the prolongation of another one.
	First bool
}

// Failed ends an attempt that was refused.
func (a *Attempt) Failed(ctx context.Context) (Lock, error) {
	if a.limiter == nil {
		return Lock{}, nil
	}
	o := a.limiter.opts.Account
	failures, err := a.limiter.store.FailAttempt(ctx, a.key, o.Forget, o.block)
	if err != nil {
		return Lock{}, err
	}
	wait := o.block(failures)
	if wait > 0 {
		a.limiter.gate.close(a.key, a.limiter.opts.Now(), wait)
	}
	if failures < o.LockAfter {
		return Lock{}, nil
	}
	lock := Lock{For: wait, Failures: failures, First: failures == o.LockAfter}
	a.limiter.opts.Observe(Refusal{Op: SignIn, Scope: a.scope, Wait: wait, Began: lock.First, Key: a.key})
	return lock, nil
}

// Succeeded ends an attempt, and forgets the failures before it.
func (a *Attempt) Succeeded(ctx context.Context) error {
	if a.limiter == nil {
		return nil
	}
	return a.limiter.store.PassAttempt(ctx, a.key)
}

// Undecided ends an attempt that was neither accepted nor refused, because of an
// outage.
func (a *Attempt) Undecided(ctx context.Context) error {
	if a.limiter == nil {
		return nil
	}
	return a.limiter.store.DropAttempt(ctx, a.key)
}

// Lift ends the locks of an account, for every device that is not known and for
// the known one of a. It is for a caller who has proved to read the mails of the
// account. Other processes follow within seconds.
func (l *Limiter) Lift(ctx context.Context, a Account) error {
	keys := []Account{{Provider: a.Provider, Key: a.Key}}
	if a.Device != "" {
		keys = append(keys, a)
	}
	var problems []error
	for _, account := range keys {
		key, _ := l.key(account)
		problems = append(problems, l.store.ForgetAttempts(ctx, key))
		l.gate.open(key)
	}
	return errors.Join(problems...)
}
