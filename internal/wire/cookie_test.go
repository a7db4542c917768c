package wire_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/wire"
)

func TestSameSiteNoneIsSecure(t *testing.T) {
	t.Parallel()

	for _, secure := range []*bool{nil, new(false), new(true)} {
		j := wire.Cookies{Secrets: []string{"secret"}, Name: "sid", Path: "/", SameSite: http.SameSiteNoneMode, Secure: secure}
		w := httptest.NewRecorder()
		j.Set(w, httptest.NewRequest(http.MethodGet, "http://shop.example/", http.NoBody), "id", time.Unix(1, 0))
		require.Contains(t, w.Header().Get("Set-Cookie"), "; Secure; SameSite=None")
	}
}
