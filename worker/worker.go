package worker

import (
	"log/slog"
	"runtime"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/workflows"
)

// Queue is one of the task queues of an installation. Each has a worker with slots of
// its own, so that a backlog of one starves no other.
type Queue string

// The queues.
const (
	// Interactive runs what a caller waits for.
	Interactive Queue = "interactive"
	// Slow runs calls that leave the machine while a caller waits.
	Slow Queue = "slow"
	// Deliveries runs what no caller waits for: deliveries, erasers, scheduled jobs.
	Deliveries Queue = "deliveries"
)

// Name returns the task queue in Temporal, given the configured name.
func (q Queue) Name(configured string) string {
	switch q {
	case Slow:
		return workflows.SlowQueue(configured)
	case Deliveries:
		return workflows.DeliveriesQueue(configured)
	default:
		return configured
	}
}

// Options configure [New].
type Options struct {
	// TaskQueue is the configured name, of which the names of all queues are made.
	TaskQueue string
	// Queue is the one to serve; "" is [Interactive].
	Queue Queue
	// StopWithin is how long a stopping worker may finish what runs.
	StopWithin time.Duration
	// Workflows are custom ones, by name; Activities are their sets.
	Workflows  map[string]any
	Activities []any
	Log        *slog.Logger
}

// workflowTasksAtOnce is how many workflow tasks a worker runs at the same time;
// the others wait in Temporal's queue, where waiting costs nothing and has no
// timeout. With more than a few per core, a burst of sign-ins would wait for hashes
// inside their workflow tasks, time out together, and hash again.
func workflowTasksAtOnce() int { return max(8, 4*runtime.GOMAXPROCS(0)) }

// slowCallsAtOnce bounds the calls to other systems that a process waits for. Those
// beyond it wait in Temporal's queue, no longer than their callers do.
const slowCallsAtOnce = 256

// New returns a worker of one queue that is ready to start. It shares its client with
// package flows; with another client, starts are not eager. The queues of workflows
// register everything: an execution finishes on the queue that it was started on,
// whatever is started there now.
func New(c client.Client, a activities.All, o Options) sdkworker.Worker {
	options := sdkworker.Options{
		WorkerStopTimeout:                      o.StopWithin,
		MaxConcurrentWorkflowTaskExecutionSize: workflowTasksAtOnce(),
		// A restarted worker does not wait for the cache of its predecessor.
		StickyScheduleToStartTimeout: time.Second,
		Interceptors:                 []interceptor.WorkerInterceptor{temporalkit.NewInterceptor(o.Log)},
	}
	if o.Queue == Slow { // activities alone
		options.DisableWorkflowWorker = true
		options.MaxConcurrentActivityExecutionSize = slowCallsAtOnce
	}
	w := sdkworker.New(c, o.Queue.Name(o.TaskQueue), options)
	registerActivities(w, a)
	for _, own := range o.Activities {
		w.RegisterActivity(own)
	}
	if options.DisableWorkflowWorker {
		return w
	}
	registerWorkflows(w)
	for name, own := range o.Workflows {
		w.RegisterWorkflowWithOptions(own, workflow.RegisterOptions{Name: name})
	}
	return w
}

// Register registers every workflow and activity. Their names are part of
// histories and kept in testdata/names.golden: add, never rename.
func Register(r sdkworker.Registry, a activities.All) {
	registerWorkflows(r)
	registerActivities(r, a)
}

func registerWorkflows(r sdkworker.WorkflowRegistry) {
	r.RegisterWorkflow(workflows.Authenticate)
	r.RegisterWorkflow(workflows.Register)
	r.RegisterWorkflow(workflows.CreateCustomerAccount)
	r.RegisterWorkflow(workflows.CreateUserAccount)
	r.RegisterWorkflow(workflows.RemoveCustomerAccount)
	r.RegisterWorkflow(workflows.RemoveUserAccount)
	r.RegisterWorkflow(workflows.AccountDeletion)
	r.RegisterWorkflow(workflows.EraseAccount)
	r.RegisterWorkflow(workflows.SetAuthAppMetadata)
	r.RegisterWorkflow(workflows.DeleteAuthIdentity)
	r.RegisterWorkflow(workflows.CreateActorAccount)
	r.RegisterWorkflow(workflows.UpdateActor)
	r.RegisterWorkflow(workflows.RemoveActorAccount)
	r.RegisterWorkflow(workflows.LinkIdentity)
	r.RegisterWorkflow(workflows.UnlinkIdentity)
	r.RegisterWorkflow(workflows.SocialLogin)
	r.RegisterWorkflow(workflows.PasswordReset)
	r.RegisterWorkflow(workflows.Invitation)
	r.RegisterWorkflow(workflows.EmailChange)
	r.RegisterWorkflow(workflows.DeliverEvent)
	r.RegisterWorkflow(workflows.CleanUp)
	r.RegisterWorkflow(workflows.RemoveOrphans)
	r.RegisterWorkflow(workflows.TendEvents)
	r.RegisterWorkflow(workflows.ReportDeadLetters)
	r.RegisterWorkflow(workflows.TendDeletions)
}

func registerActivities(r sdkworker.ActivityRegistry, a activities.All) {
	r.RegisterActivity(a.Credentials)
	r.RegisterActivity(a.Resets)
	r.RegisterActivity(a.Redirects)
	r.RegisterActivity(a.Invites)
	r.RegisterActivity(a.Emails)
	r.RegisterActivity(a.Accounts)
	r.RegisterActivity(a.Actors)
	r.RegisterActivity(a.Identities)
	r.RegisterActivity(a.Deletions)
	r.RegisterActivity(a.Erasures)
	r.RegisterActivity(a.Events)
	r.RegisterActivity(a.Deliveries)
	r.RegisterActivity(a.Upkeep)
}
