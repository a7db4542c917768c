package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/authservice"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/telemetry"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/mail"
	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/subscribers"
	"github.com/everlatch/everlatch/worker"
)

// App is an assembled process. Its methods may be called from many goroutines;
// [App.Run] once.
type App struct {
	prepared

	cfg      config.Config
	opts     options
	log      *slog.Logger
	store    *store.Store
	vault    *vault.Vault
	temporal client.Client
	flows    *flows.Client
	limiter  *limits.Limiter
	auth     auth.Service
	server   *api.Server // nil without the part API
	site     *pages.Site // nil without pages
	// subscribers are told about events.
	subscribers *subscribers.Registry
	schedules   []Schedule
	// installation owns what this service puts into Temporal.
	installation string
	erasers      map[string]everlatch.Eraser
	// languages are those of mails.
	languages *mail.Languages
	inbox     http.Handler // nil unless mails are kept for development

	listener net.Listener // nil without an address, and until Listen
	// metrics and tracer are nil where they are off.
	metrics         *telemetry.Metrics
	tracer          *telemetry.Tracer
	metricsListener net.Listener // as listener
	started         chan struct{}
	draining        atomic.Bool
	close           sync.Once
	closeErr        error
	// holder says that this process has reported which keys it holds.
	holder bool
	// onClose ends what was opened later.
	onClose []func()
}

