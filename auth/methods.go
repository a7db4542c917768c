package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
)

// method is a method of the service as a request: POST /admin/auth/<name> with its
// arguments as JSON.
type method struct {
	// operation is the permission on auth_identity that it needs with roles.
	operation string
	call      func(ctx context.Context, s Service, arguments []byte) (any, error)
}

// The arguments of methods.
type (
	providerCall[I any] struct {
		Provider string `json:"provider"`
		Input    I      `json:"input"`
	}
	several[I any] struct {
		Items []I `json:"items"`
	}
	find[F any] struct {
		Filter F          `json:"filter"`
		Config FindConfig `json:"config"`
	}
	one struct {
		ID       string     `json:"id"`
		Provider string     `json:"provider,omitempty"`
		Config   FindConfig `json:"config,omitzero"`
	}
	link struct {
		ID    string             `json:"id"`
		Actor everlatch.ActorRef `json:"actor"`
	}
)

// answer is what a method returns.
type answer[O any] struct {
	Result O   `json:"result"`
	Count  int `json:"count,omitempty"`
}

type nothing struct{}

func returning[I, O any](operation string, do func(ctx context.Context, s Service, in I) (O, error)) method {
	return method{operation, func(ctx context.Context, s Service, arguments []byte) (any, error) {
		in, err := read[I](arguments)
		if err != nil {
			return nil, err
		}
		out, err := do(ctx, s, in)
		return answer[O]{Result: out}, err
	}}
}

func acting[I any](operation string, do func(ctx context.Context, s Service, in I) error) method {
	return returning(operation, func(ctx context.Context, s Service, in I) (nothing, error) { return nothing{}, do(ctx, s, in) })
}

func counting[F, O any](lists func(s Service) func(context.Context, F, FindConfig) ([]O, int, error)) method {
	return method{"read", func(ctx context.Context, s Service, arguments []byte) (any, error) {
		in, err := read[find[F]](arguments)
		if err != nil {
			return nil, err
		}
		out, count, err := lists(s)(ctx, in.Filter, in.Config)
		return answer[[]O]{Result: out, Count: count}, err
	}}
}

// read decodes arguments. A name that is none of them is refused: a filter that is
// misspelled would select everything.
func read[I any](arguments []byte) (in I, err error) {
	d := json.NewDecoder(bytes.NewReader(arguments))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil && !errors.Is(err, io.EOF) {
		return in, &everlatch.Error{Code: everlatch.CodeInvalidData, Message: wrongArguments(err), Err: err}
	}
	return in, nil
}

// wrongArguments names an argument that the method lacks. Values are not quoted.
func wrongArguments(err error) string {
	name, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	switch {
	case unknown && name == `"withDeleted"`:
		return "There is no withDeleted: what is deleted is erased."
	case unknown && len(name) < 64:
		return "The method has no argument " + name + "."
	}
	return "The arguments are not those of the method."
}

// methods are all methods of the service, by their names in requests.
var methods = merged(serviceMethods, mfaMethods, verificationMethods)

func merged(parts ...map[string]method) map[string]method {
	out := map[string]method{}
	for _, part := range parts {
		maps.Copy(out, part)
	}
	return out
}

