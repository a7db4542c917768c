package cli

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/config"
)

// healthTimeout is how long a service may take to say how it is.
const healthTimeout = 3 * time.Second

// healthCommand is for containers, whose image has no other program to ask
// with.
func (p *program) healthCommand() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask a running service how it is; fails when it is not well",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if url == "" {
				cfg, err := p.load(c)
				if err != nil {
					return err
				}
				url = healthURL(cfg)
			}
			req, err := http.NewRequestWithContext(c.Context(), http.MethodGet, url, http.NoBody)
			if err != nil {
				return fmt.Errorf("ask %s: %w", url, err)
			}
			res, err := (&http.Client{Timeout: healthTimeout}).Do(req)
			if err != nil {
				return fmt.Errorf("ask %s: %w", url, err)
			}
			defer func() { _ = res.Body.Close() }()
			body, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
			if res.StatusCode != http.StatusOK {
				return fmt.Errorf("%s answers %s: %s", url, res.Status, body)
			}
			_, err = fmt.Fprintf(p.stdout, "%s\n", body)
			return err
		},
	}
	c.Flags().StringVar(&url, "url", "", "what to ask (default /health of http.address)")
	return c
}

// healthURL returns where the configured API is reached from this machine.
func healthURL(cfg config.Config) string {
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