// New assembles an App and opens its database. The error names every setting
// that is missing, weak or wrong; a database that is away is
// [everlatch.CodeUnavailable], one whose schema is behind is named with the
// command that helps. Close an App that was made.
func New(ctx context.Context, cfg config.Config, opts ...Option) (*App, error) {
	o := options{
		parts: API | Worker,
		now:   time.Now, //nolint:forbidigo // this is where the clock of a program comes from
		log:   slog.New(slog.DiscardHandler),

		command: "everlatch",
	}
	wrong := o.gather(cfg, opts)
	p, err := prepare(&cfg, &o)
	a := &App{prepared: p, cfg: cfg, opts: o, log: o.log, listener: o.listener, started: make(chan struct{})}
	if err := errors.Join(wrong, err); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if err := a.assemble(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) assemble(ctx context.Context) (err error) {
	a.measure()
	if a.store, err = store.Open(ctx, a.cfg.Database.URL.Reveal(), a.opts.now, append(a.storeOptions(),
		store.WithMaxConnections(a.cfg.Database.MaxConnections), store.WithMigrationWait(a.cfg.Database.MigrationWait.Duration()),
		store.WithLog(a.log))...); err != nil {
		return err
	}
	if err := a.checkSchema(ctx); err != nil {
		return err
	}
	a.store.SetSizes(store.Sizes{Addresses: a.cfg.Limits.Addresses, Metadata: int(a.cfg.Limits.Metadata)})
	a.store.SetSignInRules(store.SignInRules{Most: a.cfg.Auth.MaxSessions, History: a.cfg.Auth.SessionHistory.Duration()})
	a.store.SetAuditRetention(a.cfg.Admin.AuditRetention.Duration())
	if a.installation, err = a.store.Installation(ctx); err != nil {
		return err
	}
	if err := a.openRings(ctx); err != nil {
		return err
	}
	a.keepActors()
	if err := a.setUpRBAC(ctx); err != nil {
		return err
	}
	completions := temporalkit.NewCompletions()
	if a.temporal, err = dial(&a.cfg, a.opts.environ, temporalkit.Options{
		Completions: completions, Sealing: a.sealing, Interceptors: a.interceptors(), Last: a.opts.dialOptions,
		Metrics: a.temporalMetrics(), Log: a.log,
	}); err != nil {
		return err
	}
	a.vault = vault.New(a.store, a.rings.Vault, a.cfg.Vault.TTL.Duration(), a.opts.now)
	a.flows = flows.New(flows.Options{ //nolint:contextcheck // it lives longer than the start
		Temporal: a.temporal,
		Sealing:  a.sealing, Completions: completions,
		Vault:     a.vault,
		Ring:      a.rings.Vault.Derive(flowsPurpose),
		TaskQueue: a.cfg.Temporal.TaskQueue, Installation: a.installation,
		Eager:     a.serves(worker.Interactive),
		Versioned: a.version.BuildID != "",
		ResetTTL:  a.cfg.PasswordReset.TTL.Duration(), ResetResendAfter: a.cfg.PasswordReset.ResendAfter.Duration(),
		RegistrationTTL: a.cfg.Auth.NeutralRegisterTTL.Duration(), RegistrationResendAfter: a.cfg.Auth.NeutralRegisterResendAfter.Duration(),
		ActorTypes: a.configuredTypes(),
		InviteTTL:  cmp.Or(a.cfg.Invites.ValidDuration, a.cfg.HTTP.JWTExpiresIn).Duration(),
		EmailTTL:   a.cfg.EmailChange.TTL.Duration(), EmailUndoTTL: a.cfg.EmailChange.UndoTTL.Duration(),
		EmailResendAfter:  a.cfg.EmailChange.ResendAfter.Duration(),
		NewDeviceTTL:      a.cfg.Auth.NewDeviceLinkTTL.Duration(),
		RedirectTTL:       a.cfg.Auth.Redirect.TTL.Duration(),
		DeletionGrace:     a.cfg.Deletion.Grace.Duration(),
		ChallengeTTL:      time.Duration(a.cfg.Auth.MFA.ChallengeTTLSeconds) * time.Second,
		ChallengeAttempts: a.cfg.Auth.MFA.ChallengeMaxAttempts,
		Hooks:             a.hooks,
		Direct:            a.directSignIns(),
		Now:               a.opts.now,
		Log:               a.log,
	})
	if a.limiter, err = a.newLimits(); err != nil {
		return err
	}
	a.auth = authservice.New(authservice.Deps{
		Store: a.store, Flows: a.flows, Providers: a.registry, Tokens: a.tokens, Factors: a.factors, Codes: a.codes, Limits: a.limiter, Now: a.opts.now,
		RequireBrowser: a.cfg.Auth.Redirect.RequireBrowser,
	})
	if a.languages, err = mail.LoadLanguages(a.cfg.Mail.Templates, a.cfg.Mail.DefaultLanguage); err != nil {
		return fmt.Errorf("mail.templates, mail.default_language: %w", err)
	}
	if err := errors.Join(a.introduce(), a.assembleEvents(), a.assembleErasers()); err != nil {
		return err
	}
	a.watchState()
	if a.has(API) {
		if a.server, err = a.newServer(); err != nil { //nolint:contextcheck // it lives longer than the start
			return err
		}
		a.site, err = a.newSite() //nolint:contextcheck // as the server
	}
	return err
}

func (a *App) checkSchema(ctx context.Context) error {
	if a.opts.migrate {
		return a.store.Migrate(ctx)
	}
	pending, err := a.store.Pending(ctx)
	if err != nil {
		return err
	}
	if pending > 0 {
		return fmt.Errorf("the schema of the database is behind by %d migrations: run `%s migrate up` first", pending, a.opts.command)
	}
	return nil
}

// queues are the task queues whose work this process does.
func (a *App) queues() []worker.Queue {
	var names []string
	switch {
	case a.has(Worker) && a.opts.quiet:
		return []worker.Queue{worker.Interactive, worker.Slow}
	case a.has(Worker):
		names = a.cfg.Worker.Queues
	case a.has(API):
		names = a.cfg.Worker.APIQueues
	}
	out := make([]worker.Queue, len(names))
	for i, name := range names {
		out[i] = worker.Queue(name)
	}
	return out
}

func (a *App) serves(q worker.Queue) bool { return slices.Contains(a.queues(), q) }

func (a *App) has(p Parts) bool { return a.opts.parts&p != 0 }

// Flows returns the client that starts flows and sends them updates.
func (a *App) Flows() *flows.Client { return a.flows }

// Auth returns the authentication service: what Go code calls instead of HTTP.
// Activities may call it; workflows call activities, or the same flows as child
// workflows.
func (a *App) Auth() auth.Service { return a.auth }

// Close ends what New began. It may be called twice; both calls get the same
// answer.
func (a *App) Close() error {
	a.close.Do(func() {
		var problems []error
		for _, l := range []net.Listener{a.listener, a.metricsListener} {
			if l == nil {
				continue
			}
			if err := l.Close(); !errors.Is(err, net.ErrClosed) {
				problems = append(problems, err)
			}
		}
		if a.flows != nil {
			a.flows.Close()
		}
		for _, end := range a.onClose {
			end()
		}
		if a.temporal != nil {
			a.temporal.Close()
		}
		if a.store != nil {
			problems = append(problems, a.store.Close())
		}
		a.closeErr = errors.Join(problems...)
	})
	return a.closeErr
}
