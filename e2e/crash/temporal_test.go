//go:build linux

package crash_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// longFlows may be open at the end: they wait for a person, until something expires.
var longFlows = []string{"PasswordReset", "EmailChange", "Invitation", "SocialLogin", "FactorEnrollment", "MFAChallenge"}

// signIn is the flow of a sign-in with a password.
const signIn = "Authenticate"

// execution is a workflow as Temporal lists it.
type execution struct {
	id, run, kind, status string
	started               time.Time
}

func (e execution) String() string { return e.kind + " " + e.id + " " + e.status }

// list returns the workflows that a query of Temporal's finds.
func (n *inspector) list(ctx context.Context, query string) (all []execution, err error) {
	var page []byte
	for {
		r, err := n.cast.temporal.WorkflowService().ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: "default", Query: query, PageSize: 500, NextPageToken: page,
		})
		if err != nil {
			return nil, err
		}
		for _, e := range r.GetExecutions() {
			all = append(all, execution{
				id: e.GetExecution().GetWorkflowId(), run: e.GetExecution().GetRunId(), kind: e.GetType().GetName(),
				status: e.GetStatus().String(), started: e.GetStartTime().AsTime(),
			})
		}
		if page = r.GetNextPageToken(); len(page) == 0 {
			return all, nil
		}
	}
}

// openFlows are the open flows that should have ended.
func (n *inspector) openFlows(ctx context.Context) ([]execution, error) {
	open, err := n.list(ctx, `ExecutionStatus = "Running"`)
	return slices.DeleteFunc(open, func(e execution) bool {
		return slices.Contains(longFlows, e.kind) || strings.HasPrefix(e.kind, "temporal-sys-")
	}), err
}

// checkFlows wants all short flows ended, none failed, and no open one whose workflow task
// fails.
func (n *inspector) checkFlows(ctx context.Context) {
	open, err := n.openFlows(ctx)
	n.report("a short flow that has not ended", names(open), err)
	broken, err := n.list(ctx, `ExecutionStatus IN ("Failed", "Terminated", "Canceled")`)
	n.check("flows", err)
	for _, e := range broken {
		why := n.failure(ctx, e)
		if e.kind == signIn && strings.HasPrefix(why, "unavailable") {
			// Its caller waits for seconds, so it gives up where other flows go on.
			n.ledger.count("sign-ins that gave up in an outage")
			continue
		}
		n.ledger.fault("%v: a flow broke: %s", e, why)
	}
	late, err := n.list(ctx, `ExecutionStatus = "TimedOut"`)
	if err != nil {
		n.ledger.fault("harness: %v", err)
	}
	for _, e := range late {
		if e.kind == signIn { // it ends with its caller
			n.ledger.count("sign-ins that ended with their caller")
			continue
		}
		n.ledger.fault("%v: a flow ran out of time", e)
	}
	attention, err := n.list(ctx, `EverlatchOutcome IN ("needs_attention", "dead")`)
	n.report("a flow that needs attention", names(attention), err)
	all, err := n.list(ctx, `ExecutionStatus = "Running"`)
	if err != nil {
		n.ledger.fault("harness: %v", err)
	}
	for _, e := range all {
		n.checkOpen(ctx, e)
	}
	total, err := n.cast.temporal.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: "default"})
	if err == nil {
		n.ledger.add("workflows", int(total.GetCount()))
	}
}

// checkOpen wants an open flow to wait for something else than its own workflow task.
func (n *inspector) checkOpen(ctx context.Context, e execution) {
	var stuck string
	err := await(ctx, 30*time.Second, "no workflow task that fails", func() bool {
		d, err := n.cast.temporal.DescribeWorkflowExecution(ctx, e.id, e.run)
		if err != nil {
			stuck = err.Error()
			return false
		}
		stuck = ""
		if task := d.GetPendingWorkflowTask(); task.GetAttempt() > 1 {
			stuck = fmt.Sprintf("its workflow task is at attempt %d", task.GetAttempt())
		}
		for _, a := range d.GetPendingActivities() {
			if a.GetAttempt() > 1 {
				stuck = fmt.Sprintf("%s is at attempt %d: %s", a.GetActivityType().GetName(), a.GetAttempt(), a.GetLastFailure().GetMessage())
			}
		}
		return stuck == ""
	})
	if err != nil {
		n.ledger.fault("%v is stuck: %s", e, stuck)
	}
}

// failure is what a closed flow failed with. Messages are sealed, types are not.
func (n *inspector) failure(ctx context.Context, e execution) string {
	h, err := n.cast.temporal.WorkflowService().GetWorkflowExecutionHistoryReverse(ctx, &workflowservice.GetWorkflowExecutionHistoryReverseRequest{
		Namespace: "default", MaximumPageSize: 1, Execution: &commonpb.WorkflowExecution{WorkflowId: e.id, RunId: e.run},
	})
	if err != nil || len(h.GetHistory().GetEvents()) == 0 {
		return fmt.Sprint("no history: ", err)
	}
	failure := h.GetHistory().GetEvents()[0].GetWorkflowExecutionFailedEventAttributes().GetFailure()
	var types []string
	for ; failure != nil; failure = failure.GetCause() {
		types = append(types, failure.GetApplicationFailureInfo().GetType()+" "+failure.GetActivityFailureInfo().GetActivityType().GetName())
	}
	return strings.Join(types, " < ")
}

func names(all []execution) (out []string) {
	for _, e := range all {
		out = append(out, e.String())
	}
	return out
}
