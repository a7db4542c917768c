package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/config"
)

func typed(email, password string) auth.AuthenticationInput {
	return auth.AuthenticationInput{ActorType: "customer", Body: map[string]any{"email": email, "password": password}}
}

// rightPassword is that of all users here.
const rightPassword = "correct horse battery"

// registered signs a user up by the service.
func (w *authWorld) registered(t *testing.T, email string) everlatch.AuthIdentity {
	t.Helper()
	made, err := w.Auth().Register(t.Context(), "emailpass", typed(email, rightPassword))
	require.NoError(t, err)
	return made.AuthIdentity
}

// post sends a body to a route, and returns the status.
func (w *authWorld) post(t *testing.T, path, body string) answer {
	t.Helper()
	return request(t, http.MethodPost, w.url+path, body)
}

func requireLimited(t *testing.T, err error) {
	t.Helper()
	require.Equal(t, everlatch.CodeRateLimited, everlatch.ErrorCode(err), "%v", err)
	e, ok := errors.AsType[*everlatch.Error](err)
	require.True(t, ok)
	require.NotEmpty(t, e.Details["retry_after"])
}

// TestAuthServiceIsLimited: the service counts what the routes count, in the same
// counters, whether it is called in the process or over HTTP.
func TestAuthServiceIsLimited(t *testing.T) {
	t.Parallel()
	w := startAuthWorld(t, cluster(t), func(c *config.Config) {
		c.Limits.Account.DelayAfter, c.Limits.Account.LockAfter, c.Limits.Mail = 3, 3, "2/1h"
	})
	client := overHTTP(t, w.App)
	for name, test := range map[string]func(*testing.T, *authWorld, auth.Service){
		"accounts": accountsAreLocked, "repeated requests": repetitionsCountOnce, "second factors": factorsAreLocked, "mails": mailsAreCounted,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, w, client)
		})
	}
}

func accountsAreLocked(t *testing.T, w *authWorld, client auth.Service) {
	const email, right, next = "ada@example.com", rightPassword, "another horse battery"
	w.registered(t, email)
	signIn := func(password string) answer {
		return w.post(t, "/auth/customer/emailpass", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
	}
	for _, service := range []auth.Service{w.Auth(), client} {
		_, err := service.Authenticate(t.Context(), "emailpass", typed(email, "wrong horse battery"))
		require.Equal(t, everlatch.CodeUnauthorized, everlatch.ErrorCode(err), "%v", err)
	}
	require.Equal(t, http.StatusUnauthorized, signIn("wrong horse battery").status)

	for _, service := range []auth.Service{w.Auth(), client} {
		_, err := service.Authenticate(t.Context(), "emailpass", typed(email, right))
		requireLimited(t, err)
	}
	locked := signIn(right)
	require.Equal(t, http.StatusTooManyRequests, locked.status, locked.body)
	require.NotEmpty(t, locked.header.Get("Retry-After"))

	_, err := client.UpdateProvider(t.Context(), "emailpass", auth.ProviderUpdate{EntityID: email, Body: map[string]any{"password": next}})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, signIn(next).status, "a new password lifts the lock")
}

func repetitionsCountOnce(t *testing.T, w *authWorld, client auth.Service) {
	const email = "bob@example.com"
	w.registered(t, email)
	wrong := typed(email, "wrong horse battery")
	wrong.IdempotencyKey = "one request"
	for range 6 {
		_, err := client.Authenticate(t.Context(), "emailpass", wrong)
		require.Equal(t, everlatch.CodeUnauthorized, everlatch.ErrorCode(err), "%v", err)
	}
	_, err := w.Auth().Authenticate(t.Context(), "emailpass", typed(email, rightPassword))
	require.NoError(t, err)
}

