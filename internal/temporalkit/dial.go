package temporalkit

import (
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

// Options configure [Dial].
type Options struct {
	// Client holds the address, namespace, TLS and credentials, as
	// sdk/contrib/envconfig reads them from TEMPORAL_*.
	Client client.Options
	// Sealing encrypts payloads and failures.
	Sealing Sealing
	Log     *slog.Logger
}

// Dial returns a client that connects at its first use, so that a process can
// start, and read what needs no Temporal, while Temporal is away.
func Dial(o Options) (client.Client, error) {
	opts := o.Client
	opts.DataConverter = NewDataConverter(o.Sealing)
	opts.FailureConverter = NewFailureConverter(o.Sealing)
	opts.ConnectionOptions.DialOptions = append(resume(), opts.ConnectionOptions.DialOptions...)
	opts.Logger = sdklog.NewStructuredLogger(o.Log)
	c, err := client.NewLazyClient(opts)
	if err != nil {
		return nil, fmt.Errorf("configure the Temporal client: %w", err)
	}
	return c, nil
}
