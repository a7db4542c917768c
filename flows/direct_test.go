package flows_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// switchable is a Temporal that starts, completes and says that it is healthy as a test
// wants, until it is back.
type switchable struct {
	client.Client

	start, complete, health func(ctx context.Context) error
	back                    atomic.Bool
	started                 atomic.Int64
	eventID                 atomic.Value
}

func (s *switchable) unlessBack(ctx context.Context, do func(ctx context.Context) error) error {
	if s.back.Load() {
		return nil
	}
	return do(ctx)
}

func (s *switchable) ExecuteWorkflow(ctx context.Context, _ client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	s.started.Add(1)
	in, _ := args[0].(workflows.AuthenticateInput)
	s.eventID.Store(in.EventID)
	return &switchableRun{of: s}, s.unlessBack(ctx, s.start)
}

func (s *switchable) CheckHealth(ctx context.Context, _ *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	return &client.CheckHealthResponse{}, s.unlessBack(ctx, s.health)
}

type switchableRun struct {
	client.WorkflowRun

	of *switchable
}

func (r *switchableRun) Get(ctx context.Context, _ any) error {
	return r.of.unlessBack(ctx, r.of.complete)
}

func works(context.Context) error { return nil }

// silent never answers.
func silent(ctx context.Context) error {
	<-ctx.Done()
	return serviceerror.NewDeadlineExceeded(ctx.Err().Error())
}

func refusesConnections(context.Context) error {
	return serviceerror.NewUnavailable("connection refused")
}

// retrying is what the SDK makes of a start that can't reach Temporal.
func retrying(ctx context.Context) error {
	<-ctx.Done()
	return refusesConnections(ctx)
}

// after answers in time.
func after(d time.Duration, err error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return serviceerror.NewDeadlineExceeded(ctx.Err().Error())
		case <-time.After(d):
			return err
		}
	}
}

// outageScene is a client whose Temporal is switchable. Its time is that of synctest.
type outageScene struct {
	temporal *switchable
	flows    *flows.Client
	options  flows.Options
	out      activities.CheckCredentialsOutput
	steps    []activities.CheckCredentialsInput
}

func outage(t *testing.T, change func(s *outageScene)) *outageScene {
	t.Helper()
	b := setup(t)
	b.flows.Close()
	s := &outageScene{
		temporal: &switchable{start: works, complete: works, health: works}, options: b.options,
		out: activities.CheckCredentialsOutput{Principal: everlatch.Principal{AuthIdentityID: "authid_1"}},
	}
	s.options.Temporal = s.temporal
	s.options.Now = time.Now
	s.options.Direct = flows.DirectOptions{WhenAway: true, SignIn: func(
		_ context.Context, in activities.CheckCredentialsInput, request providers.Input,
	) (activities.CheckCredentialsOutput, error) {
		require.Equal(t, "correct horse", request.Body["password"])
		s.steps = append(s.steps, in)
		return s.out, nil
	}}
	change(s)
	s.flows = flows.New(s.options)
	t.Cleanup(s.flows.Close)
	return s
}

// signIn returns how long it took, too.
func (s *outageScene) signIn(ctx context.Context) (workflows.Login, time.Duration, error) {
	begun := time.Now()
	login, err := s.flows.Authenticate(ctx, request())
	return login, time.Since(begun), err
}

// While Temporal can't be reached, the first sign-in finds out, the next ones know, and
// the first after its return is a workflow again.
func TestSignInsGoOnWhileTemporalIsAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		start, complete, health func(context.Context) error
		within                  time.Duration
	}{
		"it refuses connections":   {retrying, works, refusesConnections, 200 * time.Millisecond},
		"it never answers":         {silent, works, silent, 2200 * time.Millisecond},
		"it dies during a sign-in": {works, retrying, refusesConnections, 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := outage(t, func(s *outageScene) {
					s.temporal.start, s.temporal.complete, s.temporal.health = c.start, c.complete, c.health
				})
				login, took, err := s.signIn(t.Context())
				require.NoError(t, err)
				require.Equal(t, flows.DirectTemporalAway, login.Direct)
				require.Equal(t, "authid_1", login.Principal.AuthIdentityID)
				require.NotEmpty(t, login.TokenID)
				require.LessOrEqual(t, took, c.within)
				require.Equal(t, activities.CheckCredentialsInput{
					ActorType: "customer", Provider: "emailpass", EventID: s.steps[0].EventID, Direct: flows.DirectTemporalAway,
				}, s.steps[0])
				require.NotEmpty(t, s.steps[0].EventID)
				require.Equal(t, s.temporal.eventID.Load(), s.steps[0].EventID, "the event has one id, from both")

				login, took, err = s.signIn(t.Context())
				require.NoError(t, err)
				require.Equal(t, flows.DirectTemporalAway, login.Direct)
				require.Zero(t, took)
				require.EqualValues(t, 1, s.temporal.started.Load())

				s.temporal.back.Store(true)
				time.Sleep(2500 * time.Millisecond)
				login, _, err = s.signIn(t.Context())
				require.NoError(t, err)
				require.Empty(t, login.Direct)
				require.EqualValues(t, 2, s.temporal.started.Load())
			})
		})
	}
}

