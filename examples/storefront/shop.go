package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
)

// shopOptions are what the pages need.
type shopOptions struct {
	// Web has the files of the shop, and SDK is that of the Medusa JS SDK.
	Web fs.FS
	SDK string
	// API is where browsers reach Everlatch.
	API string
	// PublishableKey is that of the shop, "" for none.
	PublishableKey string
}

// newShop serves the files of the shop.
func newShop(o shopOptions) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(o.Web))
	mux.HandleFunc("GET /settings.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = fmt.Fprintf(w, "export const api = %s;\nexport const publishableKey = %s;\n", literal(o.API), literal(o.PublishableKey))
	})
	mux.HandleFunc("GET /medusa.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, o.SDK) })
	// The pages that a browser returns to, from the hosted pages and from a mail.
	for _, path := range []string{"/signed-in", "/reset-password"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, o.Web, "index.html") })
	}
	return guarded(mux, o.API)
}

// literal is a text as JavaScript has it.
func literal(text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		return []byte(`""`) // which no text is
	}
	return quoted
}

// guarded says what the pages may do: run the shop's own scripts, which talk to Everlatch
// alone. The addresses that browsers return to contain a code or a token, so they are
// neither sent as a referrer nor cached.
func guarded(next http.Handler, api string) http.Handler {
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; connect-src " + api + "; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
