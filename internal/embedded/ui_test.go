//go:build !noembedded

package embedded_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/embedded"
)

// ask sends a request to the UI, as a page of a host would.
func ask(t *testing.T, method, url, host string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("{}"))
	require.NoError(t, err)
	req.Host = host
	// The token that Temporal's UI sends with its own requests, so that only the
	// switch for writes decides.
	req.Header.Set("X-CSRF-Token", "token")
	req.AddCookie(&http.Cookie{Name: "_csrf", Value: "token"})
	res, err := (&http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res
}

// The UI has no login: it shows workflows, changes none unless it was told to, and is
// guarded.
func TestUI(t *testing.T) {
	t.Parallel()
	const terminate = "/api/v1/namespaces/default/workflows/greet%2F1/terminate"
	refused := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "evil.example" {
				w.WriteHeader(http.StatusMisdirectedRequest)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	reads := start(t, embedded.Options{UIAddress: "127.0.0.1:0", GuardUI: refused})
	run(t, connect(t, reads), "greet/1", "Ada")
	for _, path := range []string{"/", "/namespaces/default/workflows", "/api/v1/settings", "/api/v1/namespaces/default/workflows"} {
		require.Equal(t, http.StatusOK, ask(t, http.MethodGet, reads.UIURL()+path, "localhost").StatusCode, path)
		require.Equal(t, http.StatusMisdirectedRequest, ask(t, http.MethodGet, reads.UIURL()+path, "evil.example").StatusCode, path)
	}
	require.Equal(t, http.StatusMethodNotAllowed, ask(t, http.MethodPost, reads.UIURL()+terminate, "localhost").StatusCode)

	writes := start(t, embedded.Options{UIAddress: "127.0.0.1:0", UIWrites: true})
	require.Equal(t, http.StatusNotFound, ask(t, http.MethodPost, writes.UIURL()+terminate, "localhost").StatusCode, "there is no such workflow")
}
