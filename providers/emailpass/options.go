package emailpass

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
)

// Off switches a limit of [Options] off where zero means the default.
const Off Limit = -1

// The argon2id parameters are the first choice of OWASP's Password Storage Cheat
// Sheet for 19 MiB.
const (
	defaultMinLength   = 8
	defaultMaxLength   = 256
	defaultMemoryKiB   = 19456
	defaultTime        = 2
	defaultParallelism = 1
)

// maxPasswordBytes bounds every password that is hashed, also at sign-in, so
// that 100 kB cost no work. It is above the policy because imported accounts
// may have longer passwords than new ones.
const maxPasswordBytes = 4096

// Options configures a [Provider]. The zero value is the recommended one. The
// JSON names are those of the configuration.
//
// The comment of each field is its description in docs/guides/provider-options.md.
type Options struct {
	// The minimum length of a new password. An empty one is always refused.
	// (docs/weak-spots.md#w21)
	MinLength Limit `json:"min_length"`
	// The maximum length of a new password, at most 1024. A password of more than
	// 4096 bytes is always refused. (docs/weak-spots.md#w21)
	MaxLength Limit `json:"max_length"`
	// Refuse the 3,000 most common passwords. false accepts them.
	// (docs/weak-spots.md#w21)
	CommonPasswords *bool `json:"common_passwords"`
	// The memory of all hashes that a process computes at once; the others wait.
	// By default 65536, or one new hash on every core if that is more.
	// (docs/weak-spots.md#w20)
	MaxConcurrentMemoryKiB int64 `json:"max_concurrent_memory_kib"`
	// For the time after an import: the database holds Medusa's hashes. Every
	// refused sign-in then costs one of Medusa's hashes too, so that its time does
	// not reveal which accounts have one. (docs/contract.md#s3-3)
	MedusaHashes bool `json:"medusa_hashes"`
	// For the time after an import from another system: the kinds of hashes that the
	// database holds, as the report of the import names them, such as `$2b$10$` for bcrypt.
	// Every refused sign-in then costs one of each. (docs/weak-spots.md#w19)
	ImportedHashes []string `json:"imported_hashes"`

	Argon2 Argon2 `json:"argon2"`

	// OnHash, if set, is called with the format of every hash that is computed,
	// such as "argon2id", for counters. It must be quick and safe for concurrent use.
	OnHash func(format string) `json:"-"`
}

// Argon2 are the cost parameters of argon2id. Zero fields have their defaults.
// They may not exceed what a stored hash may cost, so that a hash stays verifiable
// whatever is configured later.
type Argon2 struct {
	// The memory of a new hash. A hash with other parameters is replaced when its
	// user signs in next. (docs/weak-spots.md#w20, #w24)
	MemoryKiB uint32 `json:"memory_kib"`
	// The number of passes over the memory. (docs/weak-spots.md#w24)
	Time uint32 `json:"time"`
	// The number of lanes that are computed at once. (docs/weak-spots.md#w24)
	Parallelism uint8 `json:"parallelism"`
}

// Limit is a number of characters, or [Off].
type Limit int

// UnmarshalJSON implements [json.Unmarshaler]. "off" and false are [Off].
func (l *Limit) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"off"`, "false":
		*l = Off
		return nil
	}
	var n int
	if err := json.Unmarshal(text, &n); err != nil || n < 0 {
		return fmt.Errorf("%s is not a number of characters or off", text)
	}
	*l = Limit(n)
	return nil
}

// WithDefaults returns o with its defaults, as [New] uses them.
// MaxConcurrentMemoryKiB stays 0 for the default, which depends on the machine.
func (o Options) WithDefaults() Options {
	o.MinLength = cmp.Or(o.MinLength, defaultMinLength)
	o.MaxLength = cmp.Or(o.MaxLength, defaultMaxLength)
	o.Argon2.MemoryKiB = cmp.Or(o.Argon2.MemoryKiB, defaultMemoryKiB)
	o.Argon2.Time = cmp.Or(o.Argon2.Time, defaultTime)
	o.Argon2.Parallelism = cmp.Or(o.Argon2.Parallelism, defaultParallelism)
	o.CommonPasswords = new(o.CommonPasswords == nil || *o.CommonPasswords)
	if o.OnHash == nil {
		o.OnHash = func(string) {}
	}
	return o
}

// memoryKiB is the memory of all hashes at once. The default is enough for a new
// hash on every core, and for one of the largest accepted kind.
func (o Options) memoryKiB() int64 {
	return cmp.Or(o.MaxConcurrentMemoryKiB, max(maxMemoryKiB, int64(o.Argon2.MemoryKiB)*int64(runtime.GOMAXPROCS(0))))
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
	if o.memoryKiB() < int64(o.Argon2.MemoryKiB) {
		errs = append(errs, fmt.Errorf("%d KiB for concurrent hashes is less than one hash of %d KiB", o.memoryKiB(), o.Argon2.MemoryKiB))
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
