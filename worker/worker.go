package worker

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/nexus-rpc/sdk-go/nexus"
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
	// Hooks are custom functions that run inside flows.
	Hooks []Hook
	// Version is that of the worker; the zero value is none. Behaviors say what becomes of
	// custom workflows when another version is current, by name; by default they are
	// upgraded. Those of ours are in [workflows.Versioning].
	Version   sdkworker.WorkerDeploymentVersion
	Behaviors map[string]workflow.VersioningBehavior
	// Ended, if set, is told about every execution that has ended here: its workflow,
	// one word for how it ended, and how long its last run took. It must be quick.
	Ended func(workflow, outcome string, took time.Duration)
	Log   *slog.Logger
}

// FlowsAtOnce is how many workflow tasks a worker runs at the same time;
// the others wait in Temporal's queue, where waiting costs nothing and has no
// timeout. With more than a few per core, a burst of sign-ins would wait for hashes
// inside their workflow tasks, time out together, and hash again.
func FlowsAtOnce() int { return max(8, 4*runtime.GOMAXPROCS(0)) }

// pollers ask for workflow tasks. Each holds the slot of the task that it may get, also while
// it waits, so theirs come on top: without, as many sign-ins could not start here and would go
// through the queue, which takes Temporal more calls and another write.
const pollers = 2

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
		MaxConcurrentWorkflowTaskPollers:       pollers,
		MaxConcurrentWorkflowTaskExecutionSize: FlowsAtOnce() + pollers,
		// A restarted worker does not wait for the cache of its predecessor.
		StickyScheduleToStartTimeout: time.Second,
		Interceptors:                 []interceptor.WorkerInterceptor{temporalkit.NewInterceptor(o.Log)},
	}
	if o.Ended != nil {
		// Outside, where the outcome of a result has been said.
		options.Interceptors = append([]interceptor.WorkerInterceptor{&endings{ended: o.Ended}}, options.Interceptors...)
	}
	if o.Queue == Slow { // activities alone
		options.DisableWorkflowWorker = true
		options.MaxConcurrentActivityExecutionSize = slowCallsAtOnce
	}
	versioned := o.Version != sdkworker.WorkerDeploymentVersion{}
	if versioned {
		options.DeploymentOptions = sdkworker.DeploymentOptions{
			UseVersioning: true, Version: o.Version, DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
		}
	}
	w := sdkworker.New(c, o.Queue.Name(o.TaskQueue), options)
	registerActivities(w, a)
	for _, own := range o.Activities {
		w.RegisterActivity(own)
	}
	for _, h := range o.Hooks {
		if h.Activity != nil || !options.DisableWorkflowWorker {
			RegisterHook(w, h)
		}
	}
	if options.DisableWorkflowWorker {
		return w
	}
	if versioned {
		registerWorkflows(pinning{w})
	} else {
		registerWorkflows(w)
	}
	for name, own := range o.Workflows {
		w.RegisterWorkflowWithOptions(own, workflow.RegisterOptions{Name: name, VersioningBehavior: o.Behaviors[name]})
	}
	return w
}

// pinning registers our workflows with what becomes of them when another version is
// current.
type pinning struct{ sdkworker.WorkflowRegistry }

// RegisterWorkflow implements [sdkworker.WorkflowRegistry].
func (p pinning) RegisterWorkflow(w any) {
	p.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{VersioningBehavior: workflows.Versioning(w)})
}

// NexusQueue returns the task queue of Nexus operations, given the configured name.
func NexusQueue(configured string) string { return configured + nexusSuffix }

const nexusSuffix = "-nexus"

// NewNexus returns a worker of the operations of a Nexus service. Its payloads are those
// of callers who don't have the key ring, so it has a connection without the codec, a
// queue of its own, and neither workflows nor activities.
func NewNexus(plain client.Client, service *nexus.Service, o Options) sdkworker.Worker {
	w := sdkworker.New(plain, NexusQueue(o.TaskQueue), sdkworker.Options{
		WorkerStopTimeout: o.StopWithin, DisableWorkflowWorker: true, LocalActivityWorkerOnly: true,
	})
	w.RegisterNexusService(service)
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
	r.RegisterWorkflow(workflows.ConfirmedRegistration)
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
	r.RegisterWorkflow(workflows.UpdateProvider)
	r.RegisterWorkflow(workflows.UnlinkIdentity)
	r.RegisterWorkflow(workflows.SocialLogin)
	r.RegisterWorkflow(workflows.PasskeySignIn)
	r.RegisterWorkflow(workflows.PasskeyRegistration)
	r.RegisterWorkflow(workflows.EmailSignIn)
	r.RegisterWorkflow(workflows.PasswordReset)
	r.RegisterWorkflow(workflows.FactorEnrollment)
	r.RegisterWorkflow(workflows.RemoveFactor)
	r.RegisterWorkflow(workflows.GenerateRecoveryCodes)
	r.RegisterWorkflow(workflows.MFAChallenge)
	r.RegisterWorkflow(workflows.Invitation)
	r.RegisterWorkflow(workflows.EmailChange)
	r.RegisterWorkflow(workflows.SignInNotice)
	r.RegisterWorkflow(workflows.Verification)
	r.RegisterWorkflow(workflows.DisableIdentity)
	r.RegisterWorkflow(workflows.EnableIdentity)
	r.RegisterWorkflow(workflows.EndIdentitySessions)
	r.RegisterWorkflow(workflows.EndIdentitySession)
	r.RegisterWorkflow(workflows.DeleteUnlinkedIdentity)
	r.RegisterWorkflow(workflows.DeliverEvent)
	r.RegisterWorkflow(workflows.CleanUp)
	r.RegisterWorkflow(workflows.RemoveOrphans)
	r.RegisterWorkflow(workflows.TendEvents)
	r.RegisterWorkflow(workflows.ReportDeadLetters)
	r.RegisterWorkflow(workflows.TendDeletions)
	r.RegisterWorkflow(workflows.Import)
	r.RegisterWorkflow(workflows.Reseal)
}

func registerActivities(r sdkworker.ActivityRegistry, a activities.All) {
	r.RegisterActivity(a.Credentials)
	r.RegisterActivity(a.Resets)
	r.RegisterActivity(a.Redirects)
	r.RegisterActivity(a.Passkeys)
	r.RegisterActivity(a.EmailSignIns)
	r.RegisterActivity(a.Invites)
	r.RegisterActivity(a.Emails)
	r.RegisterActivity(a.Factors)
	r.RegisterActivity(a.SignIns)
	r.RegisterActivity(a.Verifications)
	r.RegisterActivity(a.Accounts)
	r.RegisterActivity(a.Actors)
	r.RegisterActivity(a.Identities)
	r.RegisterActivity(a.Deletions)
	r.RegisterActivity(a.Erasures)
	r.RegisterActivity(a.Events)
	r.RegisterActivity(a.Deliveries)
	r.RegisterActivity(a.Upkeep)
	r.RegisterActivity(a.Challenges)
	r.RegisterActivity(a.Imports)
	r.RegisterActivity(a.Reseals)
}
