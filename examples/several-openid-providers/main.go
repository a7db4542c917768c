// Command several-openid-providers runs two OpenID providers for trying out:
// one of a company that is called Acme, and one of a company that is called
// Globex. docs/guides/several-openid-providers.md walks through it.
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
)

func main() {
	acme := flag.String("acme", "localhost:9901", "host:port of Acme's provider")
	globex := flag.String("globex", "localhost:9902", "host:port of Globex's provider")
	shop := flag.String("shop", "http://localhost:8000", "base URL of the shop, to which the providers redirect")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *acme, *globex, *shop, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "several-openid-providers:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, acmeAddress, globexAddress, shop string, out io.Writer) error {
	acme, err := newAcme("http://"+acmeAddress, shop)
	if err != nil {
		return err
	}
	globex, err := newGlobex("http://"+globexAddress, shop, time.Now)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, provider := range []struct {
		name, address string
		handler       http.Handler
	}{{"Acme", acmeAddress, acme}, {"Globex", globexAddress, globex}} {
		server := &http.Server{Addr: provider.address, Handler: provider.handler, ReadTimeout: 10 * time.Second}
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
		_, _ = fmt.Fprintf(out, "The provider of %s is on http://%s\n", provider.name, provider.address)
	}
	return g.Wait()
}
