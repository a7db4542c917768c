//go:build !noembedded

package embedded

import (
	"context"
	"sync"

	"go.temporal.io/server/common/persistence"
)

// created bounds the executions whose state is kept until it is read. That is soon: the
// first workflow task of an execution reads it.
const created = 1024

// keepCreated has the store of executions remember what it has just written. Temporal's
// history service doesn't take an execution into its cache when it creates it, and reads it
// back, with nine queries, when its first task begins or, as that of a sign-in does, ends.
func keepCreated(f persistence.DataStoreFactory) persistence.DataStoreFactory {
	return createdFactory{f}
}

type createdFactory struct{ persistence.DataStoreFactory }

// NewExecutionStore implements [persistence.DataStoreFactory].
func (f createdFactory) NewExecutionStore() (persistence.ExecutionStore, error) {
	store, err := f.DataStoreFactory.NewExecutionStore()
	if err != nil {
		return nil, err
	}
	return &createdStore{ExecutionStore: store, states: map[string]*createdState{}}, nil
}

// createdStore is the only writer of its database. It answers the first read of an execution
// from memory, if the execution has not been written since it was created.
type createdStore struct {
	persistence.ExecutionStore

	mu     sync.Mutex
	states map[string]*createdState // by the id of the run, which no two executions share
}

type createdState struct {
	of    persistence.GetWorkflowExecutionRequest
	state persistence.InternalWorkflowMutableState
	// written says that it is in the database.
	written bool
}

// CreateWorkflowExecution implements [persistence.ExecutionStore].
func (s *createdStore) CreateWorkflowExecution(
	ctx context.Context, r *persistence.InternalCreateWorkflowExecutionRequest,
) (*persistence.InternalCreateWorkflowExecutionResponse, error) {
	// It is kept before it is written: who reads or writes it as soon as it is there takes it
	// away, and a state that was overtaken is never found.
	kept := s.keep(r)
	out, err := s.ExecutionStore.CreateWorkflowExecution(ctx, r)
	s.settle(r.NewWorkflowSnapshot.RunID, kept, err)
	return out, err
}

// GetWorkflowExecution implements [persistence.ExecutionStore].
func (s *createdStore) GetWorkflowExecution(
	ctx context.Context, r *persistence.GetWorkflowExecutionRequest,
) (*persistence.InternalGetWorkflowExecutionResponse, error) {
	if kept := s.take(r.RunID); kept != nil && kept.of == *r {
		return &persistence.InternalGetWorkflowExecutionResponse{State: &kept.state, DBRecordVersion: kept.state.DBRecordVersion}, nil
	}
	return s.ExecutionStore.GetWorkflowExecution(ctx, r)
}

// UpdateWorkflowExecution implements [persistence.ExecutionStore].
func (s *createdStore) UpdateWorkflowExecution(ctx context.Context, r *persistence.InternalUpdateWorkflowExecutionRequest) error {
	s.take(r.UpdateWorkflowMutation.RunID)
	return s.ExecutionStore.UpdateWorkflowExecution(ctx, r)
}

// ConflictResolveWorkflowExecution implements [persistence.ExecutionStore].
func (s *createdStore) ConflictResolveWorkflowExecution(
	ctx context.Context, r *persistence.InternalConflictResolveWorkflowExecutionRequest,
) error {
	s.forget() // it writes up to three executions, and happens between clusters
	return s.ExecutionStore.ConflictResolveWorkflowExecution(ctx, r)
}

// SetWorkflowExecution implements [persistence.ExecutionStore].
func (s *createdStore) SetWorkflowExecution(ctx context.Context, r *persistence.InternalSetWorkflowExecutionRequest) error {
	s.take(r.SetWorkflowSnapshot.RunID)
	return s.ExecutionStore.SetWorkflowExecution(ctx, r)
}

// DeleteWorkflowExecution implements [persistence.ExecutionStore].
func (s *createdStore) DeleteWorkflowExecution(ctx context.Context, r *persistence.DeleteWorkflowExecutionRequest) error {
	s.take(r.RunID)
	return s.ExecutionStore.DeleteWorkflowExecution(ctx, r)
}

// keep remembers an execution that has none of the parts that are in tables of their own:
// a new one has not, unless it is that of a component.
func (s *createdStore) keep(r *persistence.InternalCreateWorkflowExecutionRequest) *createdState {
	w := r.NewWorkflowSnapshot
	parts := len(w.ActivityInfos) + len(w.TimerInfos) + len(w.ChildExecutionInfos) + len(w.RequestCancelInfos) +
		len(w.SignalInfos) + len(w.ChasmNodes) + len(w.SignalRequestedIDs)
	if parts > 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.states) >= created {
		clear(s.states) // they were not read for a while: such as those of a start delay
	}
	kept := &createdState{
		of: persistence.GetWorkflowExecutionRequest{
			ShardID: r.ShardID, NamespaceID: w.NamespaceID, WorkflowID: w.WorkflowID, RunID: w.RunID, ArchetypeID: r.ArchetypeID,
		},
		state: persistence.InternalWorkflowMutableState{
			ExecutionInfo: w.ExecutionInfoBlob, ExecutionState: w.ExecutionStateBlob,
			NextEventID: w.NextEventID, DBRecordVersion: w.DBRecordVersion,
		},
	}
	s.states[w.RunID] = kept
	return kept
}

// settle says what has become of an execution that is kept.
func (s *createdStore) settle(runID string, kept *createdState, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept == nil || s.states[runID] != kept {
		return
	}
	kept.written = err == nil
	if err != nil {
		delete(s.states, runID)
	}
}

// take returns what is kept of a run, and keeps it no longer.
func (s *createdStore) take(runID string) *createdState {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.states[runID]
	delete(s.states, runID)
	if kept == nil || !kept.written {
		return nil
	}
	return kept
}

func (s *createdStore) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.states)
}