// factorsAreLocked by wrong answers, whichever methods they come by: twice as many as
// passwords.
func factorsAreLocked(t *testing.T, w *authWorld, client auth.Service) {
	const email, right = "cyd@example.com", rightPassword
	id := w.registered(t, email).ID
	started, err := client.StartAuthMfa(t.Context(), auth.NewFactor{AuthIdentityID: id, Provider: "totp"})
	require.NoError(t, err)
	secret, _ := started.Public["secret"].(string)
	factor := started.Factor.ID
	_, err = client.VerifyAuthMfa(t.Context(), auth.FactorCode{ID: factor, Code: w.code(secret, -1)})
	require.NoError(t, err)
	open, err := client.CreateAuthMfaChallenge(t.Context(), auth.NewChallenge{AuthIdentityID: id})
	require.NoError(t, err)
	answered := func(s auth.Service, code string) error {
		_, err := s.VerifyAuthMfaChallenge(t.Context(), auth.ChallengeCode{ID: open.ID, AuthIdentityID: id, Method: "totp", Code: code})
		return err
	}
	for _, guess := range []func() error{
		func() error { return answered(client, "000000") },
		func() error { return answered(w.Auth(), "000000") },
		func() error { return client.UseAuthMfaRecoveryCode(t.Context(), id, "wrong") },
		func() error { return w.Auth().UseAuthMfaRecoveryCode(t.Context(), id, "wrong") },
		func() error {
			_, err := client.DisableAuthMfa(t.Context(), auth.FactorRemoval{ID: factor, Method: "totp", Code: "000000"})
			return err
		},
		func() error {
			_, err := client.VerifyAuthMfa(t.Context(), auth.FactorCode{ID: factor, Code: "000000"})
			return err
		},
	} {
		require.Equal(t, everlatch.CodeNotAllowed, everlatch.ErrorCode(guess()))
	}
	requireLimited(t, answered(client, w.code(secret, 0)))
	requireLimited(t, answered(w.Auth(), w.code(secret, 0)))
	begun := w.post(t, "/auth/customer/emailpass", fmt.Sprintf(`{"email":%q,"password":%q}`, email, right))
	require.Equal(t, http.StatusOK, begun.status, begun.body)
	var challenged struct {
		Token     string `json:"token"`
		Challenge struct {
			ID string `json:"id"`
		} `json:"mfa_challenge"`
	}
	require.NoError(t, json.Unmarshal([]byte(begun.body), &challenged))
	r := requestAs(t, challenged.Token, http.MethodPost, w.url+"/auth/mfa/challenges/"+challenged.Challenge.ID+"/verify",
		fmt.Sprintf(`{"method":"totp","code":%q}`, w.code(secret, 0)))
	require.Equal(t, http.StatusTooManyRequests, r.status, r.body)
}

func mailsAreCounted(t *testing.T, w *authWorld, client auth.Service) {
	const email = "dora@example.com"
	id := w.registered(t, email).ID
	ask := func(s auth.Service, provider string) error {
		_, err := s.RequestAuthVerification(t.Context(), auth.VerificationRequest{
			AuthIdentityID: id, EntityID: strings.ToUpper(email), EntityType: everlatch.EntityEmail, CodeProvider: provider,
		})
		return err
	}
	require.NoError(t, ask(w.Auth(), "token"))
	require.NoError(t, ask(client, "otp"))
	requireLimited(t, ask(w.Auth(), "token"))
	requireLimited(t, ask(client, "otp"))
	reset := w.post(t, "/auth/customer/emailpass/reset-password", fmt.Sprintf(`{"identifier":%q}`, email))
	require.Equal(t, http.StatusTooManyRequests, reset.status, reset.body)
}

// hasher is a provider that computes for as long as it is told to.
type hasher struct{ directory }

func (hasher) Slow() bool { return false }

// TestAuthServiceWaitsForItsTurn: what computes a password hash is refused while the queue
// of the process is full, and nothing else is.
func TestAuthServiceWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	computes := hasher{directory{asked: make(chan struct{}, 10), release: make(chan struct{})}}
	asks := directory{asked: make(chan struct{}, 10), release: make(chan struct{})}
	close(asks.release)
	var mu sync.Mutex
	var refused []app.Limited
	w := startAuthWorld(t, cluster(t), func(c *config.Config) { c.Limits.Queue, c.Limits.AtOnce = 1, 1 },
		app.WithProvider("hasher", computes), app.WithProvider("directory", asks), app.WithLimitObserver(func(l app.Limited) {
			mu.Lock()
			defer mu.Unlock()
			refused = append(refused, l)
		}))
	client := overHTTP(t, w.App)
	w.registered(t, "ada@example.com")
	done := make(chan answer, 1)
	go func() { done <- w.post(t, "/auth/customer/hasher", `{"name":"ada"}`) }() //nolint:testifylint // a failed request ends the test
	<-computes.asked

	for _, service := range []auth.Service{w.Auth(), client} {
		_, signIn := service.Authenticate(t.Context(), "emailpass", typed("ada@example.com", rightPassword))
		_, signUp := service.Register(t.Context(), "emailpass", typed("bob@example.com", rightPassword))
		_, change := service.UpdateProvider(t.Context(), "emailpass", auth.ProviderUpdate{
			EntityID: "ada@example.com", Body: map[string]any{"password": "another horse battery"},
		})
		for _, err := range []error{signIn, signUp, change} {
			require.ErrorIs(t, err, everlatch.ErrUnavailable)
		}
		_, err := service.Authenticate(t.Context(), "directory", auth.AuthenticationInput{ActorType: "customer", Body: map[string]any{"name": "ada"}})
		require.Equal(t, everlatch.CodeUnauthorized, everlatch.ErrorCode(err), "a provider that asks elsewhere: %v", err)
		_, err = service.ListAuthIdentities(t.Context(), auth.AuthIdentityFilter{}, auth.FindConfig{})
		require.NoError(t, err)
	}
	close(computes.release)
	require.Equal(t, http.StatusUnauthorized, (<-done).status)
	_, err := client.Authenticate(t.Context(), "emailpass", typed("ada@example.com", rightPassword))
	require.NoError(t, err)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, refused, 6)
	for _, l := range refused {
		require.Equal(t, "queue", l.Scope)
	}
}
