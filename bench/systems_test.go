package main_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// answering serves JSON, as the documentation of another system has it.
func answering(t *testing.T, routes map[string]func(r *http.Request, body map[string]any) (int, any)) string {
	t.Helper()
	mux := http.NewServeMux()
	for route, handle := range routes {
		mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
			var body map[string]any
			if r.Method == http.MethodPost && json.NewDecoder(r.Body).Decode(&body) != nil {
				http.Error(w, "no JSON", http.StatusBadRequest)
				return
			}
			status, answer := handle(r, body)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(answer)
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

type fields = map[string]any

func TestGoTrue(t *testing.T) {
	t.Parallel()
	var known, in atomic.Int64
	base := answering(t, map[string]func(*http.Request, fields) (int, any){
		"POST /signup": func(_ *http.Request, body fields) (int, any) {
			if body["email"] == "" || body["password"] == "" {
				return http.StatusBadRequest, nil
			}
			known.Add(1)
			return http.StatusOK, fields{"id": "1"}
		},
		"POST /token": func(r *http.Request, body fields) (int, any) {
			if r.URL.Query().Get("grant_type") != "password" || body["password"] == "" {
				return http.StatusBadRequest, nil
			}
			in.Add(1)
			return http.StatusOK, fields{"access_token": "x"}
		},
	})
	out, err := run(t, "-system", "gotrue", "-base", base, "-c", "2", "-n", "20", "-warm", "0", "-people", "5", "-json")
	require.NoError(t, err)
	require.EqualValues(t, 5, known.Load())
	require.EqualValues(t, 20, in.Load())
	require.Equal(t, 20, lines(t, out)[0].Requests)
}

func TestKratos(t *testing.T) {
	t.Parallel()
	var known, in atomic.Int64
	admin := answering(t, map[string]func(*http.Request, fields) (int, any){
		"POST /admin/identities": func(_ *http.Request, body fields) (int, any) {
			if body["schema_id"] != "default" || body["credentials"] == nil {
				return http.StatusBadRequest, nil
			}
			known.Add(1)
			return http.StatusCreated, fields{"id": "1"}
		},
	})
	base := answering(t, map[string]func(*http.Request, fields) (int, any){
		"GET /self-service/login/api": func(*http.Request, fields) (int, any) { return http.StatusOK, fields{"id": "f1"} },
		"POST /self-service/login": func(r *http.Request, body fields) (int, any) {
			if r.URL.Query().Get("flow") != "f1" || body["method"] != "password" {
				return http.StatusBadRequest, nil
			}
			in.Add(1)
			return http.StatusOK, fields{"session_token": "x"}
		},
	})
	out, err := run(t, "-system", "kratos", "-base", base, "-admin-base", admin, "-c", "2", "-n", "20", "-warm", "0", "-json")
	require.NoError(t, err)
	require.EqualValues(t, 2, known.Load())
	require.EqualValues(t, 20, in.Load())
	require.Equal(t, 20, lines(t, out)[0].Requests)
}

func TestOtherSystemsAreChecked(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-system", "keycloak"},
		{"-system", "gotrue", "-scenarios", "register"},
		{"-system", "gotrue", "-attack"},
		{"-system", "kratos", "-admin-base", "http://example.com"},
	} {
		_, err := run(t, args...)
		require.Error(t, err, "%v", args)
	}
}
