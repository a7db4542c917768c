//go:build !noembedded

package embedded

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/server/common/persistence"
)

// countedStore counts the reads of executions.
type countedStore struct {
	persistence.ExecutionStore

	reads int
	err   error
	// creating, if set, runs while an execution is created.
	creating func()
}

func (s *countedStore) CreateWorkflowExecution(
	context.Context, *persistence.InternalCreateWorkflowExecutionRequest,
) (*persistence.InternalCreateWorkflowExecutionResponse, error) {
	if s.creating != nil {
		s.creating()
	}
	return &persistence.InternalCreateWorkflowExecutionResponse{}, s.err
}

func (s *countedStore) GetWorkflowExecution(
	context.Context, *persistence.GetWorkflowExecutionRequest,
) (*persistence.InternalGetWorkflowExecutionResponse, error) {
	s.reads++
	return &persistence.InternalGetWorkflowExecutionResponse{}, nil
}

func (*countedStore) UpdateWorkflowExecution(context.Context, *persistence.InternalUpdateWorkflowExecutionRequest) error {
	return nil
}

func (*countedStore) SetWorkflowExecution(context.Context, *persistence.InternalSetWorkflowExecutionRequest) error {
	return nil
}

func (*countedStore) DeleteWorkflowExecution(context.Context, *persistence.DeleteWorkflowExecutionRequest) error {
	return nil
}

func (*countedStore) ConflictResolveWorkflowExecution(
	context.Context, *persistence.InternalConflictResolveWorkflowExecutionRequest,
) error {
	return nil
}

// creation creates an execution with one blob of each kind.
func creation(run string) *persistence.InternalCreateWorkflowExecutionRequest {
	return &persistence.InternalCreateWorkflowExecutionRequest{
		ShardID: 1, ArchetypeID: 2,
		NewWorkflowSnapshot: persistence.InternalWorkflowSnapshot{
			NamespaceID: "default", WorkflowID: "authenticate", RunID: run,
			ExecutionInfoBlob: &commonpb.DataBlob{Data: []byte("info")}, ExecutionStateBlob: &commonpb.DataBlob{Data: []byte("state")},
			NextEventID: 4, DBRecordVersion: 1,
		},
	}
}

func reading() *persistence.GetWorkflowExecutionRequest {
	return &persistence.GetWorkflowExecutionRequest{ShardID: 1, NamespaceID: "default", WorkflowID: "authenticate", RunID: "run", ArchetypeID: 2}
}

func TestACreatedExecutionIsReadOnceFromMemory(t *testing.T) {
	t.Parallel()

	counted := &countedStore{}
	s := &createdStore{ExecutionStore: counted, states: map[string]*createdState{}}
	_, err := s.CreateWorkflowExecution(t.Context(), creation("run"))
	require.NoError(t, err)
	got, err := s.GetWorkflowExecution(t.Context(), reading())
	require.NoError(t, err)
	require.Equal(t, "info", string(got.State.ExecutionInfo.GetData()))
	require.Equal(t, "state", string(got.State.ExecutionState.GetData()))
	require.EqualValues(t, 4, got.State.NextEventID)
	require.EqualValues(t, 1, got.State.DBRecordVersion)
	require.EqualValues(t, 1, got.DBRecordVersion)
	require.Zero(t, counted.reads)

	_, err = s.GetWorkflowExecution(t.Context(), reading())
	require.NoError(t, err)
	require.Equal(t, 1, counted.reads)
}

func TestAnExecutionThatWasWrittenSinceIsRead(t *testing.T) {
	t.Parallel()

	for name, write := range map[string]func(context.Context, *createdStore) error{
		"updated": func(ctx context.Context, s *createdStore) error {
			return s.UpdateWorkflowExecution(ctx, &persistence.InternalUpdateWorkflowExecutionRequest{
				UpdateWorkflowMutation: persistence.InternalWorkflowMutation{RunID: "run"},
			})
		},
		"set": func(ctx context.Context, s *createdStore) error {
			return s.SetWorkflowExecution(ctx, &persistence.InternalSetWorkflowExecutionRequest{
				SetWorkflowSnapshot: persistence.InternalWorkflowSnapshot{RunID: "run"},
			})
		},
		"deleted": func(ctx context.Context, s *createdStore) error {
			return s.DeleteWorkflowExecution(ctx, &persistence.DeleteWorkflowExecutionRequest{RunID: "run"})
		},
		"resolved": func(ctx context.Context, s *createdStore) error {
			return s.ConflictResolveWorkflowExecution(ctx, &persistence.InternalConflictResolveWorkflowExecutionRequest{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			counted := &countedStore{}
			s := &createdStore{ExecutionStore: counted, states: map[string]*createdState{}}
			_, err := s.CreateWorkflowExecution(t.Context(), creation("run"))
			require.NoError(t, err)
			require.NoError(t, write(t.Context(), s))
			_, err = s.GetWorkflowExecution(t.Context(), reading())
			require.NoError(t, err)
			require.Equal(t, 1, counted.reads)
		})
	}
}

func TestAnExecutionThatIsWrittenBeforeItsCreationReturnsIsRead(t *testing.T) {
	t.Parallel()

	counted := &countedStore{}
	s := &createdStore{ExecutionStore: counted, states: map[string]*createdState{}}
	counted.creating = func() {
		_, err := s.GetWorkflowExecution(t.Context(), reading())
		require.NoError(t, err)
		require.NoError(t, s.UpdateWorkflowExecution(t.Context(), &persistence.InternalUpdateWorkflowExecutionRequest{
			UpdateWorkflowMutation: persistence.InternalWorkflowMutation{RunID: "run"},
		}))
	}
	_, err := s.CreateWorkflowExecution(t.Context(), creation("run"))
	require.NoError(t, err)
	_, err = s.GetWorkflowExecution(t.Context(), reading())
	require.NoError(t, err)
	require.Equal(t, 2, counted.reads)
}

func TestWhatIsNotKeptOfCreatedExecutions(t *testing.T) {
	t.Parallel()

	counted := &countedStore{}
	s := &createdStore{ExecutionStore: counted, states: map[string]*createdState{}}
	withTimer := creation("with a timer")
	withTimer.NewWorkflowSnapshot.TimerInfos = map[string]*commonpb.DataBlob{"1": {}}
	_, err := s.CreateWorkflowExecution(t.Context(), withTimer)
	require.NoError(t, err)
	require.Empty(t, s.states, "its timer is in a table of its own")

	for range created + 1 {
		_, err = s.CreateWorkflowExecution(t.Context(), creation(string(rune('a'+len(s.states)))+"-run"))
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(s.states), created)

	counted.err = persistence.ErrPersistenceSystemLimitExceeded
	_, err = s.CreateWorkflowExecution(t.Context(), creation("failed"))
	require.Error(t, err)
	require.NotContains(t, s.states, "failed")
}