// serviceMethods are the methods of sign-ins, identities and password resets.
var serviceMethods = map[string]method{
	"authenticate": returning("read", func(ctx context.Context, s Service, in providerCall[AuthenticationInput]) (Authentication, error) {
		return s.Authenticate(ctx, in.Provider, in.Input)
	}),
	"register": returning("create", func(ctx context.Context, s Service, in providerCall[AuthenticationInput]) (Authentication, error) {
		return s.Register(ctx, in.Provider, in.Input)
	}),
	"validate-callback": returning("read", func(ctx context.Context, s Service, in providerCall[AuthenticationInput]) (Authentication, error) {
		return s.ValidateCallback(ctx, in.Provider, in.Input)
	}),
	"update-provider": returning("update", func(ctx context.Context, s Service, in providerCall[ProviderUpdate]) (everlatch.AuthIdentity, error) {
		return s.UpdateProvider(ctx, in.Provider, in.Input)
	}),
	"validate-auth-identity": returning("read", func(ctx context.Context, s Service, in one) (Authentication, error) {
		return s.ValidateAuthIdentity(ctx, in.ID, in.Provider)
	}),
	"list-auth-providers": returning("read", func(ctx context.Context, s Service, in several[string]) ([]Provider, error) {
		return s.ListAuthProviders(ctx, in.Items...)
	}),

	"create-auth-identities": returning("create", func(ctx context.Context, s Service, in several[NewAuthIdentity]) ([]everlatch.AuthIdentity, error) {
		return s.CreateAuthIdentities(ctx, in.Items...)
	}),
	"update-auth-identities": returning("update", func(ctx context.Context, s Service, in several[AuthIdentityUpdate]) ([]everlatch.AuthIdentity, error) {
		return s.UpdateAuthIdentities(ctx, in.Items...)
	}),
	"retrieve-auth-identity": returning("read", func(ctx context.Context, s Service, in one) (everlatch.AuthIdentity, error) {
		return s.RetrieveAuthIdentity(ctx, in.ID, in.Config)
	}),
	"list-auth-identities": returning("read", func(ctx context.Context, s Service, in find[AuthIdentityFilter]) ([]everlatch.AuthIdentity, error) {
		return s.ListAuthIdentities(ctx, in.Filter, in.Config)
	}),
	"list-and-count-auth-identities": counting(func(s Service) func(context.Context, AuthIdentityFilter, FindConfig) ([]everlatch.AuthIdentity, int, error) {
		return s.ListAndCountAuthIdentities
	}),
	"delete-auth-identities": acting("delete", func(ctx context.Context, s Service, in several[string]) error {
		return s.DeleteAuthIdentities(ctx, in.Items...)
	}),
	"link-actor": acting("update", func(ctx context.Context, s Service, in link) error { return s.LinkActor(ctx, in.ID, in.Actor) }),
	"unlink-actor": acting("update", func(ctx context.Context, s Service, in link) error {
		return s.UnlinkActor(ctx, in.ID, in.Actor.ActorType)
	}),

	"create-provider-identities": returning("update", func(ctx context.Context, s Service, in several[NewProviderIdentity]) ([]ProviderIdentity, error) {
		return s.CreateProviderIdentities(ctx, in.Items...)
	}),
	"update-provider-identities": returning("update", func(ctx context.Context, s Service, in several[ProviderIdentityUpdate]) ([]ProviderIdentity, error) {
		return s.UpdateProviderIdentities(ctx, in.Items...)
	}),
	"retrieve-provider-identity": returning("read", func(ctx context.Context, s Service, in one) (ProviderIdentity, error) {
		return s.RetrieveProviderIdentity(ctx, in.ID, in.Config)
	}),
	"list-provider-identities": returning("read", func(ctx context.Context, s Service, in find[ProviderIdentityFilter]) ([]ProviderIdentity, error) {
		return s.ListProviderIdentities(ctx, in.Filter, in.Config)
	}),
	"list-and-count-provider-identities": counting(func(s Service) func(context.Context, ProviderIdentityFilter, FindConfig) ([]ProviderIdentity, int, error) {
		return s.ListAndCountProviderIdentities
	}),
	"delete-provider-identities": acting("update", func(ctx context.Context, s Service, in several[string]) error {
		return s.DeleteProviderIdentities(ctx, in.Items...)
	}),

	"create-password-reset-token": returning("update", func(ctx context.Context, s Service, in PasswordResetRequest) (PasswordResetToken, error) {
		return s.CreatePasswordResetToken(ctx, in)
	}),
	"consume-password-reset-token": returning("update", func(ctx context.Context, s Service, in ResetConsumption) (ConsumedReset, error) {
		return s.ConsumePasswordResetToken(ctx, in)
	}),
}

// MethodNames are the names of the methods in requests, in order.
func MethodNames() []string { return slices.Sorted(maps.Keys(methods)) }

// MethodOperation returns the permission on auth_identity that a method needs with roles,
// such as "read"; ok is false for a method that does not exist.
func MethodOperation(name string) (operation string, ok bool) {
	m, ok := methods[name]
	return m.operation, ok
}

// Call calls a method by its name, with its arguments as JSON, and returns what encodes to
// its answer. It is what the API calls for a [Client].
func Call(ctx context.Context, s Service, name string, arguments []byte) (any, error) {
	m, ok := methods[name]
	if !ok {
		return nil, &everlatch.Error{Code: everlatch.CodeNotFound, Message: "The service has no method " + name + "."}
	}
	return m.call(ctx, s, arguments)
}
