package nexusservice

import (
	"context"
	"log/slog"
	"time"

	"github.com/nexus-rpc/sdk-go/nexus"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/nexusauth"
	"github.com/everlatch/everlatch/providers"
)

// Flows are the flows that operations start besides those of the auth service.
type Flows interface {
	RequestPasswordReset(ctx context.Context, r flows.ResetRequest) error
	CompletePasswordReset(ctx context.Context, r flows.NewPassword) error
	SetAuthAppMetadataOnce(ctx context.Context, key, identityID, actorType string, actorID *string) error
	DeleteAuthIdentityOnce(ctx context.Context, key, id string) error
}

var _ Flows = (*flows.Client)(nil)

// Deps are what the service works with. All fields but Limits are required.
type Deps struct {
	Store     *store.Store
	Auth      auth.Service
	Flows     Flows
	Providers *providers.Registry
	Tokens    *tokens.Tokens
	// Ring is the key ring of this purpose, see [Purpose].
	Ring *vault.KeyRing
	// Limits counts mails and has the queue of password hashes, as for the routes, and
	// lifts the locks of an account with a new password; nil limits nothing.
	Limits *limits.Limiter
	// RBAC says that a key needs the permissions of its owner's roles.
	RBAC bool
	// TakesUsers allows what lets the caller sign in as an administrator.
	TakesUsers bool
	// MaxResetMetadata is how many bytes of JSON a reset may carry.
	MaxResetMetadata int
	// Message words a refusal.
	Message func(e *everlatch.Error) string
	Log     *slog.Logger
	Now     func() time.Time
}

type service struct {
	Deps

	accounts *accounts.Accounts
	secrets  accounts.SecretKeys
}

// New returns the service for a worker.
func New(d Deps) *nexus.Service {
	s := &service{
		Deps:     d,
		accounts: &accounts.Accounts{Store: d.Store, Providers: d.Providers, Now: d.Now},
	}
	out := nexus.NewService(nexusauth.Service)
	out.MustRegister( // fails for two of one name
		operation(s, nexusauth.Register, "auth_identity:create", s.register),
		operation(s, nexusauth.Authenticate, "auth_identity:read", s.authenticate),
		operation(s, nexusauth.StartPasswordReset, "auth_identity:update", s.startPasswordReset),
		operation(s, nexusauth.CompletePasswordReset, "auth_identity:update", s.completePasswordReset),
		operation(s, nexusauth.SetAppMetadata, "auth_identity:update", s.setAppMetadata),
		operation(s, nexusauth.UnsetAppMetadata, "auth_identity:update", s.unsetAppMetadata),
		operation(s, nexusauth.FindIdentities, "auth_identity:read", s.findIdentities),
		operation(s, nexusauth.DeleteAuthIdentity, "auth_identity:delete", s.deleteAuthIdentity),
		operation(s, nexusauth.ReleaseIdentities, "auth_identity:delete", s.releaseIdentities),
		operation(s, nexusauth.Emit, "event:create", s.emit),
	)
	return out
}

// operation is one of them: open, identify, do, and answer in Nexus's terms.
func operation[I, O any](
	s *service, ref nexus.OperationReference[nexusauth.Sealed[I], O], needs string,
	do func(ctx context.Context, c call, in I) (O, error),
) nexus.RegisterableOperation {
	handle := func(ctx context.Context, sealed nexusauth.Sealed[I], _ nexus.StartOperationOptions) (O, error) {
		var none O
		ctx, cancel := within(ctx)
		defer cancel()
		envelope, err := open(s.Ring, sealed.Sealed, ref.Name(), s.Now())
		if err != nil {
			return none, err
		}
		in, err := decode[I](envelope.Input)
		if err != nil {
			return none, err
		}
		c, err := s.identify(ctx, envelope, everlatch.ParsePermission(needs))
		if err != nil {
			return none, s.answer(ctx, ref.Name(), envelope, err)
		}
		out, err := do(ctx, c, in)
		if err != nil {
			return none, s.answer(ctx, ref.Name(), envelope, err)
		}
		return out, nil
	}
	return nexus.NewSyncOperation(ref.Name(), handle)
}

// answerBefore is how long before the deadline of a request its answer is given: after
// it, Temporal hears none.
const answerBefore = 500 * time.Millisecond

func within(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-answerBefore))
}
