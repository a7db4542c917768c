package emailpass

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
)

// Off switches a limit of [Options] off where zero means the default.
const Off = -1

// The defaults of [Options]. The argon2id parameters are the first choice of
// OWASP's Password Storage Cheat Sheet for 19 MiB.
const (
	DefaultMinLength   = 8
	DefaultMaxLength   = 256
	DefaultMemoryKiB   = 19456
	DefaultTime        = 2
	DefaultParallelism = 1
)

// maxPasswordBytes bounds every password that is hashed, at login too, so that
// 100 kB cost nothing. It is above the policy because imported accounts may have
// longer passwords than new ones.
const maxPasswordBytes = 4096

// Options configures a [Provider]. The zero value is the recommended one.
type Options struct {
	// MinLength and MaxLength bound a new password, in characters. Zero means
	// [DefaultMinLength] and [DefaultMaxLength], [Off] no limit of the policy;
	// an empty password and one of more than 4096 bytes are refused anyway.
	MinLength, MaxLength int
	// AllowCommonPasswords lets people choose one of the 3,000 most common
	// passwords.
	AllowCommonPasswords bool
	// Argon2 are the parameters of new hashes. Stored hashes with others are
	// replaced at login (docs/weak-spots.md#w24).
	Argon2 Argon2
	// MaxConcurrentMemoryKiB bounds the memory of all hashes that run at once;
	// the others wait their turn (docs/weak-spots.md#w20). Zero means enough for one new hash on
	// every core and for one hash of the largest accepted kind.
	MaxConcurrentMemoryKiB int64
	// Queue, if set, is shared with other providers and takes the place of
	// MaxConcurrentMemoryKiB.
	Queue *Queue
	// MedusaHashes says that the store still holds hashes that Medusa made, and
	// makes every refused login cost one of theirs as well as one of ours; see
	// the package comment.
	MedusaHashes bool
	// OnHash, if set, is told the [HashInfo.Format] of every hash that is
	// computed, for counters. It must be quick and safe for concurrent use.
	OnHash func(format string)
}

// Argon2 are the cost parameters of argon2id. Zero fields have their defaults.
// They may not exceed what [CheckHash] accepts, so that a hash stays verifiable
// whatever is configured later.
type Argon2 struct {
	MemoryKiB   uint32
	Time        uint32
	Parallelism uint8
}

func (o Options) withDefaults() Options {
	o.MinLength = cmp.Or(o.MinLength, DefaultMinLength)
	o.MaxLength = cmp.Or(o.MaxLength, DefaultMaxLength)
	o.Argon2.MemoryKiB = cmp.Or(o.Argon2.MemoryKiB, DefaultMemoryKiB)
	o.Argon2.Time = cmp.Or(o.Argon2.Time, DefaultTime)
	o.Argon2.Parallelism = cmp.Or(o.Argon2.Parallelism, DefaultParallelism)
	if o.MaxConcurrentMemoryKiB == 0 {
		o.MaxConcurrentMemoryKiB = max(maxMemoryKiB, int64(o.Argon2.MemoryKiB)*int64(runtime.GOMAXPROCS(0)))
	}
	if o.Queue != nil {
		o.MaxConcurrentMemoryKiB = o.Queue.memoryKiB
	}
	if o.OnHash == nil {
		o.OnHash = func(string) {}
	}
	return o
}

// check reports every problem of o, which has its defaults.
func (o Options) check() error {
	var errs []error
	if o.MinLength < Off {
		errs = append(errs, fmt.Errorf("minimum password length %d is negative", o.MinLength))
	}
	if o.MaxLength < Off || o.MaxLength > maxPasswordBytes/4 {
		errs = append(errs, fmt.Errorf("maximum password length %d is not between 1 and %d", o.MaxLength, maxPasswordBytes/4))
	}
	if o.MaxLength != Off && o.MaxLength < o.MinLength {
		errs = append(errs, fmt.Errorf("maximum password length %d is below the minimum %d", o.MaxLength, o.MinLength))
	}
	errs = append(errs, o.Argon2.check())
	if o.MaxConcurrentMemoryKiB < int64(o.Argon2.MemoryKiB) {
		errs = append(errs, fmt.Errorf("%d KiB for concurrent hashes is less than one hash of %d KiB", o.MaxConcurrentMemoryKiB, o.Argon2.MemoryKiB))
	}
	return errors.Join(errs...)
}

func (a Argon2) check() error {
	if least := 8 * uint32(a.Parallelism); a.MemoryKiB < least {
		return fmt.Errorf("argon2 needs at least %d KiB for a parallelism of %d, got %d", least, a.Parallelism, a.MemoryKiB)
	}
	if err := argon2Cost(int64(a.MemoryKiB), int64(a.Time), int64(a.Parallelism)).check(); err != nil {
		return fmt.Errorf("argon2 parameters: %w", err)
	}
	return nil
}