// A Temporal whose frontend answers and cannot start anything is as good as away.
func TestSignInsGoOnWithoutTemporalsStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := outage(t, func(s *outageScene) { s.temporal.start = refusesConnections })
		login, _, err := s.signIn(t.Context())
		require.NoError(t, err)
		require.Equal(t, flows.DirectTemporalAway, login.Direct)
	})
}

// A slow Temporal is not away: its workflow may do the work.
func TestSlowTemporalIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(s *outageScene)
		want   error
	}{
		"slow start":  {func(s *outageScene) { s.temporal.start = after(2500*time.Millisecond, nil) }, nil},
		"slow result": {func(s *outageScene) { s.temporal.complete = after(14*time.Second, nil) }, nil},
		"no start":    {func(s *outageScene) { s.temporal.start = silent }, everlatch.ErrUnavailable},
		"no result":   {func(s *outageScene) { s.temporal.complete = silent }, everlatch.ErrUnavailable},
		"busy":        {func(s *outageScene) { s.temporal.start = after(0, &serviceerror.ResourceExhausted{}) }, everlatch.ErrUnavailable},
		"it says no": {func(s *outageScene) {
			s.temporal.start, s.temporal.health = silent, after(0, serviceerror.NewPermissionDenied("no", ""))
		}, everlatch.ErrUnavailable},
		"the operator refuses": {func(s *outageScene) {
			s.temporal.start, s.temporal.health, s.options.Direct.WhenAway = retrying, refusesConnections, false
		}, everlatch.ErrUnavailable},
		"a hook decides": {func(s *outageScene) {
			s.temporal.start, s.temporal.health = retrying, refusesConnections
			s.options.Hooks = make(workflows.HookSet)
			s.options.Hooks[everlatch.HookBeforeAuthenticate] = []activities.Hook{{Name: "hook_x"}}
		}, everlatch.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := outage(t, c.change)
				_, _, err := s.signIn(t.Context())
				require.ErrorIs(t, err, c.want)
				require.Empty(t, s.steps)
			})
		})
	}
}

// Who needs a further step is refused, and a refusal is one.
func TestDirectSignInThatIsNotTheLastStep(t *testing.T) {
	t.Parallel()
	unauthorized := everlatch.Refusal{Code: everlatch.CodeUnauthorized, Message: "Invalid email or password"}
	for name, c := range map[string]struct {
		out  activities.CheckCredentialsOutput
		want error
	}{
		"second factor":    {activities.CheckCredentialsOutput{Principal: everlatch.Principal{MFAEnabled: true}}, everlatch.ErrUnavailable},
		"deletion pending": {activities.CheckCredentialsOutput{Principal: everlatch.Principal{DeletionAt: time.Unix(1, 0)}}, everlatch.ErrUnavailable},
		"slow provider":    {activities.CheckCredentialsOutput{Slow: true}, everlatch.ErrUnavailable},
		"wrong password":   {activities.CheckCredentialsOutput{Refusal: &unauthorized}, everlatch.ErrUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := outage(t, func(s *outageScene) {
					s.out, s.temporal.start, s.temporal.health = c.out, retrying, refusesConnections
				})
				_, _, err := s.signIn(t.Context())
				require.ErrorIs(t, err, c.want)
				require.Len(t, s.steps, 1)
			})
		})
	}
}

// A configured direct sign-in never asks Temporal, unless its provider is slow.
func TestDirectSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := outage(t, func(s *outageScene) { s.options.Direct.Always = true })
		login, took, err := s.signIn(t.Context())
		require.NoError(t, err)
		require.Equal(t, flows.DirectConfigured, login.Direct)
		require.Zero(t, took)
		require.Zero(t, s.temporal.started.Load())

		s.out = activities.CheckCredentialsOutput{Principal: everlatch.Principal{MFAEnabled: true}}
		login, _, err = s.signIn(t.Context())
		require.NoError(t, err, "the second factor has a workflow of its own")
		require.True(t, login.Principal.NeedsFactor())

		s.out = activities.CheckCredentialsOutput{Slow: true}
		login, _, err = s.signIn(t.Context())
		require.NoError(t, err)
		require.Empty(t, login.Direct)
		require.EqualValues(t, 1, s.temporal.started.Load())
	})
}

// A caller who leaves is not signed in again directly.
func TestDirectSignInOfCallerWhoLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := outage(t, func(s *outageScene) { s.temporal.start, s.temporal.health = retrying, silent })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := s.signIn(ctx)
		require.Error(t, err)
		require.Empty(t, s.steps)
	})
}
