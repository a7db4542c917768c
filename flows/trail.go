package flows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/workflows"
)

// Moment is something that happened in a flow, in plain English words.
type Moment struct {
	At time.Time `json:"at"`
	Saying
}

// Saying is a sentence about a flow. Code and Params say the same for other languages:
// openapi.yaml lists the codes (GET /admin/flows/{id}). Code is "" for what a custom workflow tells itself.
type Saying struct {
	Text   string            `json:"text"`
	Code   string            `json:"code,omitempty"`
	Params map[string]string `json:"params,omitempty"`
}

// Say makes a sentence; pairs are the names and values of what belongs to its code.
func Say(text, code string, pairs ...string) Saying {
	s := Saying{Text: text, Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if s.Params == nil {
			s.Params = map[string]string{}
		}
		s.Params[pairs[i]] = pairs[i+1]
	}
	return s
}

// FlowTrail is what has happened in a flow, the earliest moment first. Temporal, the worker and
// the database have clocks of their own: what happened within milliseconds may change places.
type FlowTrail struct {
	FlowInfo

	Moments []Moment `json:"moments"`
	// Now is what the flow waits for, or is doing without success; "" for a flow that is over.
	Now string `json:"now,omitempty"`
	// NowCode and NowParams say the same for other languages, see [Saying].
	NowCode   string            `json:"now_code,omitempty"`
	NowParams map[string]string `json:"now_params,omitempty"`
	// Attempts is how often the last step with a failure was tried, and LastError why it
	// did not succeed at first.
	Attempts  int    `json:"attempts,omitempty"`
	LastError string `json:"last_error,omitempty"`
}

// mostEvents bounds how much of a history is read.
const mostEvents = 2000

