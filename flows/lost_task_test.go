package flows_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/worker"
	"github.com/everlatch/everlatch/workflows"
)

// lastWords lets a worker do one activity and then nothing more, as if it was killed
// right after it.
type lastWords struct {
	interceptor.InterceptorBase

	activity string
	once     sync.Once
	done     chan struct{}
	release  <-chan struct{}
}

func (l *lastWords) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &lastActivity{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, of: l}
}

type lastActivity struct {
	interceptor.ActivityInboundInterceptorBase

	of *lastWords
}

func (a *lastActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	out, err := a.Next.ExecuteActivity(ctx, in)
	if activity.GetInfo(ctx).ActivityType.Name == a.of.activity {
		a.of.once.Do(func() { close(a.of.done) })
		<-a.of.release
	}
	return out, err
}

// diesAfter starts a workflow, whose worker dies after an activity, before the
// workflow task has ended. Another worker finishes it.
func (s *service) diesAfter(name string, options client.StartWorkflowOptions, flow, in any) {
	s.t.Helper()
	last := &lastWords{activity: name, done: make(chan struct{}), release: s.t.Context().Done()}
	mortal, err := temporalkit.Dial(temporalkit.Options{
		Client:  client.Options{HostPort: s.server.Address(), Namespace: s.server.Namespace()},
		Sealing: temporalkit.Sealing{Ring: s.options.Ring}, Interceptors: []interceptor.ClientInterceptor{last}, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(s.t, err)
	w := worker.New(mortal, s.acts, worker.Options{TaskQueue: flows.TaskQueue, Log: slog.New(slog.DiscardHandler)})
	require.NoError(s.t, w.Start())

	options.TaskQueue, options.WorkflowTaskTimeout = flows.TaskQueue, time.Second
	run, err := s.temporal.ExecuteWorkflow(s.t.Context(), options, flow, in)
	require.NoError(s.t, err)
	select {
	case <-last.done:
	case <-time.After(20 * time.Second):
		s.t.Fatal("the activity was not run")
	}
	mortal.Close()
	defer s.work()()
	require.NoError(s.t, run.Get(s.t.Context(), nil))
}

// released requires an event of a name, of which subscribers are told.
func (s *service) released(name string) {
	s.t.Helper()
	found, _, err := s.store.Events(s.t.Context(), store.EventFilter{Name: name}, store.Page{Limit: 9})
	require.NoError(s.t, err)
	require.Len(s.t, found, 1, name)
	require.NotNil(s.t, found[0].ReleasedAt, name)
}

// A flow that is repeated after a crash does not take what it has done itself for what was
// so before: it would leave the rest undone.
func TestFlowsWhoseWorkerDies(t *testing.T) {
	t.Parallel()
	s := startService(t, embedded.Options{})
	stop := s.work()
	login, err := s.flows.Register(t.Context(), flows.AuthRequest{ActorType: "customer", Provider: "emailpass", Input: s.input("a good horse")})
	require.NoError(t, err)
	identity := login.Principal.AuthIdentityID
	customer, err := s.store.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_1", Email: new("ada@example.com"), HasAccount: true}, everlatch.Event{
		ID: "evt_1", Name: everlatch.EventCustomerCreated, Data: everlatch.Metadata{"id": "cus_1"}, CreatedAt: time.Now(), ReleasedAt: new(time.Now()),
	})
	require.NoError(t, err)
	stop()

	s.diesAfter("LinkActor", client.StartWorkflowOptions{ID: "link"}, workflows.SetAuthAppMetadata, workflows.SetAuthAppMetadataInput{
		AuthIdentityID: identity, ActorType: everlatch.ActorCustomer, ActorID: &customer.ID,
	})
	s.released(everlatch.EventActorLinked)
	s.diesAfter("RemoveIdentity", client.StartWorkflowOptions{ID: workflows.RemovalID(everlatch.ActorCustomer, customer.ID)},
		workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: customer.ID})
	s.released(everlatch.EventIdentityDeleted) // deleted for good, not hidden
}
