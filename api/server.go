package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/returnto"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/trails"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// Flows starts the flows of requests; [*flows.Client] is its implementation. A
// refusal is an [*everlatch.Error] whose message may be shown.
type Flows interface {
	linkingFlows
	signInFlows
	factorFlows
	challengeFlows
	passkeyFlows
	emailSignInFlows
	identityControlFlows
	registrationFlows
	scheduleFlows
	personFlows
	trails.Flows

	Authenticate(ctx context.Context, r flows.AuthRequest) (workflows.Login, error)
	Register(ctx context.Context, r flows.AuthRequest) (workflows.Login, error)
	CreateCustomerAccount(ctx context.Context, r flows.CustomerAccountRequest) (everlatch.Customer, error)
	BeginSocialLogin(ctx context.Context, r flows.RedirectRequest) (location string, err error)
	CompleteSocialLogin(ctx context.Context, r flows.RedirectAnswer) (workflows.Login, error)
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
	PendingEmail(ctx context.Context, actor everlatch.ActorRef) (workflows.PendingEmail, error)
	RequestVerification(ctx context.Context, r flows.VerificationRequest) (workflows.RequestedCode, error)
	ConfirmVerification(ctx context.Context, r flows.PresentedCode) (everlatch.Verification, error)
	CodeHash(code string) string
	CreateUser(ctx context.Context, r flows.UserRequest) (everlatch.User, error)
	SetAuthAppMetadata(ctx context.Context, identityID, actorType string, actorID *string) error
	CreateActorAccount(ctx context.Context, r flows.ActorAccountRequest) (everlatch.ActorRecord, error)
	UpdateActor(ctx context.Context, actorType, id string, change everlatch.Metadata) (everlatch.ActorRecord, error)
	RemoveActorAccount(ctx context.Context, actorType, id string) error
	Readiness(ctx context.Context) flows.Readiness
}

var _ Flows = (*flows.Client)(nil)

// Deps are what a [Server] works with. All fields but Auth, Limits and Factors are
// required.
type Deps struct {
	Store     *store.Store
	Flows     Flows
	Tokens    *tokens.Tokens
	Providers *providers.Registry
	Codes     *providers.Codes
	Log       *slog.Logger
	Now       func() time.Time
	// Auth, if set, is what /admin/auth calls.
	Auth auth.Service
	// Limits, if set, bounds how often requests may be made.
	Limits *limits.Limiter
	// Factors are the methods of second factors; nil for none.
	Factors *providers.Factors
	// Begin, if set, is told that a request begins, by the template of its route, which
	// is "" where none matches. It returns the context of the request and what is told
	// its status. Requests that a limit refuses before they are read begin not at all.
	Begin func(r *http.Request, method, route string) (context.Context, func(status int))
	// Served, if set, is told about every answer. It must be quick.
	Served func(method, route string, status int, took time.Duration)
	// Languages are those of mails. Without them, a language cannot be chosen.
	Languages Languages
	// Examine, if set, looks at everything that the service depends on, as `everlatch doctor`
	// does, and returns its report as JSON, without secrets.
	Examine func(ctx context.Context) ([]byte, error)
	// SealingKeys returns the key set to which callers of the Nexus service seal; nil without it.
	SealingKeys func() ([]byte, error)
}

// Server answers HTTP requests. Its only state is what the database says about
// publishable keys, remembered for seconds.
type Server struct {
	deps Deps
	opts Options

	echo   *echo.Echo
	router *wire.Router
	auth   *httpauth.Authenticator
	keys   *httpauth.PublishableKeys
	// devices are known to have signed in to an account.
	devices limits.Devices
	crowd   crowd
	// public and builtIn are the paths of the built-in routes that need no
	// administrator, and of all.
	public, builtIn map[string]bool
	cors            map[prefix]*wire.Origins
	// trusted are the origins of other paths, by their first segment.
	trusted map[string]*wire.Origins
	// actors are the custom actor types, by name.
	actors   map[string]*actorType
	accounts *accounts.Accounts
	cookies  wire.Cookies
	returnTo returnto.List
	home     []byte // rendered once; nil = no page
}

// New returns a server, or an error that lists everything that is wrong with the
// options.
func New(d Deps, o Options) (*Server, error) {
	o = o.withDefaults()
	cors, corsErr := o.origins()
	home, homeErr := o.Home.render()
	pages, pagesErr := o.pages()
	if err := errors.Join(o.validate(), d.validate(), corsErr, homeErr, pagesErr); err != nil {
		return nil, err
	}
	s := &Server{
		deps: d, opts: o, echo: echo.New(), home: home, cookies: o.cookies(), returnTo: pages,
		cors: cors, trusted: map[string]*wire.Origins{}, actors: map[string]*actorType{},
		public: map[string]bool{}, builtIn: map[string]bool{}, keys: httpauth.NewPublishableKeys(d.Store, d.Now),
	}
	s.accounts = &accounts.Accounts{Store: d.Store, Providers: d.Providers, Now: d.Now}
	s.auth = &httpauth.Authenticator{
		Store: d.Store, Tokens: d.Tokens, Cookies: s.cookies, Origins: wire.NewOriginCheck(o.TrustProxy > 0),
		Log: d.Log, Now: d.Now, SessionIdle: o.SessionIdle, Rolling: o.Cookie.Rolling, Roles: o.RBAC,
	}
	s.auth.Touch = s.touchSignIn
	if d.Limits != nil {
		s.devices = d.Limits.Devices()
	}
	routes, err := s.withActors(s.routes())
	if err != nil {
		return nil, err
	}
	s.mount(routes)
	return s, nil
}

// mount adds the chain and the built-in routes to Echo.
func (s *Server) mount(routes []route) {
	paths := make([]wire.Route, len(routes))
	for i, r := range routes {
		paths[i] = wire.Route{Method: r.method, Path: r.path}
		s.builtIn[r.path] = true
		s.public[r.path] = s.public[r.path] || r.public
	}
	s.echo.HTTPErrorHandler = s.handleError
	s.router = wire.NewRouter(s.echo, paths, s.originsOf)
	if s.deps.Limits != nil {
		s.router.Early = s.refuseEarly
	}
	s.router.HSTS, s.router.TrustProxy = s.opts.HSTS, s.opts.TrustProxy > 0
	s.echo.Pre(s.trace)
	s.echo.Use(s.chain()...)
	for _, r := range routes {
		s.echo.Add(r.method, r.path, r.handle, s.limitedGuards(r)...)
	}
}

// Handler returns the whole API.
func (s *Server) Handler() http.Handler { return s.router }

// Echo returns the router, for custom routes; to serve, use [Server.Handler].
// Custom routes get the same chain as the built-in ones: bodies are parsed (see
// [Body]), /admin demands an administrator and /store a publishable key, paths
// ignore case and a trailing slash. Add them before the first request is served;
// later ones are not found.
func (s *Server) Echo() *echo.Echo { return s.echo }

func (d Deps) validate() error {
	if d.Store == nil || d.Flows == nil || d.Tokens == nil || d.Providers == nil || d.Codes == nil || d.Log == nil || d.Now == nil {
		return errors.New("api: a dependency is missing")
	}
	return nil
}
