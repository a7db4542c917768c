package apitest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/apitest"
)

// recorder is a test that only notes its errors.
type recorder struct {
	testing.TB

	errors []string
}

func (r *recorder) Helper()                   {}
func (r *recorder) Errorf(f string, a ...any) { r.errors = append(r.errors, fmt.Sprintf(f, a...)) }

func TestTransportSeesDeviations(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		method, path, body string
		status             int
		answer             string
		ok                 bool
	}{
		"as described":           {"GET", "/cloud/auth", "", 200, `{"enabled":false}`, true},
		"another spelling":       {"GET", "/Store/Customers/ME/", "", 401, `{"message":"Unauthorized"}`, true},
		"HEAD":                   {"HEAD", "/cloud/auth", "", 200, "", true},
		"refused input":          {"POST", "/store/customers", `{"nope":1}`, 400, `{"type":"invalid_data","message":"x"}`, true},
		"unknown path":           {"GET", "/nope", "", 404, "", true},
		"wrong value":            {"GET", "/cloud/auth", "", 200, `{"enabled":true}`, false},
		"another field":          {"GET", "/cloud/auth", "", 200, `{"enabled":false,"x":1}`, false},
		"error without a type":   {"POST", "/store/customers", `{}`, 422, `{"message":"x"}`, false},
		"input that is too much": {"POST", "/store/customers/me", `{"nope":1}`, 200, `{"customer":{"id":"cus_1"}}`, false},
		"unexpected status":      {"GET", "/health", "", 418, "", false},
		"unknown route":          {"GET", "/nope", "", 200, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			tb := &recorder{TB: t}
			client := &http.Client{Transport: apitest.NewTransport(tb, apitest.Handler(http.HandlerFunc(
				func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json; charset=utf-8")
					w.WriteHeader(tt.status)
					_, _ = w.Write([]byte(tt.answer))
				})))}
			r, err := http.NewRequestWithContext(t.Context(), tt.method, "http://x"+tt.path, strings.NewReader(tt.body))
			require.NoError(t, err)
			if tt.body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			resp, err := client.Do(r)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, tt.ok, len(tb.errors) == 0, "%v", tb.errors)
		})
	}
}
