//go:build !noembedded

package embedded_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"

	"github.com/everlatch/everlatch/internal/embedded"
)

// ask sends a request to the UI, as a page of a host would, and returns the status.
func ask(t *testing.T, method, url, host string) int {
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
	return res.StatusCode
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
		require.Equal(t, http.StatusOK, ask(t, http.MethodGet, reads.UIURL()+path, "localhost"), path)
		require.Equal(t, http.StatusMisdirectedRequest, ask(t, http.MethodGet, reads.UIURL()+path, "evil.example"), path)
	}
	require.Equal(t, http.StatusMethodNotAllowed, ask(t, http.MethodPost, reads.UIURL()+terminate, "localhost"))

	writes := start(t, embedded.Options{UIAddress: "127.0.0.1:0", UIWrites: true})
	require.Equal(t, http.StatusNotFound, ask(t, http.MethodPost, writes.UIURL()+terminate, "localhost"), "there is no such workflow")
}

// The UI decodes payloads by a codec that its own listener serves, and only on a loopback
// address.
func TestUICodec(t *testing.T) {
	t.Parallel()
	var origins []string
	codec := func(of []string) (http.Handler, error) {
		origins = of
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.Method+" "+r.URL.Path)
		}), nil
	}
	local := start(t, embedded.Options{UIAddress: "127.0.0.1:0", UICodec: codec})
	require.Contains(t, origins, local.UIURL())
	require.Contains(t, read(t, http.MethodGet, local.UIURL()+"/api/v1/settings"), `"Endpoint":"`+local.UIURL()+`/_codec"`)
	require.Equal(t, "POST /decode", read(t, http.MethodPost, local.UIURL()+"/_codec/decode"))

	open := start(t, embedded.Options{UIAddress: "0.0.0.0:0", UICodec: codec})
	require.Contains(t, read(t, http.MethodGet, open.UIURL()+"/api/v1/settings"), `"Endpoint":""`)
	require.NotEqual(t, "POST /decode", read(t, http.MethodPost, open.UIURL()+"/_codec/decode"))
}

func read(t *testing.T, method, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("{}"))
	require.NoError(t, err)
	res, err := (&http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(raw)
}

// Search attributes exist from the first start on, and in a folder of an earlier version.
func TestSearchAttributes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	wanted := map[string]enumspb.IndexedValueType{"Colour": enumspb.INDEXED_VALUE_TYPE_KEYWORD}
	known := func(s *embedded.Server) map[string]enumspb.IndexedValueType {
		found, err := connect(t, s).OperatorService().ListSearchAttributes(t.Context(),
			&operatorservice.ListSearchAttributesRequest{Namespace: s.Namespace()})
		require.NoError(t, err)
		return found.GetCustomAttributes()
	}
	require.Contains(t, known(start(t, embedded.Options{SearchAttributes: wanted})), "Colour")

	old, err := embedded.Start(t.Context(), embedded.Options{Folder: folder})
	require.NoError(t, err)
	require.NotContains(t, known(old), "Colour")
	require.NoError(t, old.Stop())
	require.Contains(t, known(start(t, embedded.Options{Folder: folder, SearchAttributes: wanted})), "Colour")
}
