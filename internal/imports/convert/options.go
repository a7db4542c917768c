package convert

import (
	"fmt"
	"iter"
	"maps"
	"strings"
	"time"

	"github.com/everlatch/everlatch/internal/transfer"
)

// Units are what is to be imported. An error ends them.
type Units = iter.Seq2[transfer.Unit, error]

// Options say what the users of another system become.
type Options struct {
	// ActorType is what they become: customer, user, or a custom actor type.
	ActorType string
	// Actors returns what makes the records of a custom actor type: nil for one whose actors
	// are kept elsewhere, an error for one that there is not.
	Actors func(actorType string) (ActorMaker, error)
	// Roles are ids of roles, for users.
	Roles []string
	// Providers are the names of sign-in providers there, and their ids here; "" leaves the
	// provider out. [DefaultProviders] are in it.
	Providers map[string]string
	// Now is the time of the import.
	Now time.Time
}

// ActorMaker makes the record of a custom actor type from the fields of a user. left names
// the fields that have no place in it. An error is a refusal of the user and is shown.
type ActorMaker func(seed string, at time.Time, fields map[string]any) (r transfer.Record, left []string, err error)

// DefaultProviders are the names by which other systems know the providers that have the
// same ids everywhere: a user of Google has one subject there and here.
func DefaultProviders() map[string]string {
	return map[string]string{
		"google": "google", "google-oauth2": "google", "google.com": "google",
		"github": "github", "github.com": "github",
	}
}

// ParseProviders adds pairs like apple=my-apple to the defaults.
func ParseProviders(pairs []string) (map[string]string, error) {
	out := DefaultProviders()
	given, err := parsePairs("--provider", "apple=my-apple", pairs)
	maps.Copy(out, given)
	return out, err
}

func parsePairs(flag, example string, pairs []string) (map[string]string, error) {
	out := map[string]string{}
	for _, pair := range pairs {
		there, here, found := strings.Cut(pair, "=")
		if !found || there == "" {
			return nil, fmt.Errorf("%s is %q, and a pair such as %s is expected", flag, pair, example)
		}
		out[there] = here
	}
	return out, nil
}
