package limits

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
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
	// Op is what is counted when it is not sign-ins, see [SecondFactorOf] and
	// [RegistrationOf].
	Op Op
}

// SecondFactorOf returns what wrong answers for the second factors of an identity are
// counted under, whichever of its challenges and routes they come by
// (docs/weak-spots.md#w57). The device is known only if it has passed a second factor
// before: a stranger who has no more than the password never has such a device, and does
// not lock out the owner's.
func SecondFactorOf(identityID string) Account {
	return Account{Provider: "second factor", Key: identityID, Op: SecondFactor}
}

// RegistrationOf returns what refused registrations of an account are counted under,
// wherever they come from: where an identity has no actor yet, a registration with its
// password succeeds (docs/contract.md#s3-3), so each is a guess. They have a counter of
// their own, so that a stranger who registers an address doesn't keep its owner from
// signing in.
func RegistrationOf(a Account) Account {
	a.Op = Register
	return a
}

// registrationPatience is how many times as many refused registrations as wrong passwords
// are let through: requests that register one address at the same time all get their
// answer. By default it is the hundred in a row that NIST SP 800-63B allows at most.
const registrationPatience = 10

// factorPatience is how many times as many wrong second factors as wrong passwords are
// let through: a code of six digits stays as good as unguessable, and a user whose clock is
// wrong isn't locked out at once.
const factorPatience = 2

// of returns the options that hold for an account. Only sign-ins are delayed before they
// are locked: a challenge of a second factor allows a few answers only.
func (o AccountOptions) of(a Account) AccountOptions {
	switch a.Op {
	case SecondFactor:
		o.LockAfter *= factorPatience
	case Register:
		o.LockAfter *= registrationPatience
	default:
		return o
	}
	o.DelayAfter = o.LockAfter
	return o
}

func (a Account) op() Op { return cmp.Or(a.Op, SignIn) }

func (l *Limiter) key(a Account) (string, Scope) {
	provider := a.Provider
	if a.Op == Register {
		provider = "registration " + provider
	}
	if a.Device == "" {
		return l.opts.Hash("limits", "account", provider, a.Key), ScopeAccount
	}
	return l.opts.Hash("limits", "device", provider, a.Key, a.Device), ScopeDevice
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
// to end, so that a burst of correct sign-ins is answered in turn. Meanwhile it lends
// its turn of the queue to others.
func (l *Limiter) Begin(ctx context.Context, a Account, turn *Turn) (*Attempt, error) {
	if l.opts.Disabled {
		return &Attempt{}, nil
	}
	key, scope := l.key(a)
	if wait := l.gate.wait(key, l.opts.Now()); wait > 0 {
		return nil, l.refuse(a.op(), scope, key, wait, false)
	}
	wait, ok, err := l.begin(ctx, key, l.opts.Account.of(a).LockAfter, turn)
	if err != nil {
		return nil, err
	}
	if !ok && wait == 0 {
		return nil, l.refuse(a.op(), scope, key, inFlightWait, false)
	}
	if !ok {
		return nil, l.refuse(a.op(), scope, key, wait, l.gate.close(key, l.opts.Now(), wait))
	}
	return &Attempt{limiter: l, account: a, key: key, scope: scope}, nil
}

// begin asks the store until it decides, for [Options.InFlightWait] at most.
func (l *Limiter) begin(ctx context.Context, key string, most int, turn *Turn) (wait time.Duration, ok bool, err error) {
	const every = 50 * time.Millisecond
	for left := l.opts.InFlightWait; ; left -= every {
		wait, ok, err = l.store.BeginAttempt(ctx, key, most)
		if err != nil || ok || wait > 0 || left <= 0 {
			return wait, ok, err
		}
		if err := turn.pause(ctx, func() error { return sleep(ctx, every) }); err != nil {
			return 0, false, err
		}
	}
}

// sleep waits unless ctx ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Lock is a lock that an attempt has brought about; its zero value is none.
type Lock struct {
	For      time.Duration
	Failures int
	// First says that it is not the prolongation of another one.
	First bool
	// Refusal is what the next attempt is answered.
	Refusal error
}

// Failed ends an attempt that was refused.
func (a *Attempt) Failed(ctx context.Context) (Lock, error) {
	if a.limiter == nil {
		return Lock{}, nil
	}
	o := a.limiter.opts.Account.of(a.account)
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
	lock.Refusal = a.limiter.refuse(a.account.op(), a.scope, a.key, wait, lock.First)
	return lock, nil
}

// lockMails is how often the owner of an account is told that it was locked.
var lockMails = Rate{Count: 1, Per: 24 * time.Hour}

// RecordLock records the event of a lock, for unknown accounts too: the time of an
// answer must not tell which exist. It has the owner's address when they are to be
// told by mail.
func (l *Limiter) RecordLock(ctx context.Context, actorType string, account Account, lock Lock) error {
	found, err := l.store.FindCredential(ctx, account.Provider, account.Key)
	if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
		return err
	}
	tell, err := l.tellOwner(ctx, account)
	if err != nil {
		return err
	}
	data := everlatch.Metadata{
		"provider": account.Provider, "actor_type": actorType,
		"failures": lock.Failures, "locked_for": int(lock.For.Seconds()),
	}
	if found.Identity.ID != "" {
		data["auth_identity_id"] = found.Identity.ID
		if tell {
			data["email"] = found.Provider.EntityID
		}
	}
	return l.store.RecordEvent(ctx, everlatch.Event{
		ID: ids.New(ids.Event, l.opts.Now()), Name: everlatch.EventSignInLocked, AuthIdentityID: found.Identity.ID, Data: data,
	})
}

