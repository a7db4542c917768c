package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/hostguard"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/mail"
)

// Limits of one connection. A slow or silent client holds a connection and a
// goroutine, nothing else; these say for how long.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
)

func (a *App) newServer() (*api.Server, error) {
	c := a.cfg
	var sealingKeys func() ([]byte, error)
	if c.Nexus.Enabled {
		sealingKeys = a.NexusKeys
	}
	server, err := api.New(api.Deps{
		Store: a.store, Flows: a.flows, Tokens: a.tokens, Providers: a.registry, Codes: a.codes, Log: a.log, Now: a.opts.now, Limits: a.limiter,
		Factors: a.factors, Auth: a.auth, SealingKeys: sealingKeys, Languages: a.languages,
		Begin: a.beginRequest(), Served: a.servedRequest(), Examine: a.newExaminer().json,
	}, api.Options{
		LogRequests:         c.Log.Requests,
		Hooks:               len(a.hooks) > 0,
		AdminCORS:           c.HTTP.AdminCORS,
		StoreCORS:           c.HTTP.StoreCORS,
		AuthCORS:            c.HTTP.AuthCORS,
		AuthMethodsPerActor: c.HTTP.AuthMethodsPerActor,
		Verifications:       verificationRules(c.HTTP.AuthVerificationsPerActor),
		RequireBeforeActor:  c.Auth.Verification.RequireBeforeActor,
		CookieSecrets:       cookieSecrets(&c),
		CookieRing:          a.rings.Cookies,
		Cookie: api.CookieOptions{
			Name: c.Session.Name, Domain: c.Cookie.Domain, Path: c.Cookie.Path,
			SameSite: c.Cookie.SameSite, Secure: secure(c.Cookie.Secure), Rolling: c.Session.Rolling,
		},
		SessionIdle:     c.Session.TTL.Duration(),
		SessionAbsolute: c.Session.AbsoluteTTL.Duration(),
		RecentWithin:    c.Auth.RecentWithin.Duration(),
		NewDeviceMail:   c.Auth.NewDeviceMail,
		MFA: api.MFAOptions{
			EnrollWithin: c.Auth.MFA.EnrollWithin.Duration(), StepUpWithin: c.Auth.MFA.StepUpWithin.Duration(),
			RemovalNeedsAnswer: c.Auth.MFA.DisablePolicy == config.DisableByChallenge, RecoveryCodes: c.Auth.MFA.RecoveryCodeCount,
		},
		PublishableKey:      api.KeyPolicy(c.Store.PublishableKey),
		BodyLimit:           c.HTTP.BodyLimit.Bytes(),
		TrustProxy:          c.HTTP.TrustProxy,
		HSTS:                c.HTTP.HSTS.Duration(),
		MaxMetadata:         int(c.Limits.Metadata),
		MaxResetMetadata:    int(c.Limits.ResetMetadata),
		RestrictedFields:    c.HTTP.RestrictedFields.Store,
		StoreRelationsLimit: c.HTTP.StoreRelationsLimit,
		LoginByGET:          c.Compat.LoginByGET,
		RequireBrowser:      c.Auth.Redirect.RequireBrowser,
		RelatedOrigins:      c.Auth.WebAuthn.RelatedOrigins,
		ReturnTo:            c.Pages.ReturnTo,
		ResetTokens:         api.ResetPolicy(c.Admin.ResetTokens),
		SignUpDomains:       c.Admin.SignUpDomains,
		InviteAnyEmail:      c.Invites.AnyEmail,
		ActorTypes:          a.actorTypes,
		NeutralRegister:     c.Auth.NeutralRegister,
		AnyCustomerEmail:    c.Compat.CustomerEmail == "free",
		Brand:               c.Mail.Brand,
		RBAC:                c.RBAC.Enabled,
		Home:                a.opts.home,
		Statistics: api.StatisticsOptions{
			RefusedSignIns: c.Events.Logins, Events: c.Events.Retention.Duration(), SignIns: c.Auth.SessionHistory.Duration(),
		},
	})
	if err != nil {
		return nil, err
	}
	if a.inbox != nil {
		pages := echo.WrapHandler(a.inbox)
		for _, path := range []string{"", ".json", "/:id", "/:id/html"} {
			server.Echo().GET(mail.InboxPath+path, pages)
		}
		server.Echo().DELETE(mail.InboxPath, pages)
		server.Echo().DELETE(mail.InboxPath+"/:id", pages)
		server.Echo().POST(mail.InboxPath+"/:id/read", pages)
	}
	for _, add := range a.opts.routes {
		if err := add(a, server); err != nil {
			return nil, err
		}
	}
	return server, nil
}

// secure returns nil for "auto".
func secure(setting string) *bool {
	on, err := strconv.ParseBool(setting)
	if err != nil {
		return nil
	}
	return &on
}

// Listen opens the port, so that its address is known before [App.Run], which
// otherwise does it. A process that serves nothing has no address.
func (a *App) Listen(ctx context.Context) error {
	if err := a.listenForMetrics(ctx); err != nil {
		return err
	}
	address := a.address()
	if address == "" || a.listener != nil {
		return nil
	}
	l, err := Listen(ctx, address)
	if err != nil {
		return err
	}
	a.listener = l
	return nil
}

// Listen opens a port for [WithListener]. The error of a port in use says which
// setting chooses another.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("cannot listen on %s: another program uses this port; choose one with --http or http.address", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

// Address returns host:port that the process listens on, with the real port,
// or "" before Listen.
func (a *App) Address() string {
	if a.listener == nil {
		return ""
	}
	return a.listener.Addr().String()
}

// address returns what is to be listened on, "" for nothing.
func (a *App) address() string {
	switch {
	case a.has(API):
		return a.cfg.HTTP.Address
	case a.has(Worker) && a.cfg.Worker.HealthAddress != config.Off:
		return a.cfg.Worker.HealthAddress
	}
	return ""
}

func (a *App) handler() http.Handler {
	handler := a.parts()
	hosts := a.cfg.HTTP.AllowedHosts
	if len(hosts) == 0 && !a.opts.localHosts {
		return handler
	}
	return hostguard.New(a.address(), hosts...).Handler(handler)
}

// parts answers what the parts of this process answer.
func (a *App) parts() http.Handler {
	if a.server == nil {
		return a.health()
	}
	return a.withDevMetrics(a.withPages(a.server.Handler()))
}

// publishableKey returns a key that works, "" where there is none.
func (a *App) publishableKey(ctx context.Context) string {
	keys, _, err := a.store.APIKeys(ctx, store.APIKeyFilter{Types: []string{everlatch.KeyPublishable}}, store.Page{})
	if err != nil {
		return "" // the API then says that one is missing
	}
	for _, key := range keys {
		if key.RevokedAt == nil {
			return key.Token
		}
	}
	return ""
}

// serve answers requests until ctx ends. Then it drains, takes no new connections
// and gives the requests under way stop_within to finish.
func (a *App) serve(ctx context.Context) error {
	if a.listener == nil {
		<-ctx.Done()
		return nil
	}
	server := &http.Server{
		Handler:           a.drained(a.handler()),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(a.listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	if err := a.drain(ctx, failed); err != nil {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.Worker.StopWithin.Duration())
	defer cancel()
	if err := server.Shutdown(stopping); err != nil {
		a.log.WarnContext(stopping, "requests were cut off", slog.Any("error", err))
		return server.Close()
	}
	return nil
}
