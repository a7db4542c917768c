package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/store"
)

// How long a condition is waited for, and how often it is looked at.
const (
	waitFor = time.Minute
	tick    = 20 * time.Millisecond
)

// service is the program, with Temporal and a database, in this process.
type service struct {
	app      *app.App
	store    *store.Store
	temporal client.Client
	desk     *Desk
}

func start(t *testing.T) *service {
	t.Helper()
	temporal, err := embedded.Start(t.Context(), embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, temporal.Stop()) })
	url := "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db")
	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": url, "http.address": "127.0.0.1:0",
		"temporal.address": temporal.Address(), "temporal.namespace": temporal.Namespace(),
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))
	s := &service{desk: &Desk{}}
	s.app, err = app.New(t.Context(), cfg, append(options(s.desk), app.WithMigrations())...)
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
	s.store, err = store.Open(t.Context(), url, time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	s.temporal, err = client.Dial(client.Options{HostPort: temporal.Address(), Namespace: temporal.Namespace()})
	require.NoError(t, err)
	t.Cleanup(s.temporal.Close)
	return s
}

// post sends a request and returns its status and body.
func (s *service) post(t *testing.T, path string, body map[string]string, header ...string) (int, string) {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.app.Address()+path, bytes.NewReader(raw))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
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

// state is everything that an execution may leave behind.
func (s *service) state(t *testing.T) (out []string) {
	t.Helper()
	rows, err := s.store.DB().QueryContext(t.Context(), `
		SELECT 'identity ' || id FROM auth_identity
		UNION SELECT 'credential ' || entity_key FROM provider_identity
		UNION SELECT 'link ' || auth_identity_id || ' ' || actor_type FROM actor_link
		UNION SELECT 'courier ' || id FROM actor_record
		UNION SELECT 'event ' || id || ' ' || name FROM event WHERE name <> 'courier.recommended'
		ORDER BY 1`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var row string
		require.NoError(t, rows.Scan(&row))
		out = append(out, row)
	}
	require.NoError(t, rows.Err())
	return out
}

// result waits for the result of an execution that has started or is about to.
func (s *service) result(t *testing.T, id string) (courier Courier, err error) {
	t.Helper()
	require.Eventually(t, func() bool {
		err = s.app.Flows().Run(t.Context(), id).Get(t.Context(), &courier)
		return !errors.Is(err, everlatch.ErrNotFound)
	}, waitFor, tick)
	return courier, err
}

// hired reports whether there is a courier with this address, and an identity.
func (s *service) hired(t *testing.T, email string) bool {
	t.Helper()
	_, n, err := s.desk.couriers.List(t.Context(), everlatch.ActorQuery{Equal: map[string][]any{"email": {email}}})
	require.NoError(t, err)
	state := strings.Join(s.state(t), "\n")
	require.Equal(t, n == 1, strings.Contains(state, "credential "+email), state)
	return n == 1
}

func applicant(name, size string) map[string]string {
	return map[string]string{"email": name + "@example.com", "password": "correct horse battery", "name": name, "size": size}
}

func login(name string) map[string]string {
	return map[string]string{"email": name + "@example.com", "password": "correct horse battery"}
}

// The guide: one workflow, started in three ways, each of which ends whole or
// leaves nothing behind.
func TestOneWorkflowStartedInThreeWays(t *testing.T) {
	t.Parallel()
	s := start(t)
	t.Run("an API route", s.byRoute)                     //nolint:paralleltest // each looks at everything the service stores
	t.Run("an applicant with an identity", s.byCustomer) //nolint:paralleltest // each looks at everything the service stores
	t.Run("a schedule", s.bySchedule)                    //nolint:paralleltest // each looks at everything the service stores
	t.Run("an event", s.byEvent)                         //nolint:paralleltest // each looks at everything the service stores
}

