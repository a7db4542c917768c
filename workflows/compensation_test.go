package workflows_test

import (
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// counters keeps what workflows count.
type counters struct {
	mu     sync.Mutex
	counts map[string]int64
}

func (c *counters) WithTags(tags map[string]string) client.MetricsHandler {
	return tagged{c, tags["activity"]}
}
func (c *counters) Counter(name string) client.MetricsCounter { return tagged{c, ""}.Counter(name) }
func (*counters) Gauge(name string) client.MetricsGauge       { return client.MetricsNopHandler.Gauge(name) }

func (*counters) Timer(name string) client.MetricsTimer { return client.MetricsNopHandler.Timer(name) }

type tagged struct {
	*counters

	activity string
}

func (t tagged) WithTags(tags map[string]string) client.MetricsHandler {
	if tags["activity"] != "" {
		t.activity = tags["activity"]
	}
	return t
}

func (t tagged) Counter(name string) client.MetricsCounter {
	return counter{t, name + "/" + t.activity}
}

type counter struct {
	tagged

	name string
}

func (c counter) Inc(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int64{}
	}
	c.counts[c.name] += n
}

func (c *counters) of(name string) map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := maps.Clone(c.counts)
	maps.DeleteFunc(out, func(key string, _ int64) bool { return len(key) < len(name) || key[:len(name)] != name })
	return out
}

// A compensation that is refused for good does not keep the others from
// running, and an operator finds the execution.
func TestRefusedCompensation(t *testing.T) {
	t.Parallel()
	for _, refused := range [][]string{{"DiscardCustomer"}, {"DiscardIdentity", "DropEvents"}, {"DiscardLink"}} {
		t.Run(refused[0], func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.faults.set(
				fault{activities: []string{"CreateCustomer"}, times: -1},
				fault{activities: refused, times: -1, err: &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "Not now."}},
			)
			env := h.env(t, "register/authid_1")
			var marked map[string]any
			env.OnUpsertMemo(mock.Anything).Run(func(args mock.Arguments) { marked, _ = args.Get(0).(map[string]any) }).Return(nil)
			now := h.clock.Now()
			in := registerInput(t, h, "authid_1")
			in.Customer = &everlatch.Customer{ID: "cus_1", Email: new(email), HasAccount: true, CreatedAt: now, UpdatedAt: now}

			env.ExecuteWorkflow(workflows.Register, in)

			for _, name := range []string{"DiscardCustomer", "DiscardLink", "DiscardIdentity", "DropEvents"} {
				require.Equal(t, 1, h.faults.called(name), name)
			}
			var app *temporal.ApplicationError
			require.ErrorAs(t, env.GetWorkflowError(), &app)
			require.Equal(t, workflows.TypeNeedsAttention, app.Type())
			var names []string
			require.NoError(t, app.Details(&names))
			require.Equal(t, refused, names)
			require.Equal(t, map[string]any{workflows.MemoNeedsAttention: refused}, marked)
			counted := h.counters.of(workflows.MetricCompensationFailures)
			for _, name := range refused {
				require.EqualValues(t, 1, counted[workflows.MetricCompensationFailures+"/"+name])
			}
			require.Len(t, counted, len(refused))
		})
	}
}

// A compensation that only fails is tried for as long as it takes.
func TestCompensationIsRetried(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before := h.snapshot(t)
	h.faults.set(
		fault{activities: []string{"CreateCustomer"}, times: -1},
		fault{activities: []string{"DiscardCustomer"}, times: 100},
	)
	_, err := signUp(t, h, "authid_1", "cus_1")
	require.Error(t, err)
	require.Equal(t, 101, h.faults.called("DiscardCustomer"))
	require.Equal(t, before, h.snapshot(t))
}

// A removal that is cancelled when the account is gone still has the erasers
// told.
func TestCancelledRemovalErases(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"PurgeIdentity", "ReleaseEvents"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			twoIdentities(t, h)
			crm := &eraser{}
			h.erasers["crm"] = crm.erase
			h.faults.set()
			env := h.env(t, workflows.RemovalID(everlatch.ActorCustomer, "cus_1"))
			h.clock.of(env)
			h.faults.set(fault{activities: []string{step}, meanwhile: env.CancelWorkflow})
			var erased workflows.EraseAccountInput
			env.OnWorkflow(workflows.EraseAccount, mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
				erased, _ = args.Get(1).(workflows.EraseAccountInput)
			}).Return(workflows.ErasureProgress{}, nil).After(time.Second)

			env.ExecuteWorkflow(workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_1"})

			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, "cus_1", erased.Erasure.ActorID)
			require.Equal(t, []string{"cus_1 removed"}, h.snapshot(t)["customers"])
			require.Equal(t, []string{"authid_2 vlive"}, h.snapshot(t)["identities"])
		})
	}
}
