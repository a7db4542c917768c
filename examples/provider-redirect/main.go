// Command provider-redirect is an Everlatch service that sends people to a club
// to sign in. docs/guides/create-an-auth-provider.md walks through it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

func main() {
	address := flag.String("club", "127.0.0.1:9901", "host:port of the stand-in for the club's service")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Environ(), *address); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "provider-redirect:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, as `everlatch serve` does, beside the stand-in.
func run(ctx context.Context, environ []string, address string) (err error) {
	cfg, err := config.Load(config.Sources{File: os.Getenv(config.FileVariable), Environ: environ})
	if err != nil {
		return err
	}
	// A real secret comes from the environment.
	o := clubOptions{
		URL: "http://" + address, ClientID: "everlatch", ClientSecret: "a-secret-for-trying-it-out",
		CallbackURLs: []string{"http://localhost:9000/auth/customer/club/callback"},
	}
	a, err := newApp(ctx, cfg, environ, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()

	service := &http.Server{Addr: address, Handler: newStandIn(o.ClientID, o.ClientSecret), ReadTimeout: 10 * time.Second}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Run(ctx) })
	g.Go(func() error {
		<-ctx.Done()
		return service.Shutdown(context.WithoutCancel(ctx))
	})
	g.Go(func() error {
		if err := service.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return g.Wait()
}

// newApp assembles the service with our provider in it.
func newApp(ctx context.Context, cfg config.Config, environ []string, o clubOptions, more ...app.Option) (*app.App, error) {
	provider, err := newClub(o)
	if err != nil {
		return nil, err
	}
	return app.New(ctx, cfg, append([]app.Option{
		app.WithEnviron(environ),
		app.WithMigrations(),
		app.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		app.WithProvider("club", provider),
	}, more...)...)
}
