package providers

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/everlatch/everlatch"
)

// Info describes a registered provider (docs/contract.md#s2-2, AuthProviderInfo).
type Info struct {
	ID          string `json:"id"`
	Identifier  string `json:"identifier"`
	DisplayName string `json:"display_name"`
	Flow        string `json:"flow"`
}

// The values of [Info.Flow].
const (
	flowCredentials = "credentials"
	flowRedirect    = "redirect"
)

// Registry keeps providers by the id under which routes name them, in the
// order of registration. It does not change after start.
type Registry struct {
	byID  map[string]Provider
	order []string
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{byID: map[string]Provider{}} }

// Add registers a provider under an id. An id that is taken, or a provider
// without any capability, is an error of the configuration.
func (r *Registry) Add(id string, p Provider) error {
	if id == "" {
		return fmt.Errorf("auth provider of kind %q needs an id", p.Identifier())
	}
	if _, taken := r.byID[id]; taken {
		return fmt.Errorf("auth provider id %q is registered twice", id)
	}
	_, checks := p.(Credentials)
	_, signs := p.(Passkeys)
	_, mails := p.(EmailCodes)
	if _, redirects := p.(Redirect); !checks && !redirects && !signs && !mails {
		return fmt.Errorf("auth provider %q can neither check credentials nor redirect", id)
	}
	r.byID[id] = p
	r.order = append(r.order, id)
	return nil
}

// Provider returns a provider, and whether there is one of this id.
func (r *Registry) Provider(id string) (Provider, bool) {
	p, ok := r.byID[id]
	return p, ok
}

// Credentials returns a provider that checks credentials, or the contract's
// refusal for an unknown id (docs/contract.md#s2-3, leading newline included).
func (r *Registry) Credentials(id string) (Credentials, error) {
	p, ok := r.byID[id].(Credentials)
	if !ok {
		return nil, unknown(id)
	}
	return p, nil
}

// Registrar returns a provider that registers users, or a refusal.
func (r *Registry) Registrar(id string) (Registrar, error) {
	p, known := r.byID[id]
	if !known {
		return nil, unknown(id)
	}
	reg, ok := p.(Registrar)
	if ok {
		return reg, nil
	}
	message := "Method 'register' not implemented for provider " + p.Identifier()
	if _, redirects := p.(Redirect); redirects {
		name := p.DisplayName()
		if kind, named := p.(KindNamer); named {
			name = kind.KindName()
		}
		message = name + " does not support registration. Use method `authenticate` instead."
	}
	return nil, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonProviderForbidden, Message: message}
}

// Updater returns a provider whose credential can be replaced, or a refusal.
func (r *Registry) Updater(id string) (Updater, error) {
	p, known := r.byID[id]
	if !known {
		return nil, unknown(id)
	}
	updater, ok := p.(Updater)
	if !ok {
		return nil, &everlatch.Error{
			Code:    everlatch.CodeUnauthorized,
			Reason:  everlatch.ReasonProviderForbidden,
			Message: "Method 'update' not implemented for provider " + p.Identifier(),
		}
	}
	return updater, nil
}

// Redirect returns a provider that redirects users, or the contract's refusal for
// an unknown id.
func (r *Registry) Redirect(id string) (Redirect, error) {
	p, ok := r.byID[id].(Redirect)
	if !ok {
		return nil, unknown(id)
	}
	return p, nil
}

// Passkeys returns a provider of passkeys, or the contract's refusal for an unknown id.
func (r *Registry) Passkeys(id string) (Passkeys, error) {
	p, ok := r.byID[id].(Passkeys)
	if !ok {
		return nil, unknown(id)
	}
	return p, nil
}

// EmailCodes returns a provider that mails codes, or the contract's refusal for an unknown
// id.
func (r *Registry) EmailCodes(id string) (EmailCodes, error) {
	p, ok := r.byID[id].(EmailCodes)
	if !ok {
		return nil, unknown(id)
	}
	return p, nil
}

// Callback returns a provider that takes callbacks, or the contract's refusal.
func (r *Registry) Callback(id string) (Redirect, error) {
	p, known := r.byID[id]
	redirect, ok := p.(Redirect)
	switch {
	case !known:
		return nil, unknown(id)
	case !ok:
		return nil, &everlatch.Error{
			Code:    everlatch.CodeUnauthorized,
			Reason:  everlatch.ReasonProviderForbidden,
			Message: "Callback authentication not implemented for provider " + p.Identifier(),
		}
	}
	return redirect, nil
}

// List describes the providers that allowed names, in the order of
// registration; a nil allowed names all (docs/contract.md#s4-2, actor-type rules).
func (r *Registry) List(allowed []string) []Info {
	out := make([]Info, 0, len(r.order))
	for _, id := range r.order {
		if allowed != nil && !slices.Contains(allowed, id) {
			continue
		}
		p := r.byID[id]
		name := p.DisplayName()
		if name == "" {
			name = id
		}
		flow := flowCredentials
		if _, redirects := p.(Redirect); redirects {
			flow = flowRedirect
		}
		out = append(out, Info{ID: id, Identifier: p.Identifier(), DisplayName: name, Flow: flow})
	}
	return out
}

// CommonName returns the name by which users know a provider: that of a [CommonNamer],
// DisplayName for others, and the id for one without a name.
func (r *Registry) CommonName(id string) string {
	p, known := r.byID[id]
	if !known {
		return id
	}
	if common, ok := p.(CommonNamer); ok {
		return common.CommonName()
	}
	return cmp.Or(p.DisplayName(), id)
}

func unknown(id string) error {
	return &everlatch.Error{
		Code:   everlatch.CodeUnauthorized,
		Reason: everlatch.ReasonProviderForbidden,
		Message: "\nUnable to retrieve the auth provider with id: " + id +
			"\nPlease make sure that the provider is registered in the container and it is configured correctly in your project configuration file.",
	}
}

// OwnsAddress reports whether a provider answers for an address that it has
// verified; see [AddressOwner].
func (r *Registry) OwnsAddress(id, email string, userMetadata everlatch.Metadata) bool {
	owner, ok := r.byID[id].(AddressOwner)
	return !ok || owner.OwnsAddress(email, userMetadata)
}
