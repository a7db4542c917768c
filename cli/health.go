package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/doctor"
)

// healthTimeout is how long a service may take to answer.
const healthTimeout = 3 * time.Second

// healthCommand is for containers, whose image has no other program for it.
func (p *program) healthCommand() *cobra.Command {
	var address string
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask a running service for its health; fails when it is not well",
		Long: "Asks the service that runs on the data folder, and otherwise the one at http.address. It fails when there is\n" +
			"no answer or the answer is not 200.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if address == "" {
				cfg, err := p.load(c)
				if err != nil {
					return err
				}
				address = p.healthURL(c, cfg)
			}
			return p.askHealth(c.Context(), address)
		},
	}
	c.Flags().StringVar(&address, "url", "", "what to ask (default /health of the running service)")
	return c
}

func (p *program) askHealth(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("--url is %q, which is not a URL", address)
	}
	res, err := (&http.Client{Timeout: healthTimeout}).Do(req)
	switch {
	case os.IsTimeout(err):
		return fmt.Errorf("%s gave no answer within %s", address, healthTimeout)
	case err != nil:
		return fmt.Errorf("there is no service at %s: start one with `%s dev` or `%[2]s serve`, or name another with --url (%s)", address, p.name, doctor.Cause(err))
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", address, res.Status, body)
	}
	_, err = fmt.Fprintf(p.stdout, "%s\n", body)
	return err
}

// healthURL returns where this machine reaches the service.
func (p *program) healthURL(c *cobra.Command, cfg config.Config) string {
	if onFolder(c, cfg) {
		if r, ok := runningOn(cfg.Data.Dir); ok {
			return r.API + "/health"
		}
	}
	return baseURL(cfg.HTTP.Address) + "/health"
}

// baseURL returns the URL of what listens on an address, as this machine
// reaches it.
func baseURL(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
