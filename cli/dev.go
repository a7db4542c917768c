package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/hostguard"
	"github.com/everlatch/everlatch/mail"
	hosted "github.com/everlatch/everlatch/pages"
)

func (p *program) devCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run everything in one process, with its data in one folder",
		Long: "Runs Temporal, its web UI, the worker and the API in one process. All data is in one folder and survives a\n" +
			"restart, even after kill -9. Secrets that are not set are generated into it.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := p.loadDev(c)
			if err != nil {
				return err
			}
			return p.dev(c.Context(), cfg)
		},
	}
	setting(c.Flags(), "http", "http.address", "host:port of the API (default 127.0.0.1:9000)")
	setting(c.Flags(), "temporal", "dev.temporal_address", "host:port of Temporal (default 127.0.0.1:7233)")
	setting(c.Flags(), "ui", "dev.ui_address", "host:port of Temporal's web UI, or off (default 127.0.0.1:8233)")
	c.Flags().Bool("ephemeral", false, "keep no data: it is removed when the service stops")
	annotate(c.Flags(), "ephemeral", "dev.ephemeral")
	return c
}

// dev runs until ctx ends.
func (p *program) dev(ctx context.Context, cfg config.Config) (err error) {
	p.tuneMemory(ctx)
	f, err := openDevFolder(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := cfg.Generate(f.path); err != nil {
		return err
	}
	cfg.Data.Dir, cfg.Database.URL = f.path, f.database()
	server, err := p.startTemporal(ctx, f, &cfg)
	if err != nil && ctx.Err() != nil {
		return nil // stopped before it had started
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }() //nolint:contextcheck // what was started is stopped, also when ctx is over
	listener, err := app.Listen(ctx, cfg.HTTP.Address)
	if err != nil {
		return err
	}
	linkToPages(&cfg, listener.Addr().String()) // the real port, also of :0
	cfg.Temporal.UIURL = server.UIURL()

	log := p.logger(cfg.Log, "text")
	traced, export, err := p.traces(ctx, log)
	if err != nil {
		return err
	}
	defer export() //nolint:contextcheck // it exports what waits when ctx is over
	// Without the environment: TEMPORAL_TLS and the like are about a cluster.
	a, err := app.New(ctx, cfg, p.with(append(traced, app.WithMigrations(), app.WithWeakSecrets(), app.WithDevMail(), app.WithDevMetrics(),
		app.WithLocalHosts(), app.WithListener(listener), app.WithLogger(log), app.WithHome(home(server, cfg)),
		app.WithTemporalDialOptions(server.DialOption()))...)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	r := running{API: baseURL(a.Address()), Temporal: server.Address(), Namespace: server.Namespace(), UI: server.UIURL()}
	if err := f.announce(r); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	select {
	case err := <-done:
		return err
	case <-a.Started():
		p.setEndpoint(ctx, a, cfg)
		p.greet(r, f, cfg, p.firstLink(ctx, a, cfg))
	}
	return <-done
}

// setEndpoint lets workflows in other namespaces of the server of dev call the service.
// Without it everything else works.
func (p *program) setEndpoint(ctx context.Context, a *app.App, cfg config.Config) {
	if !cfg.Nexus.Enabled {
		return
	}
	if _, err := a.SetNexusEndpoint(ctx, true); err != nil && ctx.Err() == nil {
		p.logger(cfg.Log, "text").WarnContext(ctx, "the Nexus endpoint was not created",
			slog.String("endpoint", cfg.Nexus.Endpoint), slog.Any("error", everlatch.Cause(err)))
	}
}

// openDevFolder returns a folder that no other process uses.
func openDevFolder(cfg config.Config) (*folder, error) {
	if cfg.Dev.Ephemeral {
		return openTemporary()
	}
	f, err := openFolder(cfg.Data.Dir)
	if err != nil || f.lock != nil {
		return f, err
	}
	r, err := f.find()
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("a dev service already runs on %s (process %d, %s); stop it, or give this one another folder with --data and other ports",
		f.path, r.PID, r.API)
}

// startTemporal starts the embedded server on the folder and points cfg to it.
func (p *program) startTemporal(ctx context.Context, f *folder, cfg *config.Config) (*embedded.Server, error) {
	o := embedded.Options{
		Folder:    f.file("temporal"),
		Address:   cfg.Dev.TemporalAddress,
		UIAddress: cfg.Dev.UIAddress,
		UIWrites:  cfg.Dev.UIWrites,
		GuardUI:   hostguard.New(cfg.Dev.UIAddress, cfg.HTTP.AllowedHosts...).Handler,
		Namespace: cfg.Temporal.Namespace,
		Retention: cfg.Temporal.Retention.Duration(),

		SearchAttributes: flows.SearchAttributes(),
		UICodec: func(origins []string) (http.Handler, error) {
			return app.NewCodec(*cfg, app.CodecOptions{Open: true, Origins: origins})
		},
	}
	if o.UIAddress == config.Off {
		o.UIAddress = ""
	}
	if cfg.Dev.Ephemeral {
		o.Folder = ""
	}
	server, err := embedded.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	cfg.Temporal.Address, cfg.Temporal.Namespace = server.Address(), server.Namespace()
	cfg.HTTP.DrainDelay = 0 // no balancer stands in front
	return server, nil
}

func home(s *embedded.Server, cfg config.Config) app.Home {
	links := []app.Link{
		{ID: "providers", Name: "Auth providers", URL: "/auth/customer/providers", Note: "the sign-in methods of customers"},
		{ID: "docs", Name: "HTTP API", URL: "/docs", Note: "every route, with its requests and responses"},
		{ID: "metrics", Name: "Metrics", URL: "/metrics", Note: "for Prometheus"},
		{ID: "ready", Name: "Ready?", URL: "/ready", Note: "whether the database and Temporal answer"},
	}
	if cfg.Mail.SMTP.Address == "" {
		links = append([]app.Link{{ID: "mails", Name: "Mails", URL: mail.InboxPath, Note: "every mail that was sent"}}, links...)
	}
	if url := s.UIURL(); url != "" {
		links = append([]app.Link{{ID: "temporal", Name: "Temporal UI", URL: url, Note: "every sign-in and registration as a workflow"}}, links...)
	}
	return app.Home{
		Title: "Everlatch",
		Lines: []string{"This is a development service, for this machine only."},
		Links: links,
	}
}

// firstLink returns the link that makes the first administrator, once; "" when there is
// one. Without the link, the command line makes one.
func (p *program) firstLink(ctx context.Context, a *app.App, cfg config.Config) string {
	invite, ok, err := a.InviteFirstUser(ctx, invitedByCLI)
	if err != nil && ctx.Err() == nil {
		p.logger(cfg.Log, "text").WarnContext(ctx, "no link for the first administrator", slog.Any("error", everlatch.Cause(err)))
	}
	if !ok {
		return ""
	}
	return mail.InviteLink(cfg.Mail.URLs[everlatch.ActorUser], string(invite.Token.Reveal()))
}

// greet prints, once, where everything is. link makes the first administrator.
func (p *program) greet(r running, f *folder, cfg config.Config, link string) {
	mails := r.API + mail.InboxPath
	if cfg.Mail.SMTP.Address != "" {
		mails = "sent by " + cfg.Mail.SMTP.Address
	}
	ui := r.UI
	if ui == "" {
		ui = "off"
	}
	data, flag, name := f.path, "", "Everlatch"
	if p.name != everlatchName {
		name = p.name
	}
	if short, err := relative(f.path); err == nil {
		data = short
	}
	switch {
	case f.temporary:
		flag = " --data " + f.path
		data += " (removed when it stops)"
	case data != p.dataFolder():
		flag = " --data " + data
	}
	_, _ = fmt.Fprintf(p.stdout, `%[8]s is running. Stop it with Ctrl-C.

  API          %[1]s
%[11]s  Mails        %[7]s
  Temporal UI  %[2]s
  Temporal     %[3]s, namespace %[4]s
  Data         %[5]s

Register a customer:

  curl -s %[1]s/auth/customer/emailpass/register -H 'content-type: application/json' \
    -d '{"email":"ada@example.com","password":"correct horse battery"}'

%[10]s

`, r.API, ui, r.Temporal, r.Namespace, data, flag, mails, name, p.name, p.administratorHint(link, flag), pageLines(r.API, cfg.Pages))
}

// pageLines say where the pages are that are switched on.
func pageLines(api string, c config.Pages) (lines string) {
	if c.Enabled {
		lines = "  Sign-in page " + api + hosted.Prefix + everlatch.ActorCustomer + "\n"
	}
	if c.Enabled && c.Console {
		lines += "  Console      " + api + "/console" + "\n"
	}
	return lines
}

// administratorHint says how to get an administrator.
func (p *program) administratorHint(link, flag string) string {
	if link == "" {
		return "Make yourself an administrator:\n\n  " + p.name + " user create -e you@example.com" + flag
	}
	return "There is no administrator yet. Open this link to become it; it works once, for a day at most:\n\n  " + link
}

// relative returns a path as it is seen from the working directory, when it is
// inside.
func relative(path string) (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	short, err := filepath.Rel(here, path)
	if err == nil && strings.HasPrefix(short, "..") {
		return "", errors.New("outside")
	}
	return short, err
}
