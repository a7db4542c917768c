// Command provider-redirect is an Everlatch service whose customers sign in at a
// club. docs/guides/create-an-auth-provider.md walks through it.
package main

import (
	"context"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/examples/beside"
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
	return beside.Serve(ctx, "The stand-in for the club", standInAddress, newStandIn(ourClub.ClientID, ourClub.ClientSecret))
}
