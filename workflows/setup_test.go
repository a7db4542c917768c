package workflows_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
	"github.com/everlatch/everlatch/subscribers"
	"github.com/everlatch/everlatch/worker"
)

// house is everything a flow needs, real but for the Temporal server: the
// activities, the store (SQLite), the vault, and a provider with cheap hashes.
type house struct {
	store       *store.Store
	vault       *vault.Vault
	rings       *keys.Rings
	tokens      *tokens.Tokens
	subscribers *subscribers.Registry
	providers   *providers.Registry
	acts        activities.All
	erasers     map[string]everlatch.Eraser
	faults      *faults
	counters    *counters
	clock       *clock
	// cancelAt is the activity during whose first call the next flow is cancelled.
	cancelAt string
	// own registers what a program adds.
	own func(env *testsuite.TestWorkflowEnvironment)
}

type clock struct {
	mu  sync.Mutex
	now time.Time
	// follow, when set, is the clock of a test environment that skips time.
	follow func() time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.follow != nil {
		return c.follow()
	}
	return c.now
}

// of makes the clock that of a test environment. It starts with the real time,
// against which the environment measures local activities.
func (c *clock) of(env *testsuite.TestWorkflowEnvironment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.follow = env.Now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{faults: &faults{}, counters: &counters{}, erasers: map[string]everlatch.Eraser{}, clock: &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}}
	h.store = storetest.Open(t, h.clock.Now)

	rings, err := keys.New(keys.Options{
		Encryption: []vault.Key{{ID: "k1", Secret: vault.NewSecret(make([]byte, 32))}}, Algorithm: "HS256",
		Refresh: 5 * time.Second, Now: h.clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	h.rings = rings
	h.vault = vault.New(h.store, rings.Vault, 15*time.Minute, h.clock.Now)

	registry := providers.NewRegistry()
	h.providers = registry
	provider, err := emailpass.New(emailpass.Options{
		Argon2: emailpass.Argon2{MemoryKiB: 8, Time: 1, Parallelism: 1},
	})
	require.NoError(t, err)
	require.NoError(t, registry.Add("emailpass", provider))

	signer, err := tokens.New(tokens.Config{Secret: []byte("a secret of the tests, long enough")}, h.clock.Now)
	require.NoError(t, err)
	h.subscribers = subscribers.NewRegistry()
	h.tokens = signer
	h.acts = activities.New(activities.Deps{
		Codes: builtInCodes(t),
		Store: h.store, Vault: h.vault, Providers: registry, Tokens: signer, Subscribers: h.subscribers, Now: h.clock.Now,
		ActorTypes: []everlatch.ActorType{managerType(t, h.store)},
		Erasers:    h.erasers, Rings: rings,
	})
	return h
}

// env returns a fresh test environment on this house. Its workflow id is the
// test environment's own, so that a second execution is another flow only in
// what its input says.
func (h *house) env(t *testing.T, id string) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	suite.SetMetricsHandler(h.counters)
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartWorkflowOptions(startOptions(id))
	env.SetWorkerOptions(sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{
		temporalkit.NewInterceptor(slog.New(slog.DiscardHandler)), h.faults,
	}})
	env.SetTestTimeout(time.Minute)
	worker.Register(env, h.acts)
	if h.own != nil {
		h.own(env)
	}
	return env
}

// perform runs a flow to its end and returns its result or decoded error.
func perform[O any](t *testing.T, h *house, id string, workflow, input any) (out O, err error) {
	t.Helper()
	env := h.env(t, id)
	if h.cancelAt != "" {
		h.faults.set(fault{activities: []string{h.cancelAt}, meanwhile: env.CancelWorkflow})
		h.cancelAt = ""
	}
	if input == nil {
		env.ExecuteWorkflow(workflow)
	} else {
		env.ExecuteWorkflow(workflow, input)
	}
	require.True(t, env.IsWorkflowCompleted(), "the flow must end")
	if err := env.GetWorkflowError(); err != nil {
		return out, temporalkit.Decode(err)
	}
	require.NoError(t, env.GetWorkflowResult(&out))
	return out, nil
}

// seal puts a request where the API would have put it.
func (h *house) seal(t *testing.T, email, password string) vault.Ref {
	t.Helper()
	raw, err := json.Marshal(providers.Input{Body: map[string]any{"email": email, "password": password}})
	require.NoError(t, err)
	ref, err := h.vault.Put(t.Context(), vault.NewSecret(raw))
	require.NoError(t, err)
	return ref
}

