package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

// service knows the plan of one identity, and tokens that are ids of identities.
type service struct{ auth.AuthIdentities }

func (service) Verify(_ context.Context, token string) (auth.Claims, error) {
	if token == "forged" {
		return auth.Claims{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Unauthorized"}
	}
	return auth.Claims{ActorType: "customer", ActorID: "cus_1", AuthIdentityID: token}, nil
}

func (service) RetrieveAuthIdentity(_ context.Context, id string, _ auth.FindConfig) (everlatch.AuthIdentity, error) {
	if id == "away" {
		return everlatch.AuthIdentity{}, everlatch.Unavailable("The service", nil)
	}
	identity := everlatch.AuthIdentity{ID: id}
	if id == "authid_gold" {
		identity.AppMetadata = everlatch.Metadata{"plan": "gold"}
	}
	return identity, nil
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	h := (&shop{service: service{}}).handler(service{})
	for token, want := range map[string]struct {
		status int
		body   string
	}{
		"authid_gold": {http.StatusOK, `["preview.pdf","book.pdf"]`},
		"authid_free": {http.StatusOK, `["preview.pdf"]`},
		"forged":      {http.StatusUnauthorized, `{"message":"Unauthorized"}`},
		"away":        {http.StatusServiceUnavailable, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/downloads", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, want.status, w.Code, token)
		if want.body != "" {
			require.JSONEq(t, want.body, w.Body.String(), token)
		}
	}
}
