package emailcode

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// Identifier is the kind and the id of the provider, which its routes name.
const Identifier = "emailcode"

// A short code can be guessed with little luck, so it does not last, and takes few tries.
const (
	longest   = 10 * time.Minute
	mostTries = 5
)

// Options configures a [Provider]. The JSON names are those of the configuration.
type Options struct {
	// How long a code and its link work, between 1m and 10m.
	TTL time.Duration `json:"ttl"`
	// How many wrong codes end a request, between 1 and 5.
	Tries int64 `json:"tries"`
	// Whether an address without an account can sign in, which creates its identity.
	// Otherwise nothing is mailed to it.
	Register bool `json:"register"`
}

// Provider mails codes to sign in with.
type Provider struct{ rules providers.EmailCodeRules }

var (
	_ providers.EmailCodes     = (*Provider)(nil)
	_ providers.MethodReferrer = (*Provider)(nil)
)

// WithDefaults returns the options with the default of each field that is zero.
func (o Options) WithDefaults() Options {
	o.TTL = cmp.Or(o.TTL, longest)
	o.Tries = cmp.Or(o.Tries, mostTries)
	return o
}

// New returns a provider, or what is wrong with the options.
func New(o Options) (*Provider, error) {
	o = o.WithDefaults()
	if o.TTL < time.Minute || o.TTL > longest {
		return nil, errors.New("ttl is a duration between 1m and 10m")
	}
	if o.Tries < 1 || o.Tries > mostTries {
		return nil, fmt.Errorf("tries is a number between 1 and %d", mostTries)
	}
	return &Provider{providers.EmailCodeRules{TTL: o.TTL, Tries: int(o.Tries), Register: o.Register}}, nil
}

// Identifier implements [providers.Provider].
func (*Provider) Identifier() string { return Identifier }

// DisplayName implements [providers.Provider].
func (*Provider) DisplayName() string { return "Email code" }

// AMR implements [providers.MethodReferrer]: a code is a one-time password.
func (*Provider) AMR() []string { return []string{"otp"} }

// Rules implements [providers.EmailCodes].
func (p *Provider) Rules() providers.EmailCodeRules { return p.rules }

// Subject implements [providers.EmailCodes]. Addresses are compared as those of emailpass.
func (*Provider) Subject(email string) providers.Subject {
	key, valid := emailpass.CanonicalEmail(email)
	if !valid {
		return providers.Subject{}
	}
	return providers.Subject{EntityID: key, EntityKey: key}
}
