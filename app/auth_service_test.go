package app_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/authtest"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/providers/totp"
)

// TestAuthServiceOverFlows runs the conformance suite of the service over what a process
// is made of: a database, the workflows and their worker, on one Temporal for all.
func TestAuthServiceOverFlows(t *testing.T) {
	t.Parallel()
	shared := cluster(t)
	databases := map[string]func(testing.TB) string{"SQLite": storetest.URL}
	if storetest.HasPostgres() {
		databases["PostgreSQL"] = storetest.PostgresURL
	}
	for name, database := range databases {
		for kind, service := range map[string]func(*testing.T, *app.App) auth.Service{
			"in the process": func(_ *testing.T, a *app.App) auth.Service { return a.Auth() },
			"over HTTP":      overHTTP,
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				open := func(t *testing.T) authtest.World {
					t.Helper()
					w := startAuthWorld(t, shared, func(c *config.Config) { c.Database.URL = config.URL(database(t)) })
					return w.suite(service(t, w.App))
				}
				authtest.Run(t, open)
				authtest.RunRaces(t, open)
			})
		}
	}
}

// authWorld is a process whose clock stands still once it is ready, so that a code of an
// authenticator app stays good.
type authWorld struct {
	*app.App

	url   string
	stood atomic.Pointer[time.Time]
	sent  *sentCodes
}

func (w *authWorld) now() time.Time {
	if at := w.stood.Load(); at != nil {
		return *at
	}
	return time.Now().UTC()
}

// cheapPasswords leaves the time of a race to what races.
var cheapPasswords = config.Provider{Resolve: "emailpass", ID: "emailpass", Options: map[string]any{
	"argon2": map[string]any{"memory_kib": 8, "time": 1, "parallelism": 1},
}}

// startAuthWorld starts a process beside others on a Temporal, with a queue of its own.
func startAuthWorld(t *testing.T, shared config.Config, change func(c *config.Config), opts ...app.Option) *authWorld {
	t.Helper()
	cfg := settings(t)
	cfg.Temporal = shared.Temporal
	cfg.Temporal.TaskQueue = "auth-" + strings.ToLower(rand.Text())
	cfg.Auth.Providers = []config.Provider{cheapPasswords}
	change(&cfg)
	w := &authWorld{sent: &sentCodes{latest: map[string]string{}}}
	w.App = launch(t, cfg, append([]app.Option{
		app.WithProvider("elsewhere", magic{}), app.WithClock(w.now),
		app.WithSubscriber("codes", []string{everlatch.EventVerificationRequested}, w.sent.take),
	}, opts...)...)
	w.url = "http://" + w.Address()
	await(t, w.url)
	w.stood.Store(new(w.now()))
	return w
}

// suite is what the conformance suite is told of the world.
func (w *authWorld) suite(service auth.Service) authtest.World {
	return authtest.World{
		Service: service, Code: w.sent.code,
		TOTP: func(secret string, later int) string { return w.code(secret, later) },
		Customer: func(t *testing.T) string {
			t.Helper()
			id := ids.New(ids.Customer, w.now())
			c, err := w.Store().CreateCustomer(t.Context(), everlatch.Customer{
				ID: id, Email: new(strings.ToLower(id) + "@example.com"), HasAccount: true,
			}, everlatch.Event{})
			require.NoError(t, err)
			return c.ID
		},
	}
}

// code is what an authenticator app shows, some steps later.
func (w *authWorld) code(secret string, later int) string {
	code, err := totp.Code(secret, w.now().Add(time.Duration(later)*30*time.Second))
	if err != nil {
		panic(err) // it was made by the service
	}
	return code
}

// overHTTP is a client of a process, with an API key of its own.
func overHTTP(t *testing.T, a *app.App) auth.Service {
	t.Helper()
	key := "sk_" + strings.ToLower(rand.Text())
	_, err := a.Store().CreateAPIKey(t.Context(), everlatch.APIKey{
		ID: "apk_" + key, Title: "shop", Type: everlatch.KeySecret, CreatedBy: "tests",
	}, tokens.HashSecret(key))
	require.NoError(t, err)
	c, err := auth.NewClient("http://"+a.Address(), key)
	require.NoError(t, err)
	return c
}

// sentCodes are the verification codes that a process has told its subscribers.
type sentCodes struct {
	mu     sync.Mutex
	latest map[string]string
}

func (s *sentCodes) take(_ context.Context, e everlatch.Event) error {
	address, _ := e.Data["entity_id"].(string)
	code, _ := e.Data["code"].(string)
	if address == "" || code == "" {
		return everlatch.Permanent(errors.New("the event has no code"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest[address] = code
	return nil
}

func (s *sentCodes) code(t *testing.T, address string) (code string) {
	t.Helper()
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		code = s.latest[address]
		return code != ""
	}, patience, 10*time.Millisecond, "a code for %s", address)
	return code
}
