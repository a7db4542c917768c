package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/worker"
)

// office is everything that the workflows need, but for Temporal.
type office struct {
	managers *Managers
	store    *store.Store
	// broken is an activity that fails for good, after it has taken effect.
	broken string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	managers, err := openManagers(t.Context(), filepath.Join(t.TempDir(), "managers.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, managers.DB.Close()) })
	s, err := store.Open(t.Context(), "sqlite://:memory:", time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	for _, id := range []string{"authid_ada", "authid_grace"} {
		_, err = s.RegisterIdentity(t.Context(), store.NewIdentity{
			ID: id, ProviderIdentityID: "pi_" + id, Provider: "emailpass", EntityID: id, EntityKey: id,
		})
		require.NoError(t, err)
	}
	return &office{managers: managers, store: s}
}

// run runs a workflow to its end.
func (o *office) run(t *testing.T, id string, workflow, input any) error {
	t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.SetWorkerOptions(sdkworker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
	env.SetWorkerOptions(sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{
		temporalkit.NewInterceptor(slog.New(slog.DiscardHandler)), &breaker{office: o},
	}})
	worker.Register(env, activities.New(activities.Deps{Store: o.store, Now: time.Now}))
	env.RegisterActivity(o.managers)
	env.RegisterWorkflow(HireManager)
	env.RegisterWorkflow(DismissManager)
	env.SetStartWorkflowOptions(startOptions(id))
	env.ExecuteWorkflow(workflow, input)
	require.True(t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		return temporalkit.Decode(err)
	}
	return nil
}

// state is the managers, and the managers that identities are linked to.
func (o *office) state(t *testing.T) (managers, links []string) {
	t.Helper()
	rows, err := o.managers.DB.QueryContext(t.Context(), `SELECT id FROM manager WHERE dismissed_by IS NULL ORDER BY id`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var id string
		require.NoError(t, rows.Scan(&id))
		managers = append(managers, id)
	}
	require.NoError(t, rows.Err())
	for _, id := range []string{"authid_ada", "authid_grace"} {
		standing, err := o.store.Standing(t.Context(), id, "manager", "")
		if err == nil && standing.ActorID != "" {
			links = append(links, id+" "+standing.ActorID)
		}
	}
	return managers, links
}

// breaker makes an activity fail.
type breaker struct {
	interceptor.WorkerInterceptorBase

	office *office
}

func (b *breaker) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &broken{office: b.office}
	i.Next = next
	return i
}

type broken struct {
	interceptor.ActivityInboundInterceptorBase

	office *office
}

func (b *broken) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	out, err := b.Next.ExecuteActivity(ctx, in)
	if activity.GetInfo(ctx).ActivityType.Name == b.office.broken {
		return nil, errors.New("the answer is lost")
	}
	return out, err
}

func ada() HireManagerInput {
	return HireManagerInput{AuthIdentityID: "authid_ada", Manager: Manager{ID: "mana_1", Email: "ada@example.com", Name: "Ada"}}
}

func TestHiring(t *testing.T) {
	t.Parallel()

	for _, step := range []string{"AddManager", "FindLink", "LinkActor", "RecordEvent"} {
		t.Run("undone when the answer of "+step+" is lost", func(t *testing.T) {
			t.Parallel()

			o := newOffice(t)
			o.broken = step
			require.Error(t, o.run(t, "hire/1", HireManager, ada()))
			managers, links := o.state(t)
			require.Empty(t, managers)
			require.Empty(t, links)
		})
	}
	t.Run("row and link", func(t *testing.T) {
		t.Parallel()

		o := newOffice(t)
		require.NoError(t, o.run(t, "hire/1", HireManager, ada()))
		managers, links := o.state(t)
		require.Equal(t, []string{"mana_1"}, managers)
		require.Equal(t, []string{"authid_ada mana_1"}, links)
		_, count, err := o.store.Events(t.Context(), store.EventFilter{Name: "manager.hired", Released: new(true)}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, count)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()

		o := newOffice(t)
		require.NoError(t, o.run(t, "hire/1", HireManager, ada()))
		again := ada()
		again.Manager.ID, again.Manager.Email = "mana_2", "other@example.com"
		require.ErrorIs(t, o.run(t, "hire/2", HireManager, again), everlatch.ErrNotAllowed, "one identity, one manager")
		other := ada()
		other.AuthIdentityID, other.Manager.ID, other.Manager.Email = "authid_grace", "mana_3", "ADA@example.com"
		require.ErrorIs(t, o.run(t, "hire/3", HireManager, other), everlatch.ErrDuplicate, "the address is hers")
		managers, links := o.state(t)
		require.Equal(t, []string{"mana_1"}, managers)
		require.Equal(t, []string{"authid_ada mana_1"}, links)
	})
}

func TestDismissal(t *testing.T) {
	t.Parallel()

	for _, step := range []string{"HideManager", "FindIdentities", "RemoveIdentity"} {
		t.Run("undone when the answer of "+step+" is lost", func(t *testing.T) {
			t.Parallel()

			o := newOffice(t)
			require.NoError(t, o.run(t, "hire/1", HireManager, ada()))
			o.broken = step
			require.Error(t, o.run(t, "dismiss/1", DismissManager, "mana_1"))
			managers, links := o.state(t)
			require.Equal(t, []string{"mana_1"}, managers)
			require.Equal(t, []string{"authid_ada mana_1"}, links)
		})
	}
	t.Run("manager and identity", func(t *testing.T) {
		t.Parallel()

		o := newOffice(t)
		require.NoError(t, o.run(t, "hire/1", HireManager, ada()))
		require.NoError(t, o.run(t, "dismiss/1", DismissManager, "mana_1"))
		managers, links := o.state(t)
		require.Empty(t, managers)
		require.Empty(t, links)
		_, err := o.store.Identity(t.Context(), "authid_ada")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
	})
}

// TestCustomManagers of package e2e shows how the service behaves when it runs.
func TestTheServiceAssembles(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))

	cfg.Data.Dir = t.TempDir()
	a, err := app.New(t.Context(), cfg, app.FromConfig(options), app.WithMigrations())

	require.NoError(t, err)
	require.NoError(t, a.Close())
}

func startOptions(id string) client.StartWorkflowOptions { return client.StartWorkflowOptions{ID: id} }
