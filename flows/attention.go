package flows

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/everlatch/everlatch/workflows"
)

// Attention is a flow that does not end by itself, or not as it should, and what to do.
type Attention struct {
	Flow FlowInfo `json:"flow"`
	// Why is what is wrong, and Advice what an operator does about it.
	Why    string `json:"why"`
	Advice string `json:"advice"`
	// Code and Params say both for other languages, see [Saying].
	Code   string            `json:"why_code,omitempty"`
	Params map[string]string `json:"why_params,omitempty"`
}

const (
	// stuckAfter is how long ago a short flow has started when it is looked at.
	stuckAfter = 10 * time.Minute
	// stuckAttempts is how often one of its steps was tried by then.
	stuckAttempts = 5
	// mostAttention bounds how many flows of each kind are looked at.
	mostAttention = 100
)

// removalTypes are the flows that leave an account half removed when they do not end.
var removalTypes = []string{"RemoveCustomerAccount", "RemoveUserAccount", "RemoveActorAccount", "EraseAccount", "AccountDeletion", "DeleteAuthIdentity"}

// Attention lists the flows that need an operator: those that could not undo everything,
// removals that have failed, and flows with a step that does not succeed.
func (c *Client) Attention(ctx context.Context) ([]Attention, error) {
	out := []Attention{}
	marked, err := c.marked(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, f := range marked {
		if !seen[f.RunID] {
			out = append(out, c.unfinished(ctx, f))
		}
		seen[f.RunID] = true
	}
	broken, err := c.flowsWhere(ctx, c.query(FlowFilter{})+" AND "+in("WorkflowType", removalTypes)+
		" AND ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')", mostAttention)
	if err != nil {
		return nil, err
	}
	for _, f := range broken {
		if !seen[f.RunID] {
			out = append(out, Attention{
				Flow: f, Why: "The removal has ended without removing the account (" + f.Status + ").",
				Advice: "Look at why with `everlatch flow show " + f.ID + "`, mend it, and remove the account again.",
				Code:   "removal_ended", Params: map[string]string{"status": f.Status},
			})
		}
	}
	stuck, err := c.stuck(ctx)
	return append(out, stuck...), err
}

// mostFailed bounds how many flows that have failed are searched for marks.
const mostFailed = 1000

// marked finds the flows that could not undo everything: by their outcome, and by their memo
// those that were started without search attributes, as workflows of a program may be.
func (c *Client) marked(ctx context.Context) ([]FlowInfo, error) {
	out, err := c.ListFlows(ctx, FlowFilter{Outcome: workflows.OutcomeNeedsAttention, Limit: mostAttention})
	if err != nil {
		return nil, err
	}
	failed, err := c.flowsWhere(ctx, c.query(FlowFilter{})+" AND ExecutionStatus = 'Failed'", mostFailed)
	return append(out, slices.DeleteFunc(failed, func(f FlowInfo) bool { return !f.marked })...), err
}

// unfinished describes a flow that could not undo everything.
func (c *Client) unfinished(ctx context.Context, f FlowInfo) Attention {
	out := Attention{
		Flow: f, Why: "Not everything could be undone.",
		Advice: "Undo by hand what `everlatch flow show " + f.ID + "` names. Then nothing more is to be done: the mark stays until Temporal forgets the flow.",
		Code:   "not_undone",
	}
	if s, err := c.Trail(ctx, f.ID); err == nil && s.LastError != "" {
		out.Why, out.Params = s.LastError, map[string]string{"error": s.LastError}
	}
	return out
}

// waitingTypes are flows that wait for days, or try for days: deliveries become dead
// letters.
var waitingTypes = []string{"DeliverEvent", "AccountDeletion", "Invitation", "EmailChange"}

// stuck finds flows with a step that was tried again and again. There may be many flows that
// wait for someone, so they are looked at last.
func (c *Client) stuck(ctx context.Context) ([]Attention, error) {
	old := c.query(FlowFilter{}) + " AND ExecutionStatus = 'Running' AND StartTime < " +
		quoted(c.opts.Now().Add(-stuckAfter).UTC().Format(time.RFC3339))
	var running []FlowInfo
	for _, kind := range []string{
		" AND NOT " + in("WorkflowType", waitingTypes), " AND " + in("WorkflowType", waitingTypes[1:]),
	} {
		found, err := c.flowsWhere(ctx, old+kind, mostAttention)
		if err != nil {
			return nil, err
		}
		running = append(running, found...)
	}
	var out []Attention
	for _, f := range running {
		found, err := c.opts.Temporal.DescribeWorkflowExecution(ctx, f.ID, f.RunID)
		if err != nil {
			continue // it has ended meanwhile
		}
		for _, p := range found.GetPendingActivities() {
			if p.GetAttempt() < stuckAttempts {
				continue
			}
			name, attempts, why := p.GetActivityType().GetName(), int(p.GetAttempt())-1, (&trail{client: c}).words(p.GetLastFailure())
			out = append(out, Attention{
				Flow: f, Why: fmt.Sprintf("%s was tried %s: %s", name, times(attempts), why),
				Code: "step_failing", Params: map[string]string{"step": name, "attempts": strconv.Itoa(attempts), "error": why},
				Advice: "It is tried until it succeeds. Mend the cause, which the log of the worker has with workflow_id=" + f.ID + "; nothing else is to be done.",
			})
		}
	}
	return out, nil
}
