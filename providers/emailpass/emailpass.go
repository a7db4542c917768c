package emailpass

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// Identifier is the kind of this provider and the id under which it is
// registered by default.
const Identifier = "emailpass"

// passwordKey is the key of the hash in provider_metadata
// (docs/contract.md#s3-3).
const passwordKey = "password"

var (
	_ providers.AddressRegistrar = (*Provider)(nil)
	_ providers.Updater          = (*Provider)(nil)
)

// Provider implements [providers.Registrar]. It is safe for concurrent use and
// works under any id (docs/weak-spots.md#w23).
type Provider struct {
	options Options
	policy  policy
	queue   *Queue
	dummy   hash   // stands for a missing record
	even    []hash // one of each format that a refused sign-in must cost
}

// New returns a provider, or every problem of its options.
func New(o Options) (*Provider, error) {
	o = o.WithDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("emailpass options: %w", err)
	}
	dummy, err := o.Argon2.dummy()
	if err != nil {
		return nil, fmt.Errorf("emailpass options: %w", err)
	}
	p := &Provider{
		options: o, policy: newPolicy(o), dummy: dummy, queue: NewQueue(o.memoryKiB(), 0),
	}
	if p.even, err = o.evens(dummy); err != nil {
		return nil, fmt.Errorf("emailpass options: %w", err)
	}
	return p, nil
}

// AMR implements [providers.MethodReferrer].
func (p *Provider) AMR() []string { return []string{"pwd"} }

// Share replaces the queue of the provider's hashes, unless q is nil, and returns
// the one that it has. Call it before the provider is used.
func (p *Provider) Share(q *Queue) *Queue {
	if q != nil {
		p.queue = q
	}
	return p.queue
}

// Identifier implements [providers.Provider].
func (*Provider) Identifier() string { return Identifier }

// DisplayName implements [providers.Provider].
func (*Provider) DisplayName() string { return "Email/Password Authentication" }

// PasswordLength implements [providers.PasswordRuler].
func (p *Provider) PasswordLength() (least, most int) {
	return max(int(p.policy.minLength), 0), max(int(p.policy.maxLength), 0)
}

// Identify implements [providers.Credentials]. It refuses a password or an
// address that is not a string, with the contract's messages in the contract's
// order. Only registration validates the address; at login an invalid address is
// simply unknown. The key is "" for an address that no identity can have.
func (*Provider) Identify(in providers.Input) (providers.Subject, error) {
	email, _, err := read(in)
	if err != nil {
		return providers.Subject{}, err
	}
	key, _ := canonicalEmail(email)
	return providers.Subject{EntityID: strings.TrimSpace(email), EntityKey: key}, nil
}

// Authenticate implements [providers.Credentials]. Every refusal has the same
// message and costs the same work (docs/weak-spots.md#w19); see the package
// comment. The verdict carries the whole record with a new hash when the stored
// one is of another format or cost than [Options] asks for
// (docs/weak-spots.md#w24). An error that is not an [everlatch.Error] means
// that ctx ended while the password was waiting to be hashed.
func (p *Provider) Authenticate(ctx context.Context, in providers.Input, rec *providers.Record) (providers.Verdict, error) {
	_, password, err := read(in)
	if err != nil {
		return providers.Verdict{}, err
	}
	if len(password) > maxPasswordBytes {
		return providers.Verdict{}, wrong(nil) // for every account, so it reveals nothing
	}
	leave, err := p.queue.signIn()
	if err != nil {
		return providers.Verdict{}, err
	}
	defer leave()
	h, problem := p.stored(rec)
	matched, err := p.verify(ctx, h, password)
	if err != nil {
		return providers.Verdict{}, err
	}
	if matched == "" || problem != nil {
		if err := p.evenOut(ctx, h, password); err != nil {
			return providers.Verdict{}, err
		}
		return providers.Verdict{}, wrong(problem)
	}
	return p.renew(ctx, h, matched, rec)
}