func (s *service) byRoute(t *testing.T) {
	status, first := s.post(t, "/apply", applicant("ada", "M"), "Idempotency-Key", "one")
	require.Equal(t, http.StatusOK, status, first)
	require.True(t, s.hired(t, "ada@example.com"))
	status, body := s.post(t, "/auth/courier/emailpass", login("ada"))
	require.Equal(t, http.StatusOK, status, body)

	status, again := s.post(t, "/apply", applicant("ada", "M"), "Idempotency-Key", "one")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, first, again, "the same key gets the first answer")
	status, _ = s.post(t, "/apply", applicant("ada", "L"), "Idempotency-Key", "one")
	require.Equal(t, http.StatusConflict, status)

	before := s.state(t)
	status, body = s.post(t, "/apply", applicant("grace", "XXL"))
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "There is no uniform of size XXL.")
	require.Equal(t, before, s.state(t), "neither identity, record, link nor event")
	status, _ = s.post(t, "/auth/courier/emailpass", login("grace"))
	require.Equal(t, http.StatusUnauthorized, status)
}

func (s *service) byCustomer(t *testing.T) {
	status, body := s.post(t, "/auth/customer/emailpass/register", login("eve"))
	require.Equal(t, http.StatusOK, status, body)
	before := s.state(t)

	wrong := applicant("eve", "M")
	wrong["password"] = "not the password of eve"
	status, _ = s.post(t, "/apply", wrong)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, before, s.state(t))
	status, _ = s.post(t, "/apply", applicant("eve", "XXL"))
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, before, s.state(t), "the identity existed, so it stays")

	status, body = s.post(t, "/apply", applicant("eve", "S"))
	require.Equal(t, http.StatusOK, status, body)
	status, _ = s.post(t, "/auth/courier/emailpass", login("eve"))
	require.Equal(t, http.StatusOK, status)
}

func (s *service) bySchedule(t *testing.T) {
	courier, err := s.trigger(t, 1)
	require.NoError(t, err)
	require.Equal(t, "wanda@example.com", courier.Email)
	require.True(t, s.hired(t, "wanda@example.com"))

	before := s.state(t)
	_, err = s.trigger(t, 2)
	require.ErrorIs(t, err, everlatch.ErrNotAllowed)
	require.Equal(t, before, s.state(t))
	require.False(t, s.hired(t, "xaver@example.com"))
}

// trigger starts the job for the n-th time and waits for its result.
func (s *service) trigger(t *testing.T, n int) (Courier, error) {
	t.Helper()
	require.Eventually(t, func() bool { // the worker writes its schedules after it has started
		return s.app.Flows().TriggerSchedule(t.Context(), "hire-next") == nil
	}, waitFor, tick)
	var id string
	require.Eventually(t, func() bool {
		jobs, err := s.app.Flows().Schedules(t.Context())
		i := slices.IndexFunc(jobs, func(job flows.ScheduleInfo) bool { return job.ID == "hire-next" })
		if err != nil || i < 0 {
			return false
		}
		d, err := s.temporal.ScheduleClient().GetHandle(t.Context(), jobs[i].ScheduleID).Describe(t.Context())
		if err != nil || len(d.Info.RecentActions) < n {
			return false
		}
		id = d.Info.RecentActions[n-1].StartWorkflowResult.WorkflowID
		return true
	}, waitFor, tick)
	return s.result(t, id)
}

func (s *service) byEvent(t *testing.T) {
	courier, err := s.recommend(t, "evt_ok", "hedy", "L")
	require.NoError(t, err)
	require.Equal(t, "hedy@example.com", courier.Email)
	require.True(t, s.hired(t, "hedy@example.com"))

	before := s.state(t)
	_, err = s.recommend(t, "evt_bad", "joan", "XXL")
	require.ErrorIs(t, err, everlatch.ErrNotAllowed)
	require.Equal(t, before, s.state(t))
	require.False(t, s.hired(t, "joan@example.com"))
}

// recommend publishes an event and waits for the result of its workflow.
func (s *service) recommend(t *testing.T, id, name, size string) (Courier, error) {
	t.Helper()
	_, _, err := s.store.PublishEvent(t.Context(), everlatch.Event{
		ID: id, Name: "courier.recommended", Source: "apk_shop",
		Data: everlatch.Metadata{"email": name + "@example.com", "name": name, "size": size},
	})
	require.NoError(t, err)
	return s.result(t, s.app.Flows().EventFlowID("HireCourier", "hire-recommended", id))
}
