package beside_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/examples/beside"
)

func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()

	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, beside.Serve(ctx, "The shop", "127.0.0.1:0", http.NotFoundHandler()))
}

func TestServeNamesWhatCannotListen(t *testing.T) {
	t.Parallel()

	taken := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(taken.Close)

	err := beside.Serve(t.Context(), "The shop", taken.Listener.Addr().String(), http.NotFoundHandler())

	require.ErrorContains(t, err, "The shop cannot be on "+taken.URL)
	require.ErrorContains(t, err, "address already in use")
}
