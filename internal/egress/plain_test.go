package egress_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/egress"
)

func TestPlainHTTPStaysPrivate(t *testing.T) {
	t.Parallel()

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(server.Close)
	client := egress.PlainPrivate(egress.Client(time.Second, true))
	status, err := get(t.Context(), client, server.URL)
	require.NoError(t, err)
	require.Equal(t, http.StatusTeapot, status)
	for _, public := range []string{"http://1.1.1.1/", "http://[2606:4700:4700::1111]/"} {
		_, err := get(t.Context(), client, public)
		require.ErrorContains(t, err, "plain http is used for private addresses only", public)
	}
}
