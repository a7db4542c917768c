package app

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailcode"
	"github.com/everlatch/everlatch/providers/emailpass"
	"github.com/everlatch/everlatch/providers/github"
	"github.com/everlatch/everlatch/providers/google"
	"github.com/everlatch/everlatch/providers/oidc"
	"github.com/everlatch/everlatch/providers/passkey"
)

// kinds are the built-in auth providers by the name that auth.providers
// resolves. A new one is a line here and a package of its own.
var kinds = map[string]kind{
	emailpass.Identifier: of(emailpass.New),
	emailcode.Identifier: of(emailcode.New),
	google.Identifier:    of(google.New),
	github.Identifier:    of(github.New),
	oidc.Identifier:      of(oidc.New),
}

// kind creates auth providers of one kind.
type kind struct {
	// options is the provider's struct into which its options are decoded.
	options reflect.Type
	create  func(raw map[string]any) (providers.Provider, error)
}

// of returns the kind whose providers are created from an O.
func of[O any, P providers.Provider](create func(O) (P, error)) kind {
	return kind{reflect.TypeFor[O](), func(raw map[string]any) (providers.Provider, error) {
		var in O
		if err := decodeOptions(raw, &in); err != nil {
			return nil, err
		}
		p, err := create(in)
		if err != nil {
			return nil, err // not a nil P, which is not a nil Provider
		}
		return p, nil
	}}
}

// newRegistry creates the configured providers (docs/weak-spots.md#w23) and adds
// passkeys, if they are configured, and those of the program. It reports every problem at
// once.
func newRegistry(configured []config.Provider, passkeys *passkey.Provider, own []registration) (*providers.Registry, error) {
	registry := providers.NewRegistry()
	var hashing *emailpass.Queue
	var problems []error
	for _, c := range configured {
		if c.Resolve == passkey.Identifier {
			problems = append(problems, addPasskeys(registry, c, passkeys))
			continue
		}
		if c.Resolve == emailcode.Identifier && c.ID != emailcode.Identifier {
			problems = append(problems, fmt.Errorf("auth.providers, id %q: codes by mail are registered once, with the id %s", c.ID, emailcode.Identifier))
			continue
		}
		k, known := kinds[c.Resolve]
		if !known {
			problems = append(problems, fmt.Errorf("auth.providers: there is no provider %q; known are %s", c.Resolve, names()))
			continue
		}
		p, err := k.create(c.Options)
		if hasher, ok := p.(*emailpass.Provider); ok {
			hashing = hasher.Share(hashing) // one for the process
		}
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
	out := []string{passkey.Identifier}
	for name := range kinds {
		out = append(out, name)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
