// Command shop is a program of its own that knows Everlatch only by its address and a
// secret API key: EVERLATCH_URL and EVERLATCH_KEY.
package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/everlatch/everlatch/auth"
)

func main() {
	slog.Error("the shop has stopped", "error", run())
	os.Exit(1)
}

// run serves until it fails.
func run() error {
	url, key := os.Getenv("EVERLATCH_URL"), os.Getenv("EVERLATCH_KEY")
	client, err := auth.NewClient(url, key)
	if err != nil {
		return err
	}
	verifier, err := auth.NewIntrospection(auth.IntrospectionOptions{URL: url, APIKey: key})
	if err != nil {
		return err
	}
	server := &http.Server{
		Addr: "127.0.0.1:9100", Handler: (&shop{service: client}).handler(verifier), ReadHeaderTimeout: 5 * time.Second,
	}
	return server.ListenAndServe()
}

type shop struct{ service auth.AuthIdentities }

func (s *shop) handler(v auth.Verifier) http.Handler {
	customers := auth.Require(v, auth.Options{ActorTypes: []string{"customer"}})
	mux := http.NewServeMux()
	mux.Handle("GET /downloads", customers(http.HandlerFunc(s.downloads)))
	return mux
}

// downloads shows what the plan of the caller includes.
func (s *shop) downloads(w http.ResponseWriter, r *http.Request) {
	caller, _ := auth.ClaimsFrom(r.Context()) // the middleware let only customers through
	identity, err := s.service.RetrieveAuthIdentity(r.Context(), caller.AuthIdentityID, auth.FindConfig{})
	if err != nil {
		http.Error(w, "Try again shortly.", http.StatusServiceUnavailable)
		return
	}
	files := []string{"preview.pdf"}
	if identity.AppMetadata["plan"] == "gold" {
		files = append(files, "book.pdf")
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(files) //nolint:errchkjson // the client has gone
}
