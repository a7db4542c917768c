// Command storefront serves a shop whose customers sign in on the hosted pages of
// Everlatch, or with the shop's own forms. docs/guides/embed-storefront.md walks through
// it. All that happens, happens in the browser: the files in web can be on any server.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "storefront:", err)
		os.Exit(1)
	}
}

// run serves the shop until ctx ends.
func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("storefront", flag.ContinueOnError)
	address := flags.String("http", "127.0.0.1:8000", "host:port of the shop")
	folder := flags.String("folder", filepath.FromSlash("examples/storefront"), "where this example is")
	sdk := flags.String("sdk", "", "file with the Medusa JS SDK; without, npm fetches it once")
	var o shopOptions
	flags.StringVar(&o.API, "api", "http://localhost:9000", "where browsers reach Everlatch")
	flags.StringVar(&o.PublishableKey, "publishable-key", os.Getenv("PUBLISHABLE_KEY"), "publishable key of the shop, if it has one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *sdk == "" {
		built, err := buildSDK(ctx, *folder)
		if err != nil {
			return err
		}
		*sdk = built
	}
	o.SDK, o.Web = *sdk, os.DirFS(filepath.Join(*folder, "web"))
	if _, err := fs.Stat(o.Web, "index.html"); err != nil {
		return fmt.Errorf("the pages of the shop are not in %s: start it at the root of the repository, or say --folder", *folder)
	}
	return serve(ctx, *address, newShop(o))
}

// serve answers on host:port until ctx ends, and prints what to open. Browsers use the
// name localhost: it is an origin that dev knows (http.store_cors, pages.return_to).
func serve(ctx context.Context, address string, shop http.Handler) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("the shop cannot be on %s: %w", address, err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return err
	}
	server := &http.Server{Handler: shop, ReadTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	fmt.Printf("Start Everlatch in another terminal: everlatch dev\nThen open the shop: http://localhost:%s\n", port)
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
