// Command storefront-login is a storefront whose customers sign in with Google,
// and a stand-in for Google. docs/guides/storefront-login.md walks through it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/everlatch/everlatch/examples/standin"
)

func main() {
	var o options
	flag.StringVar(&o.address, "address", "localhost:8000", "host:port of the storefront")
	flag.StringVar(&o.shop.API, "api", "http://localhost:9000", "where browsers reach Everlatch")
	flag.StringVar(&o.shop.PublishableKey, "key", "", "publishable API key of the shop; none is needed where none was made")
	flag.StringVar(&o.google, "google", "localhost:9901", "host:port of the stand-in for Google; empty leaves it out")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "storefront-login:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	address, google string
	shop            shopOptions
}

// run serves until ctx ends.
func run(ctx context.Context, o options, out io.Writer) error {
	shop, err := newShop(o.shop)
	if err != nil {
		return err
	}
	var google http.Handler
	if o.google != "" {
		if google, err = newGoogle(o); err != nil {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	serve(ctx, g, o.address, shop)
	_, _ = fmt.Fprintf(out, "The shop is on http://%s\n", o.address)
	if google != nil {
		serve(ctx, g, o.google, google)
		_, _ = fmt.Fprintf(out, "What stands in for Google is on http://%s\n", o.google)
	}
	return g.Wait()
}

// newGoogle returns what stands in for Google.
func newGoogle(o options) (http.Handler, error) {
	person := func(sub, given, family, email string, verified bool) map[string]any {
		return map[string]any{
			"sub": sub, "name": given + " " + family, "given_name": given, "family_name": family,
			"email": email, "email_verified": verified,
		}
	}
	return standin.New(standin.Options{
		Issuer: "http://" + o.google, Name: "a stand-in for Google",
		ClientID: "shop", ClientSecret: "a-secret-for-trying-it-out",
		CallbackURLs: []string{"http://" + o.address + "/callback/google"},
		People: []standin.Person{
			{ID: "ada", Note: "ada@example.com", Claims: person("101", "Ada", "Lovelace", "ada@example.com", true)},
			{ID: "grace", Note: "grace@example.com", Claims: person("102", "Grace", "Hopper", "grace@example.com", true)},
			{ID: "mallory", Note: "ada@example.com, not verified", Claims: person("103", "Mallory", "Malone", "ada@example.com", false)},
		},
	})
}

// serve answers on an address until ctx ends.
func serve(ctx context.Context, g *errgroup.Group, address string, handler http.Handler) {
	server := &http.Server{Addr: address, Handler: handler, ReadTimeout: 10 * time.Second}
	g.Go(func() error {
		<-ctx.Done()
		return server.Shutdown(context.WithoutCancel(ctx))
	})
	g.Go(func() error {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
}
