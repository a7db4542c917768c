//go:build !noembedded

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/temporal"
	"google.golang.org/grpc"
)

// Included says whether this binary has the Temporal server.
const Included = true

// flushTimeout bounds the last writes of Stop.
const flushTimeout = 10 * time.Second

// Server is a running Temporal server with its UI.
type Server struct {
	opts     Options
	stores   stores
	temporal temporal.Server
	ui       *http.Server
	uiDone   chan error
	closeLog func() error
	// nexus is host:port of what serves Nexus operations to the server itself.
	nexus   string
	calls   *calls
	stop    sync.Once
	stopErr error
}

// Start brings a server up and returns when its namespace answers. ctx bounds
// the start, not the life of the server. Every wrong option and every taken
// port is named in one error; nothing is left running then.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, calls: newCalls()}
	if s.stores, err = openStores(ctx, opts); err != nil {
		return nil, err
	}
	if err := s.stores.createNamespace(opts); err != nil {
		return nil, err
	}
	w, closeLog, err := openLog(opts)
	if err != nil {
		return nil, err
	}
	s.closeLog = closeLog
	if err := s.start(ctx, w); err != nil {
		return nil, errors.Join(err, s.Stop()) //nolint:contextcheck // what was started is stopped, also when ctx is over
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, w io.Writer) error {
	if err := s.startTemporal(w); err != nil {
		return err
	}
	if s.opts.UIAddress != "" {
		if err := s.startUI(ctx); err != nil {
			return err
		}
	}
	return awaitNamespace(ctx, s.Address(), s.opts)
}

func (s *Server) startTemporal(w io.Writer) (err error) {
	defer func() {
		if r := recover(); r != nil { // see newLogger
			err = fmt.Errorf("start the Temporal server: %v", r)
		}
	}()
	nameBinary()
	conf, err := serverConfig(s.opts.Address, s.stores)
	if err != nil {
		return err
	}
	server, err := temporal.NewServerFx(s.calls.assembly(),
		temporal.WithConfig(conf),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(staticHosts(conf)),
		temporal.WithDynamicConfigClient(dynamicConfig(s.opts)),
		temporal.WithLogger(newLogger(w)),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
	if err != nil {
		return fmt.Errorf("assemble the Temporal server: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start the Temporal server: %w", err)
	}
	s.temporal, s.nexus = server, conf.PublicClient.HTTPHostPort
	return nil
}

// Address returns host:port of the gRPC frontend, with the real port.
func (s *Server) Address() string { return reachable(s.opts.Address) }

// DialOption lets a client of this process reach the server without a connection. It comes
// after all other interceptors. Calls that can't take this way use the connection.
func (s *Server) DialOption() grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(s.calls.intercept)
}

// UIURL returns where the UI is, or "" when there is none.
func (s *Server) UIURL() string {
	if s.opts.UIAddress == "" {
		return ""
	}
	return "http://" + reachable(s.opts.UIAddress)
}

// Namespace returns the name of the namespace.
func (s *Server) Namespace() string { return s.opts.Namespace }

// Stop ends the server and brings its files up to date. It may be called twice
// and by several goroutines; all get the same answer.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		var problems []error
		problems = append(problems, s.stopUI())
		if s.temporal != nil {
			problems = append(problems, s.temporal.Stop())
		}
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		problems = append(problems, s.stores.flush(ctx), s.closeLog())
		s.stopErr = errors.Join(problems...)
	})
	return s.stopErr
}