// faults makes activities fail. It counts every call.
type faults struct {
	interceptor.WorkerInterceptorBase

	mu     sync.Mutex
	rules  []fault
	calls  []string
	locals map[string]bool
}

// fault says which activities fail, how often, and whether they do their work
// first and lose the answer.
type fault struct {
	activities []string
	times      int // negative: for good
	after      bool
	err        error // what they say, errFault if nil
	// meanwhile happens before the first call, which does not fail for it.
	meanwhile func()
}

var errFault = errors.New("injected fault")

func (f *faults) set(rules ...fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules, f.calls, f.locals = rules, nil, nil
}

func (f *faults) called(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == name {
			n++
		}
	}
	return n
}

// note keeps whether an activity ran as a local one.
func (f *faults) note(name string, local bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locals == nil {
		f.locals = map[string]bool{}
	}
	f.locals[name] = f.locals[name] || local
}

func (f *faults) local(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.locals[name]
}

func (f *faults) next(name string) (err error, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	for i := range f.rules {
		r := &f.rules[i]
		if r.meanwhile != nil && slices.Contains(r.activities, name) {
			r.meanwhile()
			r.meanwhile = nil
		}
		if r.times == 0 || !slices.Contains(r.activities, name) {
			continue
		}
		r.times--
		return cmp.Or(r.err, errFault), r.after
	}
	return nil, false
}

func (f *faults) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	i := &faultyActivity{faults: f}
	i.Next = next
	return i
}

type faultyActivity struct {
	interceptor.ActivityInboundInterceptorBase

	faults *faults
}

func (a *faultyActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	a.faults.note(activityName(ctx), activity.GetInfo(ctx).IsLocalActivity)
	fault, after := a.faults.next(activityName(ctx))
	if fault != nil && !after {
		return nil, fault
	}
	out, err := a.Next.ExecuteActivity(ctx, in)
	if fault != nil && err == nil {
		return nil, fault
	}
	return out, err
}

// snapshot is what the store holds, for "as it was before".
func (h *house) snapshot(t *testing.T) map[string][]string {
	t.Helper()
	queries := map[string]string{
		"identities": `SELECT id || ' v' || CASE WHEN deleted_at IS NULL THEN 'live' ELSE 'removed' END FROM auth_identity ORDER BY id`,
		"credentials": `SELECT id || ' ' || entity_key || CASE WHEN deleted_at IS NULL THEN ' live' ELSE ' removed' END
			FROM provider_identity ORDER BY id`,
		"links":     `SELECT auth_identity_id || ' ' || actor_type || ' ' || actor_id FROM actor_link ORDER BY 1`,
		"customers": `SELECT id || CASE WHEN deleted_at IS NULL THEN ' live' ELSE ' removed' END FROM customer ORDER BY id`,
		"users":     `SELECT id || CASE WHEN deleted_at IS NULL THEN ' live' ELSE ' removed' END FROM "user" ORDER BY id`,
		"invites": `SELECT id || ' ' || email || CASE WHEN accepted THEN ' accepted' WHEN deleted_at IS NULL THEN ' live' ELSE ' revoked' END
			FROM invite ORDER BY id`,
		"actors": `SELECT id || ' ' || data || CASE WHEN deleted_at IS NULL THEN ' live' ELSE ' removed' END FROM actor_record ORDER BY id`,
		"events": `SELECT name || CASE WHEN released_at IS NULL THEN ' pending' ELSE ' released' END FROM event
			ORDER BY 1`,
	}
	out := map[string][]string{}
	for name, query := range queries {
		rows, err := h.store.DB().QueryContext(t.Context(), query)
		require.NoError(t, err, name)
		for rows.Next() {
			var row string
			require.NoError(t, rows.Scan(&row))
			out[name] = append(out[name], row)
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
	return out
}

func requireRefusal(t *testing.T, r *everlatch.Refusal, code everlatch.Code, message string) {
	t.Helper()
	require.NotNil(t, r)
	refused, ok := errors.AsType[*everlatch.Error](r.Err())
	require.True(t, ok)
	require.Equal(t, code, refused.Code)
	require.Equal(t, message, api.Message(refused), "what a client reads")
}
