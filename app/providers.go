package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
var kinds = map[string]func(options map[string]any) (providers.Provider, error){
	emailpass.Identifier: newEmailpass,
	google.Identifier:    newGoogle,
	github.Identifier:    newGithub,
	oidc.Identifier:      newOIDC,
}

// newRegistry makes the configured providers (W23) and adds those of the
// program. It reports every problem at once.
func newRegistry(configured []config.Provider, own []registration) (*providers.Registry, error) {
	registry := providers.NewRegistry()
	var problems []error
	for _, c := range configured {
		create, known := kinds[c.Resolve]
		if !known {
			problems = append(problems, fmt.Errorf("auth.providers: there is no provider %q; known are %s", c.Resolve, names()))
			continue
		}
		p, err := create(c.Options)
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
// in the YAML file (W20, W21).
type emailpassOptions struct {
	MinLength              limit `json:"min_length"`
	MaxLength              limit `json:"max_length"`
	CommonPasswords        *bool `json:"common_passwords"` // false accepts them
	MaxConcurrentMemoryKiB int64 `json:"max_concurrent_memory_kib"`
	MedusaHashes           bool  `json:"medusa_hashes"`
	Argon2                 struct {
		MemoryKiB   uint32 `json:"memory_kib"`
		Time        uint32 `json:"time"`
		Parallelism uint8  `json:"parallelism"`
	} `json:"argon2"`
}

func newEmailpass(raw map[string]any) (providers.Provider, error) {
	var in emailpassOptions
	if err := decodeOptions(raw, &in); err != nil {
		return nil, err
	}
	return emailpass.New(emailpass.Options{
		MinLength:              int(in.MinLength),
		MaxLength:              int(in.MaxLength),
		AllowCommonPasswords:   in.CommonPasswords != nil && !*in.CommonPasswords,
		MaxConcurrentMemoryKiB: in.MaxConcurrentMemoryKiB,
		MedusaHashes:           in.MedusaHashes,
		Argon2:                 emailpass.Argon2(in.Argon2),
	})
}

// decodeOptions reads the options of a provider; unknown keys and wrong types
// are errors.
func decodeOptions(raw map[string]any, into any) error {
	text, err := json.Marshal(raw)
	if err != nil {
		return errors.New("options cannot be read")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("options: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
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