// Register implements [providers.Registrar]. A new record needs a valid
// address (docs/weak-spots.md#w22) and a password that the policy allows (docs/weak-spots.md#w21). A record that is
// not linked to an actor yet accepts its own password as a repetition of the
// registration (docs/contract.md#s3-3); every other one is taken.
func (p *Provider) Register(ctx context.Context, in providers.Input, rec *providers.Record) (providers.Verdict, error) {
	email, password, err := read(in)
	if err != nil {
		return providers.Verdict{}, err
	}
	if rec != nil {
		return providers.Verdict{}, p.again(ctx, password, rec)
	}
	if _, password, err = p.acceptable(email, password); err != nil {
		return providers.Verdict{}, err
	}
	hashed, err := p.hash(ctx, password)
	if err != nil {
		return providers.Verdict{}, err
	}
	return providers.Verdict{ProviderMetadata: everlatch.Metadata{passwordKey: hashed}}, nil
}

// CheckRegistration implements [providers.AddressRegistrar].
func (p *Provider) CheckRegistration(in providers.Input) (providers.Subject, error) {
	email, password, err := read(in)
	if err != nil {
		return providers.Subject{}, err
	}
	key, _, err := p.acceptable(email, password)
	return providers.Subject{EntityID: strings.TrimSpace(email), EntityKey: key}, err
}

// acceptable checks the address and the password of a new record, and returns the key
// of the one and the normal form of the other.
func (p *Provider) acceptable(email, password string) (key, normal string, err error) {
	key, valid := canonicalEmail(email)
	if !valid {
		return "", "", invalid(everlatch.ReasonAddressMalformed, "Email should be a valid email address", nil)
	}
	normal = normalize(password)
	return key, normal, p.policy.check(normal)
}

// again handles the registration of a taken address. It hashes in every case,
// so that taken and free addresses cost the same.
func (p *Provider) again(ctx context.Context, password string, rec *providers.Record) error {
	taken := &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonEmailRegistered, Message: "Identity with email already exists"}
	if len(password) > maxPasswordBytes {
		return taken
	}
	h, problem := p.stored(rec)
	matched, err := p.verify(ctx, h, password)
	if err != nil {
		return err
	}
	if rec.Linked || problem != nil || matched == "" {
		return taken
	}
	return nil
}

// stored returns the hash to verify against. With a problem it is the dummy,
// which no password matches.
func (p *Provider) stored(rec *providers.Record) (h hash, problem error) {
	if rec == nil {
		return p.dummy, errors.New("no identity has this address")
	}
	text, ok := rec.ProviderMetadata[passwordKey].(string)
	if !ok || text == "" {
		return p.dummy, errors.New("the record has no password hash")
	}
	h, err := parseHash(text)
	if err != nil {
		return p.dummy, err
	}
	return h, nil
}

// renew returns the record with a new hash where the stored one is outdated, or of
// a form of the password that is not the normal one. A password that the old hash
// covered only in part keeps its hash: the unchecked part must not become binding.
// If ctx ends meanwhile, the login still succeeds and the next one renews the hash.
func (p *Provider) renew(ctx context.Context, h hash, matched string, rec *providers.Record) (providers.Verdict, error) {
	password := normalize(matched)
	current := h.prefix == p.options.Argon2.prefix() && matched == password
	if current || (h.maxBytes > 0 && len(matched) > h.maxBytes) {
		return providers.Verdict{}, nil
	}
	hashed, err := p.hash(ctx, password)
	if err != nil {
		return providers.Verdict{}, nil //nolint:nilerr // the password was right
	}
	metadata := maps.Clone(rec.ProviderMetadata)
	metadata[passwordKey] = hashed
	return providers.Verdict{ProviderMetadata: metadata}, nil
}

// read returns the fields of the body and checks them in the contract's order.
// An empty string counts as missing, as in Medusa.
func read(in providers.Input) (email, password string, err error) {
	password, _ = in.Body["password"].(string)
	if password == "" {
		return "", "", &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Password should be a string"}
	}
	email, _ = in.Body["email"].(string)
	if email == "" {
		return "", "", &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Email should be a string"}
	}
	return email, password, nil
}

// wrong is the answer to every refused login. The cause is for the log.
func wrong(cause error) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonCredentialsWrong, Message: "Invalid email or password", Err: cause}
}
