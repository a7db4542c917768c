package flows

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/everlatch/everlatch/workflows"
)

// FlowFilter selects flows; zero fields select all. A flow that has one of IdentityIDs,
// ActorIDs and Addresses is selected, where any is given.
type FlowFilter struct {
	WorkflowID                       string
	IdentityIDs, ActorIDs, Addresses []string
	RequestID, ActorType, Provider   string
	Workflow, Outcome                string
	// Since leaves out what has started before.
	Since time.Time
	// Limit is how many are returned at most.
	Limit int
}

// FlowInfo is a flow as operators see it.
type FlowInfo struct {
	// ID is the workflow id, and RunID that of its execution.
	ID       string `json:"id"`
	RunID    string `json:"run_id"`
	Workflow string `json:"workflow"`
	// Title is what the flow is called, such as "Password reset".
	Title string `json:"title"`
	// Status is running, completed, failed, cancelled, terminated, continued or timed_out.
	Status string `json:"status"`
	// Outcome is how it has ended, "" while it goes on.
	Outcome        string     `json:"outcome,omitempty"`
	ActorType      string     `json:"actor_type,omitempty"`
	Provider       string     `json:"auth_provider,omitempty"`
	AuthIdentityID string     `json:"auth_identity_id,omitempty"`
	ActorID        string     `json:"actor_id,omitempty"`
	RequestID      string     `json:"request_id,omitempty"`
	StartedAt      time.Time  `json:"started_at"`
	ClosedAt       *time.Time `json:"closed_at,omitempty"`

	// marked says that its memo asks for an operator.
	marked bool
}

// ListFlows lists flows of this installation that Temporal still keeps: those that run first,
// and then the ones that ended last. The list lags a moment behind.
func (c *Client) ListFlows(ctx context.Context, f FlowFilter) ([]FlowInfo, error) {
	return c.flowsWhere(ctx, c.query(f), f.Limit)
}

func (c *Client) flowsWhere(ctx context.Context, query string, limit int) ([]FlowInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	out := []FlowInfo{}
	r := &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: int32(min(limit, maxFlowPage))} //nolint:gosec // it is small
	for {
		page, err := c.opts.Temporal.ListWorkflow(ctx, r)
		if err != nil {
			return nil, failure(err)
		}
		for _, e := range page.GetExecutions() {
			if out = append(out, flowInfo(e)); len(out) == limit {
				return out, nil
			}
		}
		if r.NextPageToken = page.GetNextPageToken(); len(r.NextPageToken) == 0 {
			return out, nil
		}
	}
}

const maxFlowPage = 200

// ofInstallation selects the executions of the installation whose task queues have this name.
func ofInstallation(queue string) string {
	return in("TaskQueue", []string{queue, workflows.SlowQueue(queue), workflows.DeliveriesQueue(queue)})
}

// query is the filter in the language of Temporal's lists.
func (c *Client) query(f FlowFilter) string {
	and := []string{ofInstallation(c.opts.TaskQueue)}
	for _, equal := range []struct{ name, value string }{
		{"WorkflowId", f.WorkflowID},
		{"WorkflowType", f.Workflow},
		{workflows.AttributeRequestID.GetName(), f.RequestID},
		{workflows.AttributeActorType.GetName(), f.ActorType},
		{workflows.AttributeProvider.GetName(), f.Provider},
		{workflows.AttributeOutcome.GetName(), f.Outcome},
	} {
		if equal.value != "" {
			and = append(and, in(equal.name, []string{equal.value}))
		}
	}
	subjects := make([]string, len(f.Addresses))
	for i, address := range f.Addresses {
		subjects[i] = c.subject(address)
	}
	var or []string
	for _, one := range []struct {
		name   string
		values []string
	}{
		{workflows.AttributeIdentityID.GetName(), f.IdentityIDs},
		{workflows.AttributeActorID.GetName(), f.ActorIDs},
		{workflows.AttributeSubject.GetName(), subjects},
	} {
		if len(one.values) > 0 {
			or = append(or, in(one.name, one.values))
		}
	}
	if len(or) > 0 {
		and = append(and, "("+strings.Join(or, " OR ")+")")
	}
	if !f.Since.IsZero() {
		and = append(and, "StartTime >= "+quoted(f.Since.UTC().Format(time.RFC3339)))
	}
	return strings.Join(and, " AND ")
}

func in(name string, values []string) string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = quoted(v)
	}
	return name + " IN (" + strings.Join(list, ", ") + ")"
}

// quoted is a string of that language. It knows no character that could end one early
// but these.
func quoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

var statuses = map[enumspb.WorkflowExecutionStatus]string{
	enumspb.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED:      "unknown",
	enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:          "running",
	enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:        "completed",
	enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:           "failed",
	enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:         "cancelled",
	enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:       "terminated",
	enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW: "continued",
	enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:        "timed_out",
	enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED:           "paused",
}

func flowInfo(e *workflowpb.WorkflowExecutionInfo) FlowInfo {
	a := e.GetSearchAttributes()
	out := FlowInfo{
		ID: e.GetExecution().GetWorkflowId(), RunID: e.GetExecution().GetRunId(), Workflow: e.GetType().GetName(),
		Title: workflows.Title(e.GetType().GetName()), Status: statuses[e.GetStatus()],
		Outcome:        attribute(a, workflows.AttributeOutcome.GetName()),
		ActorType:      attribute(a, workflows.AttributeActorType.GetName()),
		Provider:       attribute(a, workflows.AttributeProvider.GetName()),
		AuthIdentityID: attribute(a, workflows.AttributeIdentityID.GetName()),
		ActorID:        attribute(a, workflows.AttributeActorID.GetName()),
		RequestID:      attribute(a, workflows.AttributeRequestID.GetName()),
		StartedAt:      e.GetStartTime().AsTime(),
	}
	if out.Workflow == workflows.SignIn && out.Status == "completed" && attribute(a, workflows.AttributeSubject.GetName()) != "" {
		out.Outcome = cmp.Or(out.Outcome, workflows.LoginSignedIn) // a refusal would be marked
	}
	if parts := strings.Split(out.ID, "/"); out.Workflow == workflows.SignIn && out.ActorType == "" && len(parts) == 3 {
		out.ActorType = parts[1] // see [Client.Authenticate]
	}
	if _, out.marked = e.GetMemo().GetFields()[workflows.MemoNeedsAttention]; out.marked {
		out.Outcome = cmp.Or(out.Outcome, workflows.OutcomeNeedsAttention)
	}
	if e.GetCloseTime() != nil {
		out.ClosedAt = new(e.GetCloseTime().AsTime())
	}
	return out
}

// attribute reads a search attribute, which is in clear.
func attribute(a *commonpb.SearchAttributes, name string) (value string) {
	payload := a.GetIndexedFields()[name]
	if payload == nil {
		return ""
	}
	_ = converter.GetDefaultDataConverter().FromPayload(payload, &value) // one of another type is not ours
	return value
}

// String is one line.
func (f FlowInfo) String() string {
	how := f.Status
	if f.Outcome != "" {
		how = f.Outcome
	}
	return fmt.Sprintf("%s (%s): %s", f.Title, f.ID, how)
}
