package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShop(t *testing.T) {
	t.Parallel()
	sdk := filepath.Join(t.TempDir(), "medusa.js")
	require.NoError(t, os.WriteFile(sdk, []byte("export default class {}"), 0o600))
	shop := newShop(shopOptions{Web: os.DirFS("web"), SDK: sdk, API: "http://localhost:9000", PublishableKey: `pk_"1`})
	for path, want := range map[string]string{
		"/":                        "Corner Shop",
		"/signed-in?code=1":        "Corner Shop",
		"/reset-password?token=1":  "Corner Shop",
		"/hosted.js":               "code_challenge_method",
		"/medusa.js":               "export default",
		"/settings.js":             `export const publishableKey = "pk_\"1";`,
		"/node_modules/secret.txt": "404",
	} {
		w := httptest.NewRecorder()
		shop.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		require.Contains(t, w.Body.String(), want, path)
		require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
		if w.Code == http.StatusOK {
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"), path)
		}
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "connect-src http://localhost:9000;")
	}
}

func TestShopNeedsItsPages(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), []string{"--folder", t.TempDir(), "--sdk", "medusa.js"})
	require.ErrorContains(t, err, "start it at the root of the repository")
}
