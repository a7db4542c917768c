package flows_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// keyed is a sign-in with a key.
func keyed(key, password string) flows.AuthRequest {
	return flows.AuthRequest{ActorType: "customer", Provider: "emailpass", IdempotencyKey: key, Input: providers.Input{
		Body: map[string]any{"email": "ada@example.com", "password": password},
	}}
}

// The id of an attempt is made of everything that decides it, and of nothing that can be
// guessed. One that failed may be made again.
func TestAuthenticateOnceStarts(t *testing.T) {
	t.Parallel()
	start := func(r flows.AuthRequest) client.StartWorkflowOptions {
		b := setup(t)
		seen := b.answers(t, workflows.Login{Principal: everlatch.Principal{AuthIdentityID: "authid_1"}}, nil)
		login, first, err := b.flows.AuthenticateOnce(t.Context(), r)
		require.NoError(t, err)
		require.True(t, first)
		require.Equal(t, "authid_1", login.Principal.AuthIdentityID)
		b.flows.Close()
		require.Zero(t, b.sealed(t), "what was typed is deleted")
		opts, _ := seen()
		return opts
	}
	one := start(keyed("one", "correct horse"))
	require.Regexp(t, `^authenticate/customer/k:[a-z2-7]+$`, one.ID)
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY, one.WorkflowIDReusePolicy)
	require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL, one.WorkflowIDConflictPolicy)
	require.True(t, one.WorkflowExecutionErrorWhenAlreadyStarted, "so that the caller learns that it is not the first")
	require.True(t, one.EnableEagerStart)
	require.Equal(t, one.ID, start(keyed("one", "correct horse")).ID)
	ids := map[string]bool{one.ID: true}
	asUser := keyed("one", "correct horse")
	asUser.ActorType = "user"
	elsewhere := keyed("one", "correct horse")
	elsewhere.Provider = "ldap"
	for _, other := range []flows.AuthRequest{keyed("two", "correct horse"), keyed("one", "wrong horse"), asUser, elsewhere} {
		ids[start(other).ID] = true
	}
	require.Len(t, ids, 5)

	_, _, err := setup(t).flows.AuthenticateOnce(t.Context(), keyed("", "correct horse"))
	require.Error(t, err)
}

// The same request again finds the first one, with its answer, and leaves nothing in the
// vault.
func TestAuthenticateOnceFinds(t *testing.T) {
	t.Parallel()
	refusal := &everlatch.Refusal{Code: everlatch.CodeUnauthorized, Message: "No."}
	b := setup(t)
	b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(nil, serviceerror.NewWorkflowExecutionAlreadyStarted("started", "request", "run_1")).Once()
	b.finds(t, "run_1", workflows.Login{Refusal: refusal}, nil)

	_, first, err := b.flows.AuthenticateOnce(t.Context(), keyed("one", "wrong horse"))
	require.ErrorIs(t, err, refusal.Err())
	require.False(t, first, "it has counted already")

	b.finds(t, "", workflows.Login{Refusal: refusal}, nil)
	_, known, err := b.flows.AuthenticationAnswer(t.Context(), keyed("one", "wrong horse"))
	require.ErrorIs(t, err, refusal.Err())
	require.True(t, known)

	b.finds(t, "", nil, serviceerror.NewNotFound("no such workflow"))
	_, known, err = b.flows.AuthenticationAnswer(t.Context(), keyed("one", "wrong horse"))
	require.Error(t, err)
	require.False(t, known)
	_, known, err = b.flows.AuthenticationAnswer(t.Context(), keyed("", "wrong horse"))
	require.Error(t, err)
	require.False(t, known)

	b.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(nil, serviceerror.NewUnavailable("away")).Once()
	_, _, err = b.flows.AuthenticateOnce(t.Context(), keyed("one", "wrong horse"))
	require.ErrorIs(t, err, everlatch.ErrUnavailable)
	b.flows.Close()
	require.Equal(t, 1, b.sealed(t), "a start that was lost may have happened, and needs it")
}

