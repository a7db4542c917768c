package main

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"

	"github.com/everlatch/everlatch/examples/beside"
)

//go:embed web
var files embed.FS

// shopOptions are what the pages need to know.
type shopOptions struct {
	// API is where Everlatch is, as browsers reach it.
	API string
	// PublishableKey is that of the shop, "" for none.
	PublishableKey string
}

// serveShop serves the shop on host:port until ctx ends. Its pages call Everlatch
// as localhost: on one site with the shop, or the browser keeps its cookies to
// itself.
func serveShop(ctx context.Context, address, api string) error {
	_, port, err := net.SplitHostPort(api)
	if err != nil {
		return err
	}
	shop, err := newShop(shopOptions{API: "http://localhost:" + port, PublishableKey: os.Getenv("PUBLISHABLE_KEY")})
	if err != nil {
		return err
	}
	return beside.Serve(ctx, "The shop", address, shop)
}

// newShop serves the pages. They are files; all that happens, happens in the
// browser.
func newShop(o shopOptions) (http.Handler, error) {
	web, err := fs.Sub(files, "web")
	if err != nil {
		return nil, err
	}
	settings, err := settingsModule(o)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(web))
	mux.HandleFunc("GET /settings.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(settings) // the browser may have gone
	})
	// One page for every provider: which one it is stands in its address.
	mux.HandleFunc("GET /callback/{provider}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, web, "callback.html")
	})
	return guarded(mux, o.API), nil
}

// settingsModule is the script that the others import.
func settingsModule(o shopOptions) ([]byte, error) {
	api, err := json.Marshal(o.API)
	if err != nil {
		return nil, err
	}
	key, err := json.Marshal(o.PublishableKey)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "export const api = %s;\nexport const publishableKey = %s;\n", api, key), nil
}

// guarded says what the pages may do: run our scripts, which talk to Everlatch.
// The address of the callback page contains a code, so it is neither sent as a
// referrer nor cached.
func guarded(next http.Handler, api string) http.Handler {
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; connect-src " + api + "; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if path.Dir(r.URL.Path) == "/callback" {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}