// tellOwner reports whether a mail may go to the owner of an account that was locked,
// and counts it: an attacker who locks an account again and again must not fill its owner's
// inbox.
func (l *Limiter) tellOwner(ctx context.Context, account Account) (bool, error) {
	if !strings.Contains(account.Key, "@") {
		return false, nil // a name to sign in with
	}
	wait, err := l.store.SpendBudget(ctx, l.counter(Mail, ScopeAccount, lockMails, account.Provider, account.Key).budget)
	if err != nil || wait > 0 {
		return false, err
	}
	err = l.SendMail(ctx, account.Key)
	if everlatch.ErrorCode(err) == everlatch.CodeRateLimited {
		return false, nil
	}
	return err == nil, err
}

// Succeeded ends an attempt, and forgets the failures before it.
func (a *Attempt) Succeeded(ctx context.Context) error {
	if a.limiter == nil {
		return nil
	}
	return a.limiter.store.PassAttempt(ctx, a.key)
}

// End ends an attempt by its answer: refused says whether an error is the refusal of the
// attempt. locked is told about the first lock in a row that it brings about.
func (a *Attempt) End(ctx context.Context, answer error, refused bool, locked func(context.Context, Lock) error) error {
	switch {
	case answer == nil:
		return a.Succeeded(ctx)
	case !refused:
		return a.Undecided(ctx)
	}
	lock, err := a.Failed(ctx)
	if err != nil || !lock.First {
		return err
	}
	return locked(ctx, lock)
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

// liftFactorEvery is how often a new password lifts the lock of second factors. A stranger
// who reads the mails of an account could otherwise guess on for ever.
const liftFactorEvery = 24 * time.Hour

// LiftFactor is [Limiter.Lift] for the second factors of an identity whose password was
// replaced, which shuts out a stranger who knew the former one. It lifts once a day.
func (l *Limiter) LiftFactor(ctx context.Context, identityID string) error {
	if l.opts.Disabled {
		return nil
	}
	wait, err := l.store.SpendBudget(ctx, store.Budget{
		ID: l.opts.Hash("limits", "factor lift", identityID), Size: 1, Every: liftFactorEvery,
	})
	if err != nil || wait > 0 {
		return err
	}
	return l.Lift(ctx, SecondFactorOf(identityID))
}
