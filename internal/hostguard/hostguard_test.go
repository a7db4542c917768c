package hostguard_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/hostguard"
)

func TestGuard(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		address     string
		names       []string
		yes, refuse []string
	}{
		"on the loopback interface": {
			address: "127.0.0.1:9000",
			yes:     []string{"localhost:9000", "LOCALHOST", "127.0.0.1:9000", "127.0.0.2", "[::1]:9000", "shop.localhost:9000", "localhost."},
			refuse:  []string{"", "evil.example", "evil.example:9000", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.5:9000", "evillocalhost"},
		},
		"on one address": {
			address: "192.168.1.5:9000",
			yes:     []string{"192.168.1.5:9000", "localhost"},
			refuse:  []string{"192.168.1.6", "evil.example"},
		},
		"on every interface": {
			address: "0.0.0.0:9000",
			yes:     []string{"192.168.1.5:9000", "[2001:db8::1]:9000", "localhost"},
			refuse:  []string{"evil.example", "0.0.0.0.evil.example"},
		},
		"with names": {
			address: "127.0.0.1:9000", names: []string{"Dev.Example", "tunnel.example:443"},
			yes:    []string{"dev.example:9000", "tunnel.example"},
			refuse: []string{"other.example", "dev.example.evil"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := hostguard.New(tt.address, tt.names...)
			h := g.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
			status := func(host string) int {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_dev/mail.json", nil)
				r.Host = host
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				return w.Code
			}

			for _, host := range tt.yes {
				require.Equal(t, http.StatusNoContent, status(host), host)
			}
			for _, host := range tt.refuse {
				require.Equal(t, http.StatusMisdirectedRequest, status(host), host)
			}
		})
	}
}
