package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/subscribers"
)

// patience bounds what a busy machine may take.
const patience = 2 * time.Minute

const person = `{"email":"ada@example.com","password":"correct horse battery"}`

// cluster returns settings that use a running Temporal.
func cluster(t *testing.T) config.Config {
	t.Helper()
	server, err := embedded.Start(t.Context(), embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	cfg := settings(t)
	cfg.Temporal.Address, cfg.Temporal.Namespace = server.Address(), server.Namespace()
	return cfg
}

// await waits until an app is ready.
func await(t *testing.T, url string) {
	t.Helper()
	require.Eventually(t, func() bool { return request(t, http.MethodGet, url+"/ready", "").status == http.StatusOK }, patience, 20*time.Millisecond)
}

// signIn signs in and returns how long it took.
func signIn(t *testing.T, url string) time.Duration {
	t.Helper()
	begun := time.Now()
	a := request(t, http.MethodPost, url+"/auth/customer/emailpass", person)
	require.Equal(t, http.StatusOK, a.status, a.body)
	return time.Since(begun)
}

func signUp(t *testing.T, url string) {
	t.Helper()
	a := insist(t, url+"/auth/customer/emailpass/register", person)
	require.Equal(t, http.StatusOK, a.status, a.body)
}

// insist repeats a request while the service is too busy, as its clients do.
func insist(t *testing.T, url, body string) (a answer) {
	t.Helper()
	assert.Eventually(t, func() bool {
		a = request(t, http.MethodPost, url, body)
		return a.status != http.StatusServiceUnavailable
	}, patience, 20*time.Millisecond)
	return a
}

// eager counts the sign-ins of a namespace whose first task returned with the start,
// and all of them.
func eager(t *testing.T, cfg config.Config) (eager, all int) {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: cfg.Temporal.Address, Namespace: cfg.Temporal.Namespace})
	require.NoError(t, err)
	defer c.Close()
	var list *workflowservice.ListWorkflowExecutionsResponse
	require.Eventually(t, func() bool { // the index lags a little behind
		list, err = c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowType = 'Authenticate'"})
		require.NoError(t, err)
		return len(list.GetExecutions()) >= signIns
	}, patience, 50*time.Millisecond)
	for _, e := range list.GetExecutions() {
		first, err := c.GetWorkflowHistory(t.Context(), e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId(),
			false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).Next()
		require.NoError(t, err)
		all++
		if first.GetWorkflowExecutionStartedEventAttributes().GetEagerExecutionAccepted() {
			eager++
		}
	}
	return eager, all
}

const signIns = 20

// An API whose workers run elsewhere runs the interactive queue itself, on the client
// that starts: then every sign-in starts eagerly. Without it none does.
func TestAPIStartsSignInsEagerly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		queues     []string
		deployment string
		eager      int
	}{
		"as it is":                     {queues: []string{"interactive"}, eager: signIns},
		"with all work in the workers": {queues: nil},
		"with versions":                {queues: []string{"interactive"}, deployment: "shop", eager: signIns},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := cluster(t)
			cfg.Worker.APIQueues, cfg.Temporal.Deployment.Name = tt.queues, tt.deployment
			run(t, cfg, app.WithParts(app.Worker))
			url := run(t, cfg, app.WithParts(app.API))
			await(t, url)
			signUp(t, url)

			took := make([]time.Duration, signIns)
			for i := range took {
				took[i] = signIn(t, url)
			}

			slices.Sort(took)
			t.Logf("median of a sign-in: %s", took[signIns/2])
			started, all := eager(t, cfg)
			require.Equal(t, signIns, all)
			require.Equal(t, tt.eager, started)
		})
	}
}

// directory is a provider whose server does not answer.
type directory struct {
	asked   chan struct{}
	release chan struct{}
}

func (directory) Identifier() string  { return "directory" }
func (directory) DisplayName() string { return "Directory" }
func (directory) Slow() bool          { return true }

