// Command provider-redirect is an Everlatch service whose customers sign in at a
// club. docs/guides/create-an-auth-provider.md walks through it.
package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/config"
)

const standInAddress = "127.0.0.1:9901"

// ourClub is where our customers are members. A real secret comes from the
// environment.
var ourClub = clubOptions{
	URL: "http://" + standInAddress, ClientID: "everlatch", ClientSecret: "a-secret-for-trying-it-out",
	CallbackURLs: []string{"http://localhost:9000/auth/customer/club/callback"},
}

func main() { cli.Main(app.FromConfig(withClub), app.WithBackground(serveStandIn)) }

// withClub adds our provider to the service.
func withClub(config.Config) ([]app.Option, error) {
	provider, err := newClub(ourClub)
	return []app.Option{app.WithProvider("club", provider)}, err
}

// serveStandIn serves a stand-in for the club until ctx ends.
func serveStandIn(ctx context.Context, _ *app.App) error {
	l, err := app.Listen(ctx, standInAddress)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	server := &http.Server{Handler: newStandIn(ourClub.ClientID, ourClub.ClientSecret), ReadHeaderTimeout: 5 * time.Second}
	fmt.Println("The stand-in for the club is on " + ourClub.URL)
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}
