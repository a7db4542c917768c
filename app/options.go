package app

import (
	"context"
	"log/slog"
	"net"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/subscribers"
	"github.com/everlatch/everlatch/worker"
)

// Parts say what a process does.
type Parts uint8

// The parts. With none, an [App] starts flows that a worker in another process runs.
const (
	// API answers HTTP requests.
	API Parts = 1 << iota
	// Worker runs flows.
	Worker
)

// Home is the page at GET /.
type Home = api.HomeInfo

// Link is one line of [Home].
type Link = api.Link

// Option changes how [New] assembles an [App].
type Option func(*options)

type options struct {
	parts         Parts
	migrate       bool
	now           func() time.Time
	log           *slog.Logger
	environ       []string
	home          Home
	providers     []registration
	factors       []providers.SecondFactor
	codes         []codeRegistration
	routes        []func(*App, *api.Server) error
	actorTypes    []everlatch.ActorType
	subscriptions []subscribers.Subscription
	flowsOnEvents []FlowSubscription
	workflows     map[string]any
	behaviors     map[string]workflow.VersioningBehavior
	activities    []any
	schedules     []Schedule
	erasers       []eraser
	hooks         []hook
	devMail       bool
	devMetrics    bool
	traces        trace.TracerProvider
	quiet         bool
	localHosts    bool
	// weakSecrets lets dev start with secrets that a person chose.
	weakSecrets bool
	// command is the name of the program, and buildID its version.
	command    string
	buildID    string
	listener   net.Listener
	fromConfig []func(config.Config) ([]Option, error)
	onLimit    func(Limited)
	onApp      []func(*App) error
	background []func(context.Context, *App) error
	// dialOptions are for the connection to Temporal.
	dialOptions []grpc.DialOption
	blocks      map[string][]pages.BlockFunc
}

type codeRegistration struct {
	id       string
	provider providers.CodeProvider
}

type registration struct {
	id       string
	provider providers.Provider
}

// WithParts says what the process does; by default API and Worker.
func WithParts(p Parts) Option { return func(o *options) { o.parts = p } }

// WithMigrations brings the schema of the database up to date. Without it, New
// refuses a database that is behind.
func WithMigrations() Option { return func(o *options) { o.migrate = true } }

// WithWeakSecrets accepts signing secrets that could be guessed, and warns.
// It is for development alone: who guesses them can sign in as anyone (docs/weak-spots.md#w35).
func WithWeakSecrets() Option { return func(o *options) { o.weakSecrets = true } }

