package authservice

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// Flows are the flows that the service starts; [*flows.Client] is the implementation.
type Flows interface {
	factorFlows
	challengeFlows
	verificationFlows

	Authenticate(ctx context.Context, r flows.AuthRequest) (workflows.Login, error)
	AuthenticateOnce(ctx context.Context, r flows.AuthRequest) (login workflows.Login, first bool, err error)
	AuthenticationAnswer(ctx context.Context, r flows.AuthRequest) (login workflows.Login, known bool, err error)
	Register(ctx context.Context, r flows.AuthRequest) (workflows.Login, error)
	BeginSocialLogin(ctx context.Context, r flows.RedirectRequest) (location string, err error)
	CompleteSocialLogin(ctx context.Context, r flows.RedirectAnswer) (workflows.Login, error)
	UpdateProvider(ctx context.Context, r flows.ProviderUpdate) error
	RemoveProviderIdentity(ctx context.Context, identityID, actorType, id string) error
	DeleteAuthIdentity(ctx context.Context, id string) error
	SetAuthAppMetadata(ctx context.Context, identityID, actorType string, actorID *string) error
	CreateResetToken(ctx context.Context, r flows.ResetRequest, ttl time.Duration) (workflows.IssuedReset, error)
	ConsumeResetToken(ctx context.Context, provider, entityKey, tokenID string) (workflows.IssuedReset, error)
}

var _ Flows = (*flows.Client)(nil)

// Deps are what the service works with. All fields but Tokens, Factors, Codes and Limits are required.
type Deps struct {
	Store     *store.Store
	Flows     Flows
	Providers *providers.Registry
	// Tokens makes the tokens of password resets. A process that serves nothing has none,
	// and CreatePasswordResetToken returns a result without one.
	Tokens *tokens.Tokens
	// Factors are the methods of second factors; nil for none.
	Factors *providers.Factors
	// Codes are the providers of codes that verify addresses; nil for none.
	Codes *providers.Codes
	// Limits counts attempts on accounts and mails to addresses, and has the queue of
	// password hashes; nil limits nothing.
	Limits *limits.Limiter
	Now    func() time.Time
	// RequireBrowser refuses to begin a sign-in at an external provider that any browser
	// could finish.
	RequireBrowser bool
}

// Service is the implementation of [auth.Service].
type Service struct{ Deps }

var _ auth.Service = (*Service)(nil)

// New returns a service.
func New(d Deps) *Service { return &Service{Deps: d} }

func invalid(message string) error {
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: message}
}

// event is one about an identity that this call makes true.
func (s *Service) event(name, identityID string, data everlatch.Metadata) everlatch.Event {
	return everlatch.Event{ID: ids.New(ids.Event, s.Now()), Name: name, AuthIdentityID: identityID, Data: data}
}

// public returns an identity without what only its providers may see.
func public(identity everlatch.AuthIdentity) everlatch.AuthIdentity {
	for i := range identity.Providers {
		identity.Providers[i].ProviderMetadata = nil
	}
	return identity
}

func allPublic(identities []everlatch.AuthIdentity) []everlatch.AuthIdentity {
	for i := range identities {
		identities[i] = public(identities[i])
	}
	return identities
}
