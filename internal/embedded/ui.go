//go:build !noembedded

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/temporalio/ui-server/v2/server/api"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/csrf"
	"github.com/temporalio/ui-server/v2/server/headers"
	"github.com/temporalio/ui-server/v2/server/route"
	uiassets "github.com/temporalio/ui-server/v2/ui"
)

// uiHeaderTimeout bounds how long a silent client holds a connection.
const uiHeaderTimeout = 5 * time.Second

// startUI serves the UI until Stop. Its routes are those of Temporal's UI server, which
// as a whole has no place for a guard of the host, and ends the process when it cannot
// listen.
func (s *Server) startUI(ctx context.Context) error {
	conf, err := uiConfig(s.opts)
	if err != nil {
		return err
	}
	handler, err := uiHandler(conf)
	if err != nil {
		return fmt.Errorf("assemble the Temporal UI: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.opts.UIAddress)
	if err != nil {
		return fmt.Errorf("the Temporal UI cannot listen: %w", err)
	}
	if s.opts.codecEndpoint() != "" {
		codec, err := s.opts.UICodec(uiOrigins(s.opts.UIAddress))
		if err != nil {
			return errors.Join(fmt.Errorf("assemble the codec of the Temporal UI: %w", err), l.Close())
		}
		handler = besideUI(handler, codec)
	}
	if s.opts.GuardUI != nil {
		handler = s.opts.GuardUI(handler)
	}
	s.ui = &http.Server{Handler: handler, ReadHeaderTimeout: uiHeaderTimeout}
	s.uiDone = make(chan error, 1)
	go func() { s.uiDone <- s.ui.Serve(l) }()
	return nil
}

// stopUI ends the UI.
func (s *Server) stopUI() error {
	if s.ui == nil {
		return nil
	}
	err := s.ui.Close()
	if served := <-s.uiDone; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// besideUI serves the codec on its path, and the UI on all others.
func besideUI(ui, codec http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(codecPath+"/", http.StripPrefix(codecPath, codec))
	mux.Handle("/", ui)
	return mux
}

func uiHandler(conf *uiconfig.Config) (http.Handler, error) {
	settings, err := uiconfig.NewConfigProviderWithRefresh(conf)
	if err != nil {
		return nil, err
	}
	assets, err := uiassets.Assets()
	if err != nil {
		return nil, err
	}
	if assets, err = fs.Sub(assets, "local"); err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Use(middleware.Recover(), middleware.Gzip(), middleware.Secure(), middleware.CSRFWithConfig(middleware.CSRFConfig{
		CookiePath: "/", CookieSameSite: http.SameSiteStrictMode, Skipper: csrf.SkipOnAuthorizationHeader,
	}))
	e.Pre(route.PublicPath(conf.PublicPath))
	route.SetHealthRoute(e)
	if err := route.SetAPIRoutes(e, settings, []api.Middleware{headers.WithForwardHeaders([]string{"Caller-Type"})}); err != nil {
		return nil, err
	}
	route.SetAuthRoutes(e, settings)
	if err := route.SetUIRoutes(e, conf.PublicPath, assets); err != nil {
		return nil, err
	}
	route.SetRenderRoute(e, conf.PublicPath)
	return e, nil
}
