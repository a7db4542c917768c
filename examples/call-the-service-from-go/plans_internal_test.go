package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

// service knows Ada.
type service struct {
	auth.Service

	changed []auth.AuthIdentityUpdate
}

func (s *service) ListAuthIdentities(_ context.Context, f auth.AuthIdentityFilter, _ auth.FindConfig) ([]everlatch.AuthIdentity, error) {
	if *f.ProviderIdentities.EntityKey.Eq != "ada@example.com" {
		return nil, nil
	}
	return []everlatch.AuthIdentity{{ID: "authid_ada"}}, nil
}

func (s *service) UpdateAuthIdentities(_ context.Context, in ...auth.AuthIdentityUpdate) ([]everlatch.AuthIdentity, error) {
	s.changed = append(s.changed, in...)
	return []everlatch.AuthIdentity{{ID: in[0].ID, AppMetadata: in[0].AppMetadata}}, nil
}

func (*service) CreateAuthMfaChallenge(_ context.Context, in auth.NewChallenge) (auth.Challenge, error) {
	return auth.Challenge{ID: "authmfachal_1", AuthIdentityID: in.AuthIdentityID, StepUp: in.StepUp, Metadata: in.Metadata}, nil
}

func (*service) VerifyAuthMfaChallenge(_ context.Context, in auth.ChallengeCode) (auth.Challenge, error) {
	if in.Code != "123456" {
		return auth.Challenge{}, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonChallengeCode}
	}
	return auth.Challenge{ID: in.ID, AuthIdentityID: in.AuthIdentityID, Metadata: everlatch.Metadata{"plan": "gold"}}, nil
}

func TestConfirmPlan(t *testing.T) {
	t.Parallel()
	s := &service{}
	p := &plans{service: s}
	send := func(do func(echo.Context) error, body string) (*httptest.ResponseRecorder, error) {
		r := httptest.NewRequest(http.MethodPost, "/admin/plans/x", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		return w, do(echo.New().NewContext(r, w))
	}
	w, err := send(p.ask, `{"identity":"authid_ada","plan":"gold"}`)
	require.NoError(t, err)
	require.Contains(t, w.Body.String(), `"id":"authmfachal_1"`)
	require.Contains(t, w.Body.String(), `"step_up":true`)
	_, err = send(p.confirm, `{"challenge":"authmfachal_1","identity":"authid_ada","method":"totp","code":"000000"}`)
	require.Equal(t, everlatch.CodeNotAllowed, everlatch.ErrorCode(err))
	require.Empty(t, s.changed)
	w, err = send(p.confirm, `{"challenge":"authmfachal_1","identity":"authid_ada","method":"totp","code":"123456"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"plan":"gold"}`, w.Body.String())
}

func TestSetPlan(t *testing.T) {
	t.Parallel()
	s := &service{}
	set := func(email string) (*httptest.ResponseRecorder, error) {
		r := httptest.NewRequest(http.MethodPost, "/admin/plans", strings.NewReader(`{"email":"`+email+`","plan":"gold"}`))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		return w, (&plans{service: s}).set(echo.New().NewContext(r, w))
	}
	w, err := set("Ada@example.com")
	require.NoError(t, err)
	require.JSONEq(t, `{"plan":"gold"}`, w.Body.String())
	require.Equal(t, []auth.AuthIdentityUpdate{{ID: "authid_ada", AppMetadata: everlatch.Metadata{"plan": "gold"}}}, s.changed)
	_, err = set("bob@example.com")
	require.ErrorIs(t, err, everlatch.ErrNotFound)
}
