package workflows_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch/workflows"
)

// The kinds of endings that each flow has a history of, see [TestEveryEndingHasAHistory].
const (
	endsDone      = "done"
	endsRefused   = "refused or failed"
	endsCancelled = "cancelled"
	endsContinued = "continued as new"
)

// unhappy are the outcomes of flows that did not do what they were started for.
var unhappy = []string{
	workflows.EndFailed, workflows.OutcomeRefused, workflows.OutcomeNeedsAttention, workflows.OutcomeDead,
	"expired", "void", "exhausted", "too_many_attempts", "taken", "revoked",
}

// continues are the flows that continue as new.
var continues = []string{
	"AccountDeletion", "CleanUp", "ConfirmedRegistration", "EmailChange", "EmailSignIn", "FactorEnrollment", "Import", "Invitation", "MFAChallenge",
	"PasskeyRegistration", "PasskeySignIn", "PasswordReset", "RemoveOrphans", "Reseal", "SignInNotice", "SocialLogin", "TendDeletions", "TendEvents", "Verification",
}

// without are the endings that a flow has no history of, and why.
var without = map[string]string{
	"EmailChange " + endsRefused:     "it ends as closed, whatever became of the requests that it served",
	"EraseAccount " + endsRefused:    "its steps are tried for ever",
	"Import " + endsRefused:          "its steps are tried for ever; what it refuses is a line of its result",
	"Reseal " + endsRefused:          "its steps are tried for ever; what does not open is a number of its result",
	"RemoveOrphans " + endsContinued: "its loop is that of CleanUp",
	"TendEvents " + endsContinued:    "its loop is that of CleanUp",
	"TendDeletions " + endsContinued: "its loop is that of CleanUp",
}

// TestEveryEndingHasAHistory keeps the folder complete: of every flow, and of custom
// workflows with Steps, there is a history that does what it was started for, one that
// was refused or failed, one that an operator cancelled, and one that continued as new.
// What an execution ends with is what its replay says.
func TestEveryEndingHasAHistory(t *testing.T) {
	t.Parallel()
	kept := keptEndings(t)
	for _, flow := range append(registeredFlows(t), "signUpCourier", "signUpByChild", "signInTwice") {
		kinds := []string{endsDone, endsRefused, endsCancelled}
		if slices.Contains(continues, flow) {
			kinds = append(kinds, endsContinued)
		}
		for _, kind := range kinds {
			_, left := without[flow+" "+kind]
			if has := kept[flow+" "+kind]; has == left {
				t.Errorf("%s, %s: has a history: %t, is left out: %t", flow, kind, has, left)
			}
		}
		if !slices.Contains(continues, flow) && kept[flow+" "+endsContinued] {
			t.Errorf("%s continues as new, and is not listed", flow)
		}
	}
}

// TestContinuingFlowsAreListed finds the flows that continue as new in the source.
func TestContinuingFlowsAreListed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var found []string
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(source)) {
			if _, args, ok := strings.Cut(line, "workflow.NewContinueAsNewError(ctx, "); ok && !strings.HasSuffix(file, "_test.go") {
				found = append(found, strings.FieldsFunc(args, func(r rune) bool { return r == ',' || r == ')' })[0])
			}
		}
	}
	require.ElementsMatch(t, continues, found)
}

// registeredFlows are the names of all workflows.
func registeredFlows(t *testing.T) []string {
	t.Helper()
	golden, err := os.ReadFile("../worker/testdata/names.golden")
	require.NoError(t, err)
	var out []string
	for line := range strings.Lines(string(golden)) {
		if name, isWorkflow := strings.CutPrefix(strings.TrimSpace(line), "workflow "); isWorkflow {
			out = append(out, name)
		}
	}
	return out
}

// keptEndings are the endings of which there is a history, as "Flow ending".
func keptEndings(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(histories, "*", "*.json"))
	require.NoError(t, err)
	out := map[string]bool{}
	for _, file := range files {
		flow := filepath.Base(filepath.Dir(file))
		said := &said{}
		replayHistory(t, file, said)
		events := readHistory(t, file).GetEvents()
		if events[len(events)-1].GetWorkflowExecutionContinuedAsNewEventAttributes() != nil {
			out[flow+" "+endsContinued] = true
			continue
		}
		cancelled := false
		for _, e := range events {
			cancelled = cancelled || e.GetWorkflowExecutionCancelRequestedEventAttributes() != nil
		}
		switch {
		case cancelled:
			out[flow+" "+endsCancelled] = true
		case slices.Contains(unhappy, said.outcome):
			out[flow+" "+endsRefused] = true
		default:
			out[flow+" "+endsDone] = true
		}
	}
	return out
}

// said takes down what an execution says that it has ended with.
type said struct {
	interceptor.WorkerInterceptorBase

	mu      sync.Mutex
	outcome string
}

// InterceptWorkflow implements [interceptor.WorkerInterceptor].
func (s *said) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &sayingWorkflow{said: s}
	i.Next = next
	return i
}

type sayingWorkflow struct {
	interceptor.WorkflowInboundInterceptorBase

	said *said
}

func (s *sayingWorkflow) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	ctx, ending := workflows.WithEnding(ctx)
	out, err := s.Next.ExecuteWorkflow(ctx, in)
	s.said.mu.Lock()
	defer s.said.mu.Unlock()
	s.said.outcome = ending.Outcome(err)
	return out, err
}
