package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/vault"
)

const (
	password = "correct horse battery"
	// waitFor is how long a condition is waited for, tick how often it is looked at.
	waitFor = time.Minute
	tick    = 50 * time.Millisecond
)

// service is the program, with Temporal and a database, in this process.
type service struct {
	app   *app.App
	admin string // the token of an administrator
}

type object = map[string]any

func start(t *testing.T) *service {
	t.Helper()
	temporal, err := embedded.Start(t.Context(), embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, temporal.Stop()) })
	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "http.address": "127.0.0.1:0",
		"temporal.address": temporal.Address(), "temporal.namespace": temporal.Namespace(),
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	s := &service{}
	s.app, err = app.New(t.Context(), cfg, append(options(), app.WithMigrations(), app.WithDevMail())...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.app.Close()) })
	require.NoError(t, s.app.Listen(t.Context()))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	<-s.app.Started()

	_, err = s.app.Flows().CreateUser(t.Context(), flows.UserRequest{
		Provider: "emailpass", Email: "root@example.com", Password: vault.NewSecret([]byte(password)),
	})
	require.NoError(t, err, "the hook lets administrators pass")
	s.admin = s.token(t, "/auth/user/emailpass", object{"email": "root@example.com", "password": password})
	return s
}

// do sends a request, and returns status and body.
func (s *service) do(t *testing.T, method, path, token string, body object, header ...string) (int, string) {
	t.Helper()
	var raw []byte
	if body != nil {
		var err error
		raw, err = json.Marshal(body)
		require.NoError(t, err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.app.Address()+path, bytes.NewReader(raw))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := (&http.Client{Timeout: waitFor}).Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

func (s *service) token(t *testing.T, path string, body object) string {
	t.Helper()
	status, text := s.do(t, http.MethodPost, path, "", body)
	require.Equal(t, http.StatusOK, status, text)
	var out struct {
		Token string `json:"token"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &out))
	return out.Token
}

// waiting returns the flow of the sign-up with an address, once it is listed.
func (s *service) waiting(t *testing.T, email string) (flow string) {
	t.Helper()
	require.Eventually(t, func() bool {
		status, text := s.do(t, http.MethodGet, "/admin/sign-ups", s.admin, nil)
		require.Equal(t, http.StatusOK, status, text)
		var out struct {
			SignUps []struct {
				FlowID string `json:"flow_id"`
				Email  string `json:"email"`
			} `json:"sign_ups"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &out))
		for _, w := range out.SignUps {
			if w.Email == email {
				flow = w.FlowID
			}
		}
		return flow != ""
	}, waitFor, tick)
	return flow
}

// mailed waits for a mail about an event to an address.
func (s *service) mailed(t *testing.T, name, email string) {
	t.Helper()
	require.Eventually(t, func() bool {
		events, err := s.app.EventsBetween(t.Context(), name, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		require.NoError(t, err)
		for _, e := range events {
			if e.Data["email"] == email {
				return true
			}
		}
		return false
	}, waitFor, tick)
}

// The guide, as the Medusa SDK does it: register, then create the customer.
func TestASignUpWaitsForApproval(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := object{"email": "ada@example.com", "password": password}
	token := s.token(t, "/auth/customer/emailpass/register", ada)
	profile := object{"first_name": "Ada", "additional_data": object{"school": "Lovelace High"}}

	began := time.Now()
	status, body := s.do(t, http.MethodPost, "/store/customers", token, profile)
	require.Equal(t, http.StatusAccepted, status, body)
	require.JSONEq(t, `{"status":"pending","message":"Your request is waiting for approval."}`, body)
	require.Less(t, time.Since(began), 10*time.Second, "at once")
	status, body = s.do(t, http.MethodPost, "/store/customers", token, profile)
	require.Equal(t, http.StatusAccepted, status, "the same again waits with the first: %s", body)

	flow := s.waiting(t, "ada@example.com")
	s.mailed(t, everlatch.EventApprovalRequested, "ada@example.com")
	status, _ = s.do(t, http.MethodPost, "/admin/sign-ups", token, object{"flow_id": flow, "approve": true})
	require.Equal(t, http.StatusUnauthorized, status, "no customer approves")
	status, body = s.do(t, http.MethodPost, "/admin/sign-ups", s.admin, object{"flow_id": flow, "approve": true})
	require.Equal(t, http.StatusOK, status, body)
	s.mailed(t, everlatch.EventApprovalGranted, "ada@example.com")

	customer := s.token(t, "/auth/customer/emailpass", ada)
	status, body = s.do(t, http.MethodGet, "/store/customers/me", customer, nil)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, `"first_name":"Ada"`)
	status, _ = s.do(t, http.MethodPost, "/admin/sign-ups", s.admin, object{"flow_id": flow, "approve": false})
	require.Equal(t, http.StatusNotFound, status, "it is decided")
}

// The other way to sign up, in one request with an Idempotency-Key, which tells the
// outcome later.
func TestARefusedSignUpLeavesNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	request := object{"email": "eve@example.com", "password": password, "actor": object{"first_name": "Eve"}}
	signUp := func() (int, string) {
		return s.do(t, http.MethodPost, "/auth/customer/emailpass/register", "", request, "Idempotency-Key", "eve-1")
	}
	status, body := signUp()
	require.Equal(t, http.StatusAccepted, status, body)
	require.Contains(t, body, `"token":""`, "the SDK keeps none")
	changed := object{"email": "eve@example.com", "password": "another password", "actor": object{}}
	status, _ = s.do(t, http.MethodPost, "/auth/customer/emailpass/register", "", changed, "Idempotency-Key", "eve-1")
	require.Equal(t, http.StatusConflict, status)

	flow := s.waiting(t, "eve@example.com")
	status, body = s.do(t, http.MethodPost, "/admin/sign-ups", s.admin,
		object{"flow_id": flow, "approve": false, "reason": "We sell to schools only."})
	require.Equal(t, http.StatusOK, status, body)
	s.mailed(t, everlatch.EventApprovalRefused, "eve@example.com")

	status, body = signUp()
	require.Equal(t, http.StatusForbidden, status, "the same request tells the outcome")
	require.Contains(t, body, "We sell to schools only.")
	status, _ = s.do(t, http.MethodPost, "/auth/customer/emailpass", "", object{"email": "eve@example.com", "password": password})
	require.Equal(t, http.StatusUnauthorized, status, "no identity is left")
	_, text := s.do(t, http.MethodGet, "/admin/sign-ups", s.admin, nil)
	require.NotContains(t, text, "eve@example.com")
}

func TestWithoutADecision(t *testing.T) {
	t.Parallel()
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	begun := env.Now()
	env.ExecuteWorkflow(ApproveSignUp, everlatch.HookInput{ActorType: everlatch.ActorCustomer})
	require.ErrorContains(t, env.GetWorkflowError(), "no decision within a week")
	require.GreaterOrEqual(t, env.Now().Sub(begun), decideWithin) // of the environment's time, which is skipped
}
