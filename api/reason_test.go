package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRefusalsTellTheirReason(t *testing.T) {
	t.Parallel()

	w := setup(t)
	for _, tt := range []struct{ method, path, body, want string }{
		{http.MethodPost, "/auth/customer/emailpass/reset-password", `{}`, "field_required; field=identifier"},
		{http.MethodGet, "/store/customers/me", "", "unauthenticated"},
		{http.MethodGet, "/health", "", ""},
	} {
		answer := w.do(tt.method, tt.path, tt.body)
		require.Equal(t, tt.want, answer.Header.Get("Everlatch-Reason"), tt.path)
	}
}