// Trail tells what has happened in a flow, from its history and from what it tells
// itself. An id that Temporal does not know, any more or at all, is
// [everlatch.ErrNotFound].
func (c *Client) Trail(ctx context.Context, id string) (FlowTrail, error) {
	if !printable(id) {
		return FlowTrail{}, unknownFlow(id, nil)
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	found, err := c.opts.Temporal.DescribeWorkflowExecution(ctx, id, "")
	if _, absent := errors.AsType[*serviceerror.NotFound](err); absent {
		return FlowTrail{}, unknownFlow(id, err)
	}
	if err != nil {
		return FlowTrail{}, failure(err)
	}
	s := trail{client: c, FlowTrail: FlowTrail{FlowInfo: flowInfo(found.GetWorkflowExecutionInfo())}}
	s.told(ctx)
	events := c.opts.Temporal.GetWorkflowHistory(ctx, id, s.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for n := 0; events.HasNext() && n < mostEvents; n++ {
		event, err := events.Next()
		if err != nil {
			return FlowTrail{}, failure(err)
		}
		s.read(event)
	}
	for _, p := range found.GetPendingActivities() {
		s.Attempts, s.LastError = int(p.GetAttempt()), s.words(p.GetLastFailure())
		if s.LastError != "" {
			s.now(Say(
				fmt.Sprintf("%s was tried %s and did not succeed: %s", p.GetActivityType().GetName(), times(s.Attempts-1), s.LastError),
				"step_failing", "step", p.GetActivityType().GetName(), "attempts", strconv.Itoa(s.Attempts-1), "error", s.LastError,
			))
		}
	}
	slices.SortStableFunc(s.Moments, func(a, b Moment) int { return a.At.Compare(b.At) })
	return s.FlowTrail, nil
}

func unknownFlow(id string, cause error) error {
	return &everlatch.Error{Code: everlatch.CodeNotFound, Reason: everlatch.ReasonRunUnknown, Details: map[string]string{"id": id}, Err: cause}
}

// printable reports whether an id is printable ASCII, as those of all flows are. Temporal's
// client sends ids in gRPC headers, which refuse everything else as if Temporal were away.
func printable(id string) bool {
	return !strings.ContainsFunc(id, func(c rune) bool { return c < ' ' || c > '~' })
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// trail is one that is being read.
type trail struct {
	FlowTrail

	client *Client
	// tells says that the flow tells itself what has happened: then steps that
	// succeeded at once add nothing.
	tells bool
	// steps are the summaries of activities, by the event that scheduled them.
	steps map[int64]string
	// tried are their attempts, and the failures of those that failed.
	tried map[int64]*historypb.ActivityTaskStartedEventAttributes
}

func (s *trail) add(at time.Time, text, code string, pairs ...string) {
	s.Moments = append(s.Moments, Moment{At: at, Saying: Say(text, code, pairs...)})
}

func (s *trail) now(said Saying) { s.Now, s.NowCode, s.NowParams = said.Text, said.Code, said.Params }

// toldSaying is a line that a flow tells itself.
func toldSaying(line string) Saying {
	code, params := workflows.ReadTold(line)
	return Saying{Text: line, Code: code, Params: params}
}

// told asks the flow. A worker answers, from the history of a flow that is over; without a
// worker the history alone has to do.
func (s *trail) told(ctx context.Context) {
	var metadata sdkpb.WorkflowMetadata
	for range 2 { // the first query after a pause may find no poller
		answer, err := s.client.opts.Temporal.QueryWorkflow(ctx, s.ID, s.RunID, metadataQuery)
		if err == nil && answer.Get(&metadata) == nil {
			break
		}
	}
	for line := range strings.Lines(metadata.GetCurrentDetails()) {
		line = strings.TrimSpace(line)
		text, isMoment := strings.CutPrefix(line, "- ")
		if at, err := time.Parse(toldLayout, text[:min(len(text), len(toldLayout))]); isMoment && err == nil {
			s.tells = true
			s.Moments = append(s.Moments, Moment{At: at, Saying: toldSaying(strings.TrimSpace(text[len(toldLayout):]))})
		} else if line != "" && s.ClosedAt == nil {
			s.now(toldSaying(line))
		}
	}
}

const (
	toldLayout = workflows.ToldLayout
	// metadataQuery is answered by every workflow of the SDK.
	metadataQuery = "__temporal_workflow_metadata"
)

// read adds what an event of the history says.
func (s *trail) read(e *historypb.HistoryEvent) {
	at := e.GetEventTime().AsTime()
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
		s.add(at, cmp.Or(s.text(e.GetUserMetadata().GetSummary()), s.Title)+" started", "started")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
		s.add(at, "cancellation requested", "cancel_requested")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
		why := e.GetWorkflowExecutionTerminatedEventAttributes().GetReason()
		s.add(at, "terminated: "+why, "terminated", "error", why)
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
		s.add(at, "ended by its time limit", "timed_out")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
		s.add(at, "ended: cancelled", "ended", "outcome", "cancelled")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
		s.add(at, "went on in another execution", "continued")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
		s.LastError = s.words(e.GetWorkflowExecutionFailedEventAttributes().GetFailure())
		s.add(at, "failed: "+s.LastError, "failed", "error", s.LastError)
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
		s.Moments = append(s.Moments, Moment{At: at, Saying: s.ending(e.GetWorkflowExecutionCompletedEventAttributes().GetResult())})
	case enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
		child := e.GetStartChildWorkflowExecutionInitiatedEventAttributes().GetWorkflowId()
		s.add(at, "started "+child, "child_started", "flow", child)
	case enumspb.EVENT_TYPE_MARKER_RECORDED:
		s.marker(e)
	default:
		s.activity(e, at)
	}
}

func (s *trail) marker(e *historypb.HistoryEvent) {
	name := s.text(e.GetUserMetadata().GetSummary())
	failed := s.words(e.GetMarkerRecordedEventAttributes().GetFailure())
	switch {
	case name == "" || e.GetMarkerRecordedEventAttributes().GetMarkerName() != "LocalActivity":
	case failed != "":
		s.add(e.GetEventTime().AsTime(), name+" failed: "+failed, "step_failed", "step", name, "attempts", "1", "error", failed)
	case !s.tells:
		s.add(e.GetEventTime().AsTime(), name, "step", "step", name)
	}
}

// activity tells of a step on a task queue once it is done, with its failed attempts.
func (s *trail) activity(e *historypb.HistoryEvent, at time.Time) {
	switch e.GetEventType() { //nolint:exhaustive // see read
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		if s.steps == nil {
			s.steps, s.tried = map[int64]string{}, map[int64]*historypb.ActivityTaskStartedEventAttributes{}
		}
		s.steps[e.GetEventId()] = cmp.Or(s.text(e.GetUserMetadata().GetSummary()), e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		started := e.GetActivityTaskStartedEventAttributes()
		s.tried[started.GetScheduledEventId()] = started
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		s.step(at, e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId(), "")
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		failed := e.GetActivityTaskFailedEventAttributes()
		s.step(at, failed.GetScheduledEventId(), s.words(failed.GetFailure()))
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		late := e.GetActivityTaskTimedOutEventAttributes()
		s.step(at, late.GetScheduledEventId(), "it did not answer in time")
	}
}

func (s *trail) step(at time.Time, scheduled int64, failed string) {
	name, attempts, before := s.steps[scheduled], int(s.tried[scheduled].GetAttempt()), s.words(s.tried[scheduled].GetLastFailure())
	switch {
	case failed != "":
		s.Attempts, s.LastError = attempts, failed
		s.add(at, fmt.Sprintf("%s failed after %s: %s", name, attempted(attempts), failed),
			"step_failed", "step", name, "attempts", strconv.Itoa(max(1, attempts)), "error", failed)
	case before != "":
		s.Attempts, s.LastError = attempts, before
		s.add(at, fmt.Sprintf("%s succeeded after %s; before: %s", name, attempted(attempts), before),
			"step_recovered", "step", name, "attempts", strconv.Itoa(max(1, attempts)), "error", before)
	case !s.tells:
		s.add(at, name, "step", "step", name)
	}
}

func attempted(n int) string {
	if n <= 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}

// ending is how a flow has ended: its outcome, and why it refused.
func (s *trail) ending(result *commonpb.Payloads) Saying {
	var said struct {
		Refusal *everlatch.Refusal `json:"refusal"`
		Outcome string             `json:"outcome"`
	}
	if payloads := result.GetPayloads(); len(payloads) == 1 {
		var outcome string
		if s.client.payloads().FromPayload(payloads[0], &outcome) == nil {
			said.Outcome = outcome
		} else {
			_ = s.client.payloads().FromPayload(payloads[0], &said) // other results say nothing of the kind
		}
	}
	if said.Refusal != nil {
		return Say("ended: refused ("+said.Refusal.Err().Error()+")", "ended", "outcome", workflows.OutcomeRefused,
			"refused", cmp.Or(string(said.Refusal.Reason), string(said.Refusal.Code)))
	}
	outcome := cmp.Or(s.Outcome, said.Outcome, s.Status)
	return Say("ended: "+strings.ReplaceAll(outcome, "_", " "), "ended", "outcome", outcome)
}

// payloads opens payloads.
func (c *Client) payloads() converter.DataConverter {
	return temporalkit.NewDataConverter(c.opts.Sealing)
}

// text reads a sealed text, "" if there is none.
func (s *trail) text(p *commonpb.Payload) (out string) {
	if p != nil {
		_ = s.client.payloads().FromPayload(p, &out) // one that cannot be read tells nothing
	}
	return out
}

// words is the text of a failure, "" for none.
func (s *trail) words(f *failurepb.Failure) string {
	if f == nil {
		return ""
	}
	err := temporalkit.NewFailureConverter(s.client.opts.Sealing).FailureToError(f)
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Message()
	}
	if temporal.IsTimeoutError(err) {
		return "it did not answer in time"
	}
	return err.Error()
}
