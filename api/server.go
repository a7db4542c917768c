package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// Flows are the dances that requests start. [*flows.Client] is the one that
// runs them; a refusal comes back as an [*everlatch.Error] that may be shown.
type Flows interface {
	Authenticate(ctx context.Context, r flows.AuthRequest) (workflows.Login, error)
	Register(ctx context.Context, r flows.AuthRequest) (workflows.Login, error)
	CreateCustomerAccount(ctx context.Context, r flows.CustomerAccountRequest) (everlatch.Customer, error)
	BeginSocialLogin(ctx context.Context, r flows.RedirectRequest) (location string, err error)
	CompleteSocialLogin(ctx context.Context, r flows.RedirectAnswer) (workflows.Login, error)
	LinkIdentity(ctx context.Context, r flows.LinkRequest) (everlatch.ProviderIdentity, error)
	UnlinkIdentity(ctx context.Context, r flows.UnlinkRequest) error
	RequestPasswordReset(ctx context.Context, r flows.ResetRequest) error
	IssuePasswordReset(ctx context.Context, r flows.ResetRequest, by everlatch.Principal) (workflows.IssuedReset, error)
	CompletePasswordReset(ctx context.Context, r flows.NewPassword) error
	DeleteCustomer(ctx context.Context, id string) (at time.Time, err error)
	RemoveCustomerAccount(ctx context.Context, id string) error
	RemoveUserAccount(ctx context.Context, id string) error
	CreateInvite(ctx context.Context, r flows.InviteRequest) (flows.IssuedInvite, error)
	ResendInvite(ctx context.Context, i everlatch.Invite, by everlatch.ActorRef) (flows.IssuedInvite, error)
	RevokeInvite(ctx context.Context, i everlatch.Invite) error
	AcceptInvite(ctx context.Context, a flows.InviteAcceptance) (everlatch.User, error)
	RequestEmailChange(ctx context.Context, r flows.EmailRequest) error
	ConfirmEmailChange(ctx context.Context, actor everlatch.ActorRef, tokenID string) (email string, err error)
	UndoEmailChange(ctx context.Context, actor everlatch.ActorRef, tokenID string) (email string, err error)
	CreateUser(ctx context.Context, r flows.UserRequest) (everlatch.User, error)
	SetAuthAppMetadata(ctx context.Context, identityID, actorType string, actorID *string) error
	CreateActorAccount(ctx context.Context, r flows.ActorAccountRequest) (everlatch.ActorRecord, error)
	UpdateActor(ctx context.Context, actorType, id string, change everlatch.Metadata) (everlatch.ActorRecord, error)
	RemoveActorAccount(ctx context.Context, actorType, id string) error
	Ready(ctx context.Context) error
}

var _ Flows = (*flows.Client)(nil)

// Deps are the parts a [Server] works with. All are required.
type Deps struct {
	Store     *store.Store
	Flows     Flows
	Tokens    *tokens.Tokens
	Providers *providers.Registry
	Log       *slog.Logger
	Now       func() time.Time
}

// Server answers HTTP requests. It keeps no state that another process would
// miss, except short-lived copies of what the database says about publishable
// keys (see publishable.go).
type Server struct {
	deps Deps
	opts Options

	echo  *echo.Echo
	paths func() *pathIndex
	cors  map[prefix]*originList
	// trusted are the origins of other paths, by their first segment.
	trusted map[string]*originList
	// actors are the actor types of people's own, by name.
	actors  map[string]*actorType
	cookies cookieJar
	keys    *keyCache
	home    []byte // rendered once; nil = no page
}

// New returns a server. It reports everything that is wrong with the options
// at once.
func New(d Deps, o Options) (*Server, error) {
	o = o.withDefaults()
	cors, corsErr := o.origins()
	home, homeErr := o.Home.render()
	if err := errors.Join(o.validate(), d.validate(), corsErr, homeErr); err != nil {
		return nil, err
	}
	s := &Server{
		deps:    d,
		opts:    o,
		echo:    echo.New(),
		cors:    cors,
		trusted: map[string]*originList{},
		actors:  map[string]*actorType{},
		cookies: newCookieJar(o),
		keys:    newKeyCache(d.Store, d.Now),
		home:    home,
	}
	s.echo.HTTPErrorHandler = s.handleError
	s.echo.Pre(s.trace)
	s.echo.Use(s.chain()...)
	routes, err := s.withActors(s.routes())
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		s.echo.Add(r.method, r.path, r.handle, s.guards(r)...)
	}
	// People add their own routes after New, so paths are collected when the
	// first request comes.
	s.paths = sync.OnceValue(func() *pathIndex { return newPathIndex(routes, s.echo.Routes()) })
	return s, nil
}

// Handler returns the whole API.
func (s *Server) Handler() http.Handler { return s }

// Echo returns the router, for routes of one's own; to serve, use
// [Server.Handler]. They get the same chain as the built-in ones: bodies are
// parsed (see [Body]), /admin demands an administrator and /store a publishable
// key, paths ignore case and a trailing slash. Add them before the first
// request is served; later ones are not found.
func (s *Server) Echo() *echo.Echo { return s.echo }

func (d Deps) validate() error {
	if d.Store == nil || d.Flows == nil || d.Tokens == nil || d.Providers == nil || d.Log == nil || d.Now == nil {
		return errors.New("api: a dependency is missing")
	}
	return nil
}
