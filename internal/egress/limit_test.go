package egress_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/egress"
)

// ask makes one request through a limited client to a server that answers with a
// status and a body.
func ask(t *testing.T, handler http.HandlerFunc, header http.Header) (status int, body string, err error) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Accept", "text/plain")
	resp, err := egress.Limit(server.Client(), header).Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NotContains(t, req.Header, "User-Agent", "the caller's request is left as it was")
	return resp.StatusCode, string(text), nil
}

func TestLimit(t *testing.T) {
	t.Parallel()

	const mebibyte = 1 << 20
	answer := func(status, length int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, strings.Repeat("x", length))
		}
	}
	for name, tt := range map[string]struct {
		status, length int
		tooLong        bool
	}{
		"nothing":            {http.StatusOK, 0, false},
		"as much as allowed": {http.StatusOK, mebibyte, false},
		"one byte more":      {http.StatusOK, mebibyte + 1, true},
		"a long refusal":     {http.StatusBadRequest, 2 * mebibyte, false},
		"a long fault":       {http.StatusInternalServerError, 2 * mebibyte, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			status, body, err := ask(t, answer(tt.status, tt.length), nil)
			if tt.tooLong {
				require.ErrorIs(t, err, egress.ErrTooLong)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.status, status)
			require.Len(t, body, min(tt.length, mebibyte))
		})
	}
}

func TestLimitAddsHeaders(t *testing.T) {
	t.Parallel()

	echo := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Accept")+" "+r.UserAgent())
	}
	_, body, err := ask(t, echo, http.Header{"Accept": {"application/json"}, "User-Agent": {"Everlatch"}})
	require.NoError(t, err)
	require.Equal(t, "text/plain Everlatch", body, "what the request says goes first")
}

// A body that breaks off is an error of the request, which its caller can tell
// from a body that cannot be read.
func TestLimitReportsBrokenBodies(t *testing.T) {
	t.Parallel()

	_, _, err := ask(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}, nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