// finds makes the client find an execution with a result.
func (b *testBundle) finds(t *testing.T, runID string, result, err any) {
	t.Helper()
	run := mocks.NewWorkflowRun(t)
	run.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		out, _ := args.Get(1).(*workflows.Login)
		*out, _ = result.(workflows.Login)
	}).Return(err)
	b.temporal.On("GetWorkflow", mock.Anything, mock.Anything, runID).Return(run).Once()
}

// Changes with a key are one execution for the same key and the same input.
func TestChangesOnce(t *testing.T) {
	t.Parallel()
	type change func(c *flows.Client, key string) error
	link := func(actorID string) change {
		return func(c *flows.Client, key string) error {
			return c.SetAuthAppMetadataOnce(t.Context(), key, "authid_1", "customer", &actorID)
		}
	}
	unlink := func(c *flows.Client, key string) error {
		return c.SetAuthAppMetadataOnce(t.Context(), key, "authid_1", "customer", nil)
	}
	remove := func(c *flows.Client, key string) error { return c.DeleteAuthIdentityOnce(t.Context(), key, "authid_1") }
	start := func(do change, key string) client.StartWorkflowOptions {
		b := setup(t)
		seen := b.answers(t, workflows.Outcome{}, nil)
		require.NoError(t, do(b.flows, key))
		opts, _ := seen()
		return opts
	}
	ids := map[string]bool{}
	for _, do := range []change{link("cus_1"), link("cus_2"), unlink, remove} {
		first := start(do, "one")
		require.NotContains(t, first.ID, "one")
		require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY, first.WorkflowIDReusePolicy)
		require.False(t, first.WorkflowExecutionErrorWhenAlreadyStarted, "a running one is joined")
		require.Equal(t, first.ID, start(do, "one").ID)
		ids[first.ID], ids[start(do, "two").ID] = true, true

		refusing := setup(t)
		refusing.answers(t, workflows.Outcome{Refusal: &everlatch.Refusal{Code: everlatch.CodeNotAllowed, Message: "No."}}, nil)
		require.ErrorIs(t, do(refusing.flows, "one"), &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "No."})
		require.Equal(t, everlatch.CodeInternal, everlatch.ErrorCode(do(setup(t).flows, "")), "without a key each would be another one")
	}
	require.Len(t, ids, 8)
}

// Of fifty same requests at once one makes the attempt, and all get its answer. So it is
// with changes.
func TestOnceOverTemporal(t *testing.T) {
	t.Parallel()
	s := startService(t, embedded.Options{})
	defer s.work()()
	made, err := s.flows.Register(t.Context(), flows.AuthRequest{ActorType: "customer", Provider: "emailpass", Input: s.input("a good horse")})
	require.NoError(t, err)
	identity := made.Principal.AuthIdentityID
	inParallel := func(call func() error) {
		t.Helper()
		for _, err := range storetest.InParallel(t.Context(), 50, func(context.Context, int) error { return call() }) {
			require.NoError(t, err)
		}
	}

	var attempts atomic.Int64
	inParallel(func() error {
		login, first, err := s.flows.AuthenticateOnce(t.Context(), keyed("one", "a good horse"))
		if first {
			attempts.Add(1)
		}
		if err == nil {
			require.Equal(t, identity, login.Principal.AuthIdentityID)
		}
		return err
	})
	require.EqualValues(t, 1, attempts.Load())
	login, known, err := s.flows.AuthenticationAnswer(t.Context(), keyed("one", "a good horse"))
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, identity, login.Principal.AuthIdentityID)

	actor := "cou_1"
	inParallel(func() error { return s.flows.SetAuthAppMetadataOnce(t.Context(), "one", identity, "courier", &actor) })
	inParallel(func() error { return s.flows.DeleteAuthIdentityOnce(t.Context(), "one", identity) })
	for workflow, want := range map[string]int64{"Authenticate": 1, "SetAuthAppMetadata": 1, "DeleteAuthIdentity": 1} {
		require.Eventually(t, func() bool { // the index lags a little behind
			found, err := s.temporal.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: "WorkflowType = '" + workflow + "'"})
			require.NoError(t, err)
			require.LessOrEqual(t, found.Count, want, workflow)
			return found.Count == want
		}, time.Minute, 20*time.Millisecond, workflow)
	}
}
