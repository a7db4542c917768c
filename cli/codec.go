package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/internal/hostguard"
)

// codecTokenVariable holds the token of the codec. It is no flag, because every user
// of a machine can list the arguments of a process.
const codecTokenVariable = "TEMPORAL_CODEC_TOKEN"

func (p *program) codecCommand() *cobra.Command {
	var listen string
	var o app.CodecOptions
	c := &cobra.Command{
		Use:   "codec",
		Short: "Serve Temporal's codec protocol, by which other programs read and write payloads",
		Long: "Serve POST /encode and POST /decode, by which Temporal's UI and programs in other languages read and\n" +
			"write the payloads of this service. It needs encryption.keys and database.url, or the data folder of dev. Without\n" +
			"a database it has no keys but those of encryption.keys.\n\n" +
			"Callers send a bearer token: that of " + codecTokenVariable + ", or of an administrator with --service.",
		Example: "  " + codecTokenVariable + "=… everlatch codec --origin http://localhost:8233\n" +
			"  everlatch codec --service https://auth.example.com --origin https://temporal.example.com",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := p.load(c)
			if err != nil {
				return err
			}
			if cfg.Encryption.Keys == "" && onFolder(c, cfg) { // those of dev
				if err := p.demandData(cfg.Data.Dir); err != nil {
					return err
				}
				if err := cfg.Generate(cfg.Data.Dir); err != nil {
					return err
				}
				f, err := openFolder(cfg.Data.Dir)
				if err != nil {
					return err
				}
				cfg.Database.URL = f.database()
				if err := f.close(); err != nil { // SQLite does its own locking
					return err
				}
			}
			o.Token = p.variable(codecTokenVariable)
			if o.Open && !isLoopback(listen) {
				return errors.New("--open serves everyone who reaches the address, so it needs a loopback address")
			}
			handler, err := app.NewCodec(cfg, o)
			if err != nil {
				return err
			}
			if isLoopback(listen) {
				handler = hostguard.New(listen).Handler(handler)
			}
			return p.serveCodec(c.Context(), listen, handler)
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8081", "host:port of the codec")
	c.Flags().StringVar(&o.Service, "service", "", "URL of the API whose administrators may use the codec")
	c.Flags().StringSliceVar(&o.Origins, "origin", nil, "web origins that may use the codec, such as that of Temporal's UI")
	c.Flags().BoolVar(&o.Open, "open", false, "ask callers for no token; on a loopback address only")
	return c
}

// variable returns an environment variable, "" if it is not set.
func (p *program) variable(name string) (value string) {
	for _, entry := range p.environ {
		if found, ok := strings.CutPrefix(entry, name+"="); ok {
			value = found
		}
	}
	return value
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip, notIP := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || notIP == nil && ip.IsLoopback())
}

// serveCodec serves until ctx ends.
func (p *program) serveCodec(ctx context.Context, listen string, handler http.Handler) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if _, err := fmt.Fprintf(p.stdout, "The codec is at http://%s\n", l.Addr()); err != nil {
		return err
	}
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}
