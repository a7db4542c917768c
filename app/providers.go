package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
	"github.com/everlatch/everlatch/providers/github"
	"github.com/everlatch/everlatch/providers/google"
	"github.com/everlatch/everlatch/providers/oidc"
)

// kinds are the built-in auth providers by the name that auth.providers
// resolves. A new one is a line here and a package of its own.
var kinds = map[string]kind{
	emailpass.Identifier: sharing(newEmailpass),
	google.Identifier:    of(newGoogle),
	github.Identifier:    of(newGithub),
	oidc.Identifier:      of(newOIDC),
}

// kind makes auth providers of one kind.
type kind struct {
	// options is the struct that the options are read into. Its tags are the
	// table of docs/guides/provider-options.md: json, default, unit and doc, and
	// source, where the contract speaks of it.
	options reflect.Type
	create  func(raw map[string]any, p *process) (providers.Provider, error)
}

// process is what the providers of one process share.
type process struct {
	// hashing is made by the first provider that hashes passwords.
	hashing *emailpass.Queue
}

// of returns the kind whose providers are made of an O.
func of[O any](create func(O) (providers.Provider, error)) kind {
	return sharing(func(in O, _ *process) (providers.Provider, error) { return create(in) })
}

// sharing is [of] for providers that share something.
func sharing[O any](create func(O, *process) (providers.Provider, error)) kind {
	return kind{reflect.TypeFor[O](), func(raw map[string]any, p *process) (providers.Provider, error) {
		var in O
		if err := decodeOptions(raw, &in); err != nil {
			return nil, err
		}
		return create(in, p)
	}}
}

// newRegistry makes the configured providers (docs/weak-spots.md#w23) and adds those of the
// program. It reports every problem at once.
func newRegistry(configured []config.Provider, own []registration) (*providers.Registry, error) {
	registry, shared := providers.NewRegistry(), &process{}
	var problems []error
	for _, c := range configured {
		k, known := kinds[c.Resolve]
		if !known {
			problems = append(problems, fmt.Errorf("auth.providers: there is no provider %q; known are %s", c.Resolve, names()))
			continue
		}
		p, err := k.create(c.Options, shared)
		if err == nil {
			err = registry.Add(c.ID, p)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("auth.providers, id %q: %w", c.ID, err))
		}
	}
	for _, r := range own {
		problems = append(problems, registry.Add(r.id, r.provider))
	}
	return registry, errors.Join(problems...)
}

func names() string {
	var out []string
	for name := range kinds {
		out = append(out, name)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// emailpassOptions are the options of an emailpass registration as they stand
// in the YAML file (docs/contract.md#s3-3).
type emailpassOptions struct {
	MinLength              limit         `json:"min_length" default:"8" unit:"characters, or off" doc:"The least that a new password has." source:"W21"`
	MaxLength              limit         `json:"max_length" default:"256" unit:"characters, or off" doc:"The most that a new password has, 1024 at the utmost." source:"W21"`
	CommonPasswords        *bool         `json:"common_passwords" default:"true" doc:"Refuse the 3,000 most common passwords. false accepts them." source:"W21"`
	MaxConcurrentMemoryKiB int64         `json:"max_concurrent_memory_kib" unit:"KiB" doc:"Memory of all hashes that run at once in a process; the others wait their turn. By default 65536, or one new hash on every core if that is more. Registrations of one process share it; the first one's setting counts." source:"W20"`
	MedusaHashes           bool          `json:"medusa_hashes" default:"false" doc:"The database holds hashes that Medusa made: every refused login costs one of theirs as well, so that its time does not tell who has one. For the time after an import." source:"3.3"`
	Argon2                 argon2Options `json:"argon2"`
}

// argon2Options are the cost of new hashes.
type argon2Options struct {
	MemoryKiB   uint32 `json:"memory_kib" default:"19456" unit:"KiB" doc:"Memory of a new hash. Hashes of another cost are replaced at the next login." source:"W20"`
	Time        uint32 `json:"time" default:"2" unit:"passes" doc:"Passes over the memory." source:"W24"`
	Parallelism uint8  `json:"parallelism" default:"1" unit:"lanes" doc:"Lanes that are computed at once." source:"W24"`
}

func newEmailpass(in emailpassOptions, shared *process) (providers.Provider, error) {
	p, err := emailpass.New(emailpass.Options{
		MinLength:              int(in.MinLength),
		MaxLength:              int(in.MaxLength),
		AllowCommonPasswords:   in.CommonPasswords != nil && !*in.CommonPasswords,
		MaxConcurrentMemoryKiB: in.MaxConcurrentMemoryKiB,
		Queue:                  shared.hashing,
		MedusaHashes:           in.MedusaHashes,
		Argon2:                 emailpass.Argon2(in.Argon2),
	})
	if err != nil {
		return nil, err
	}
	shared.hashing = p.Queue()
	return p, nil
}

// decodeOptions reads the options of a provider; unknown keys and wrong types
// are errors. It reads one after the other, so that each problem is told with
// the option that it is about, and all at once.
func decodeOptions(raw map[string]any, into any) error {
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		text, err := json.Marshal(map[string]any{key: raw[key]})
		if err != nil {
			problems = append(problems, fmt.Errorf("option %s cannot be read", key))
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(into); err != nil {
			problems = append(problems, fmt.Errorf("option %s: %s", key, strings.TrimPrefix(err.Error(), "json: ")))
		}
	}
	return errors.Join(problems...)
}

// limit is a number, or "off" or false for none.
type limit int

// UnmarshalJSON implements [json.Unmarshaler].
func (l *limit) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"off"`, "false":
		*l = emailpass.Off
		return nil
	}
	var n int
	if err := json.Unmarshal(text, &n); err != nil || n < 0 {
		return fmt.Errorf("%s is not a number of characters or off", text)
	}
	*l = limit(n)
	return nil
}