// WithClock replaces the clock, for tests.
func WithClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithLogger says where the log goes; by default nowhere.
func WithLogger(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// WithEnviron passes the environment, NAME=value, from which TEMPORAL_TLS,
// TEMPORAL_API_KEY and the other standard variables are read; by default none.
func WithEnviron(environ []string) Option { return func(o *options) { o.environ = environ } }

// WithTemporalDialOptions adds options to the connection to Temporal. Interceptors among
// them come after those that the service has itself.
func WithTemporalDialOptions(d ...grpc.DialOption) Option {
	return func(o *options) { o.dialOptions = append(o.dialOptions, d...) }
}

// WithHome shows a page at GET /.
func WithHome(h Home) Option { return func(o *options) { o.home = h } }

// WithProvider registers a custom auth provider, after the configured
// ones. An id that is taken is an error of New.
func WithProvider(id string, p providers.Provider) Option {
	return func(o *options) { o.providers = append(o.providers, registration{id, p}) }
}

// WithSecondFactor registers a custom method of second factors, such as codes by SMS.
// A method that is taken is an error of New.
func WithSecondFactor(f providers.SecondFactor) Option {
	return func(o *options) { o.factors = append(o.factors, f) }
}

// WithCodeProvider registers a custom provider of the codes that verify an address, under
// the id that requests name as code_provider. An id that is taken is an error of New.
func WithCodeProvider(id string, p providers.CodeProvider) Option {
	return func(o *options) { o.codes = append(o.codes, codeRegistration{id, p}) }
}

// WithDevMail keeps mails in an inbox at /_dev/mail where no SMTP server is
// configured. Everyone who can open the inbox can choose any account's password: it is for
// development alone.
func WithDevMail() Option { return func(o *options) { o.devMail = true } }

// WithDevMetrics serves metrics beside the API, at /metrics, whatever metrics.address
// says. It is for development: who reaches the API reads them.
func WithDevMetrics() Option { return func(o *options) { o.devMetrics = true } }

// WithTracerProvider makes spans of requests, flows and SQL statements; by default there
// are none. The program that made the provider shuts it down. Spans hold no argument of
// a statement, no address and no secret.
func WithTracerProvider(p trace.TracerProvider) Option { return func(o *options) { o.traces = p } }

// WithLocalHosts answers only to loopback names, to the host of http.address and to
// http.allowed_hosts, so that no web page can reach the service through a name of its
// own. It is for development, where nothing in front of the service checks that.
func WithLocalHosts() Option { return func(o *options) { o.localHosts = true } }

// Limited is a request that a limit has refused, or a lock that has begun.
type Limited struct {
	// Request is the kind of request, such as sign_in, and Scope what has been
	// counted: account, device, caller, recipient, address, network, or queue for
	// those that wait for a password hash.
	Request, Scope string
	// Wait is what the caller is told to wait.
	Wait time.Duration
	// Began says that the limit refused nothing before.
	Began bool
}

// WithLimitObserver tells a function about every request that a limit refuses, for
// metrics. It is called by many goroutines, for thousands of requests a second during
// an attack, and holds the answers up: count and return.
func WithLimitObserver(f func(Limited)) Option { return func(o *options) { o.onLimit = f } }

// WithoutEvents makes a worker that only runs flows: it notifies no subscriber about
// events, calls no eraser, and leaves the schedules as they are. It is for tools that borrow a
// worker for a moment and know neither the flows nor the subscribers of the
// service.
func WithoutEvents() Option { return func(o *options) { o.quiet = true } }

// WithSubscriber tells a function about events, with their secrets resolved:
// names, "customer.*" for all of a kind, or "*" for all. It may be told twice,
// and is told again after an error; [everlatch.Permanent] ends the attempts. The
// name identifies it for ever.
func WithSubscriber(name string, events []string, f func(ctx context.Context, e everlatch.Event) error) Option {
	return WithSubscription(subscribers.Subscription{
		Name: name, Events: events, Secrets: true, Subscriber: subscribers.Func(f),
	})
}

// WithSubscription is [WithSubscriber] with everything that can be said about a
// subscriber. A name that is taken is an error of New.
func WithSubscription(s subscribers.Subscription) Option {
	return func(o *options) { o.subscriptions = append(o.subscriptions, s) }
}

// WithWorkflow registers a custom workflow with the worker, by the name
// under which schedules and subscriptions start it.
func WithWorkflow(name string, w any) Option {
	return func(o *options) {
		if o.workflows == nil {
			o.workflows = map[string]any{}
		}
		o.workflows[name] = w
	}
}

// WithWorkflowVersioning says what becomes of the executions of a custom workflow when
// workers have versions (temporal.deployment) and another one becomes current:
// [workflow.VersioningBehaviorPinned] ends them on the version that began them, whose
// workers must run until then. By default they are upgraded with their next task, so that
// a changed workflow needs [workflow.GetVersion].
func WithWorkflowVersioning(name string, b workflow.VersioningBehavior) Option {
	return func(o *options) {
		if o.behaviors == nil {
			o.behaviors = map[string]workflow.VersioningBehavior{}
		}
		o.behaviors[name] = b
	}
}

// WithBuildID says which version of the program this is, for temporal.deployment. By
// default it is the revision that the Go command has recorded, and without one the hash
// of the executable.
func WithBuildID(id string) Option { return func(o *options) { o.buildID = id } }

// WithActivities registers custom activities: a function, or a struct
// whose methods they are.
func WithActivities(activities any) Option {
	return func(o *options) { o.activities = append(o.activities, activities) }
}

// FlowSubscription starts a workflow for each matching event, once.
type FlowSubscription struct {
	// Name identifies the subscription for ever. Lower case letters, digits and
	// hyphens.
	Name string
	// Events are names, "customer.*" for all of a kind, or "*" for all.
	Events []string
	// Source is subscribers.FromEverlatch, FromOutside or FromAnywhere, the default.
	Source string
	// Workflow is the name that [WithWorkflow] gave it, or a flow of Everlatch's.
	Workflow string
	// Input is the argument of the workflow. A text that starts with $ is a path
	// into the event, such as $.data.email; see [subscribers.FlowOptions]. Nil is
	// the whole [everlatch.Event].
	Input map[string]any
}

// WithFlowSubscription starts a workflow for events, with an input made of the
// event. Secrets in the event's data stay references, because the input becomes
// part of a history. The execution's id is the name of the workflow, that of the
// subscription and the id of the event, with slashes between them.
func WithFlowSubscription(s FlowSubscription) Option {
	return func(o *options) { o.flowsOnEvents = append(o.flowsOnEvents, s) }
}

// WithFlowSubscriber is [WithFlowSubscription] for a workflow whose argument is
// the [everlatch.Event].
func WithFlowSubscriber(name string, events []string, workflow string) Option {
	return WithFlowSubscription(FlowSubscription{Name: name, Events: events, Workflow: workflow})
}

// WithEraser has a function remove what another system keeps about a person
// whose account is gone. It is called until it confirms, see [everlatch.Eraser];
// its context ends after an hour, and then it is called again. The name is what
// receipts tell, and identifies it for ever: an erasure that waits for it waits
// until the program has it again. A name that is taken is an error of New.
func WithEraser(name string, f everlatch.Eraser) Option {
	return func(o *options) { o.erasers = append(o.erasers, eraser{name, f}) }
}

type eraser struct {
	name  string
	erase everlatch.Eraser
}

// Schedule is a scheduled job.
type Schedule = worker.Schedule

// WithSchedule runs a flow at certain times. It exists as long as the program
// says so: one that is left out at the next start is deleted.
func WithSchedule(s Schedule) Option {
	return func(o *options) { o.schedules = append(o.schedules, s) }
}
