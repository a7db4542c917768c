package limits

import (
	"cmp"
	"errors"
	"net/netip"
	"runtime"
	"time"
)

// Op is the kind of request that is counted. Each has counters of its own.
type Op string

// The kinds of requests.
const (
	// SignIn is a sign-in with a password or the like. Refused ones count.
	SignIn Op = "sign_in"
	// Register creates an identity. All count.
	Register Op = "register"
	// Redirect begins a sign-in at another provider. All count.
	Redirect Op = "redirect"
	// Callback ends one. Refused ones count.
	Callback Op = "callback"
	// Reset asks for the mail that resets a password. All count.
	Reset Op = "reset"
	// Token is a request with a token from a mail: a new password, an accepted
	// invite, a new address. Refused ones count.
	Token Op = "token"
	// EmailChange asks for the mail that proves a new address. All count.
	EmailChange Op = "email_change"
	// Verification asks for the code that verifies an address. All count.
	Verification Op = "verification"
	// Refresh exchanges a token. All count for the identity, refused ones for the
	// network.
	Refresh Op = "refresh"
	// SecondFactor is an answer for a second factor, or a challenge that asks for one.
	// Refused ones count for the network, challenges and prompts for the identity.
	SecondFactor Op = "second_factor"
	// Mail is a mail to one recipient, for all callers together.
	Mail Op = "mail"
)

// onlyRefused are the kinds of which a network may make as many as it likes, as
// long as they are not refused: many people share an address.
var onlyRefused = map[Op]bool{SignIn: true, Callback: true, Token: true, Refresh: true, SecondFactor: true}

// Options configure a [Limiter].
type Options struct {
	// Disabled lets everything pass.
	Disabled bool
	// Rates are what one network address (IPv4 /32, IPv6 /64) may do of each kind;
	// a kind without one is not limited. For [EmailChange], [Verification], [Token],
	// [Refresh] and [SecondFactor] they hold for one identity as well.
	Rates map[Op]Rate
	// NetworkFactor is how many times as much the wider network (IPv4 /24, IPv6
	// /48) may do; 0 is [DefaultNetworkFactor].
	NetworkFactor int
	// Mail are the rates of one recipient, all of which hold.
	Mail []Rate
	// Account says how often one account may be tried.
	Account AccountOptions
	// InFlightWait is how long an attempt waits while as many on the same account
	// are under way as may still fail; 0 refuses it at once.
	InFlightWait time.Duration
	// DeviceTTL is how long a device is known; 0 is [DefaultDeviceTTL].
	DeviceTTL time.Duration
	// Queue is how many requests of one process may wait for a password hash or
	// compute one; 0 is [DefaultQueuePerCore] for each core. AtOnce is how many of
	// them may compute one; 0 is [DefaultAtOncePerCore] for each core. QueueWait is
	// how long one waits at most; 0 is [DefaultQueueWait].
	Queue, AtOnce int
	QueueWait     time.Duration
	// Exempt are networks whose requests are not counted by network, such as that
	// of a storefront's server.
	Exempt []netip.Prefix
	// Proxies name the client in X-Forwarded-For; see [Proxies.Client].
	Proxies Proxies
	// Hash makes a key of what is counted. It must be keyed, and the same in all
	// processes.
	Hash func(parts ...string) string
	Now  func() time.Time
	// Observe, if set, is told about every refusal and every lock. It must be
	// quick and safe for concurrent use.
	Observe func(Refusal)
	// Waited, if set, is told how long a request has waited for its turn to compute a
	// password hash, 0 for one that had no need to. The same holds for it.
	Waited func(time.Duration)
}

// AccountOptions say what failed attempts on one account cost. Zero fields have
// their defaults.
type AccountOptions struct {
	// DelayAfter failures in a row, each next one delays the following attempt:
	// by a second, then two, four and so on.
	DelayAfter int
	// LockAfter failures in a row, the account is locked for LockFor. Each failure
	// after that locks it for twice as long, LockAtMost at the utmost.
	LockAfter           int
	LockFor, LockAtMost time.Duration
	// Forget is how long failures count.
	Forget time.Duration
}

// Defaults of [Options] and [AccountOptions].
const (
	DefaultNetworkFactor = 4
	DefaultQueuePerCore  = 64 // under two seconds of work
	DefaultAtOncePerCore = 4  // busy cores, while some of them wait for the store
	DefaultQueueWait     = 10 * time.Second
	DefaultDeviceTTL     = 180 * 24 * time.Hour
	DefaultDelayAfter    = 5
	DefaultLockAfter     = 10
	DefaultLockFor       = 15 * time.Minute
	DefaultLockAtMost    = 4 * time.Hour
	DefaultForget        = 24 * time.Hour
)

func (o Options) withDefaults() Options {
	o.NetworkFactor = cmp.Or(o.NetworkFactor, DefaultNetworkFactor)
	o.Account.DelayAfter = cmp.Or(o.Account.DelayAfter, DefaultDelayAfter)
	o.Account.LockAfter = cmp.Or(o.Account.LockAfter, DefaultLockAfter)
	o.Account.LockFor = cmp.Or(o.Account.LockFor, DefaultLockFor)
	o.Account.LockAtMost = cmp.Or(o.Account.LockAtMost, max(DefaultLockAtMost, o.Account.LockFor))
	o.Account.Forget = cmp.Or(o.Account.Forget, DefaultForget)
	o.DeviceTTL = cmp.Or(o.DeviceTTL, DefaultDeviceTTL)
	o.Queue = cmp.Or(o.Queue, DefaultQueuePerCore*runtime.GOMAXPROCS(0))
	o.AtOnce = cmp.Or(o.AtOnce, DefaultAtOncePerCore*runtime.GOMAXPROCS(0))
	o.QueueWait = cmp.Or(o.QueueWait, DefaultQueueWait)
	if o.Observe == nil {
		o.Observe = func(Refusal) {}
	}
	if o.Waited == nil {
		o.Waited = func(time.Duration) {}
	}
	return o
}

func (o Options) check() error {
	if o.Hash == nil || o.Now == nil {
		return errors.New("limits: a keyed hash and a clock are needed")
	}
	if o.NetworkFactor < 1 || o.Queue < 1 || o.AtOnce < 1 {
		return errors.New("limits: the network factor and the queue are at least 1")
	}
	a := o.Account
	if a.DelayAfter < 1 || a.LockAfter < a.DelayAfter {
		return errors.New("limits: an account is delayed after at least one failure, and not locked before that")
	}
	if a.LockFor < time.Second || a.LockAtMost < a.LockFor || a.Forget < a.LockFor {
		return errors.New("limits: a lock takes a second or more, at most its maximum, and no longer than failures count")
	}
	return nil
}

// block is for how long no attempt may begin after so many failures in a row.
func (a AccountOptions) block(failures int) time.Duration {
	switch {
	case failures < a.DelayAfter:
		return 0
	case failures < a.LockAfter:
		return min(time.Second<<min(failures-a.DelayAfter, 30), a.LockFor)
	}
	return min(a.LockFor<<min(failures-a.LockAfter, 20), a.LockAtMost)
}
