package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

// BenchmarkReadCustomer is GET /store/customers/me without the network: its query, two
// with a session, and what the API adds. The aim is 8,000 requests a second with a token
// on two cores, load generator and PostgreSQL included.
func BenchmarkReadCustomer(b *testing.B) {
	w := setup(b)
	token := w.customer("a@example.com")
	for name, set := range map[string]func(*http.Request){
		"bearer":    func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) },
		"session":   func(r *http.Request) { r.Header.Set("Cookie", w.session(token)) },
		"anonymous": func(*http.Request) {},
	} {
		b.Run(name, func(b *testing.B) {
			first := httptest.NewRequest(http.MethodGet, "/store/customers/me", nil)
			set(first)
			handler := w.server.Handler()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := first.Clone(first.Context())
					recorder := httptest.NewRecorder()
					handler.ServeHTTP(recorder, r)
					if name != "anonymous" {
						require.Equal(b, 200, recorder.Code)
					}
				}
			})
		})
	}
}

// BenchmarkReadUser is GET /admin/users/me without roles and with them: the same
// number of queries, one of which does more.
func BenchmarkReadUser(b *testing.B) {
	for name, w := range map[string]*world{"roles off": setup(b), "roles on": withRBAC(b)} {
		token := w.admin("root@example.com")
		if name == "roles on" {
			w.grant(w.claims(token).ActorID, everlatch.RoleSuperAdmin)
		}
		b.Run(name, func(b *testing.B) {
			first := httptest.NewRequest(http.MethodGet, "/admin/users/me", nil)
			first.Header.Set("Authorization", "Bearer "+token)
			handler := w.server.Handler()
			b.ReportAllocs()
			for b.Loop() {
				recorder := httptest.NewRecorder()
				handler.ServeHTTP(recorder, first.Clone(first.Context()))
				require.Equal(b, 200, recorder.Code)
			}
		})
	}
}