func (directory) Identify(in providers.Input) (providers.Subject, error) {
	name, _ := in.Body["name"].(string)
	return providers.Subject{EntityID: name, EntityKey: name}, nil
}

func (d directory) Authenticate(context.Context, providers.Input, *providers.Record) (providers.Verdict, error) {
	d.asked <- struct{}{}
	<-d.release
	return providers.Verdict{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "No."}
}

// A provider that says that it is slow, and hangs, leaves sign-ins with passwords as they
// are.
func TestHangingProvider(t *testing.T) {
	t.Parallel()
	const hanging = 60
	hangs := directory{asked: make(chan struct{}, 10*hanging), release: make(chan struct{})}
	url := run(t, cluster(t), app.WithProvider("directory", hangs))
	await(t, url)
	signUp(t, url)
	var callers sync.WaitGroup
	var answered atomic.Int64
	for i := range hanging {
		callers.Go(func() { // one name each: few sign-ins at once are accepted for one account
			insist(t, url+"/auth/customer/directory", fmt.Sprintf(`{"name":"user%d"}`, i))
			answered.Add(1)
		})
	}
	for range hanging {
		select {
		case <-hangs.asked:
		case <-time.After(patience):
			close(hangs.release)
			require.Fail(t, "the provider was not asked")
		}
	}

	for range 10 {
		signIn(t, url)
	}
	close(hangs.release)
	callers.Wait()
	require.EqualValues(t, hanging, answered.Load())
}

// fill records released events.
func fill(t *testing.T, a *app.App, events int) {
	t.Helper()
	for i := range events {
		require.NoError(t, a.Store().RecordEvent(t.Context(), everlatch.Event{
			ID: fmt.Sprintf("evt_%d", i), Name: "test.happened", Source: everlatch.SourceEverlatch, Data: everlatch.Metadata{},
		}))
	}
}

// Two hundred webhooks that hang leave sign-ins as they are.
func TestHangingWebhooks(t *testing.T) {
	t.Parallel()
	const hanging = 200
	called, release := make(chan struct{}, hanging), make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case called <- struct{}{}:
		default: // the repetition of one that was given up
		}
		<-release
	}))
	t.Cleanup(receiver.Close)
	t.Cleanup(func() { close(release) })
	webhook, err := subscribers.NewWebhook(subscribers.WebhookOptions{
		URL: receiver.URL, Secrets: []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, AllowPrivate: true, Timeout: patience,
	})
	require.NoError(t, err)
	a := launch(t, cluster(t), app.WithDevMail(), app.WithSubscription(subscribers.Subscription{
		Name: "hangs", Events: []string{"test.*"}, Timeout: patience, Subscriber: webhook,
	}))
	url := "http://" + a.Address()
	await(t, url)
	signUp(t, url)
	fill(t, a, hanging)
	for range hanging {
		<-called
	}

	for range 10 {
		signIn(t, url)
	}
}

// A full outbox leaves sign-ins as they are: they are answered while its backlog is
// worked off.
func TestFullOutbox(t *testing.T) {
	t.Parallel()
	const backlog = 400
	var delivered atomic.Int64
	begun := make(chan struct{}, backlog)
	a := launch(t, cluster(t), app.WithDevMail(), app.WithSubscriber("counts", []string{"test.*"}, func(context.Context, everlatch.Event) error {
		delivered.Add(1)
		select {
		case begun <- struct{}{}:
		default:
		}
		return nil
	}))
	url := "http://" + a.Address()
	await(t, url)
	signUp(t, url)
	fill(t, a, backlog)
	<-begun

	signIn(t, url)
	require.Less(t, delivered.Load(), int64(backlog), "the backlog is still there")
	for range 10 {
		signIn(t, url)
	}
	require.Eventually(t, func() bool { return delivered.Load() >= backlog }, patience, 50*time.Millisecond, "and nothing of it is lost")
}
