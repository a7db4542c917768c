package workflows

import (
	"encoding/json"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"
)

// RequestPrefix begins the id of an update that is the same whenever the same
// request is sent.
const RequestPrefix = "r:"

// mostAnswers bounds how many answers an execution hands on when it continues as
// new. Only the latest requests can still be repeated by a caller who waits.
const mostAnswers = 16

// answered is what a request was answered. Temporal knows the updates of one run
// only, so a flow that continues as new hands its answers on: a request that is
// repeated then gets the first answer.
type answered struct {
	UpdateID string          `json:"update_id"`
	Value    json.RawMessage `json:"value"`
}

type answers []answered

// find returns the answer that the current update was given in an earlier run.
func (a *answers) find(ctx workflow.Context) (json.RawMessage, bool) {
	id := requestID(ctx)
	i := slices.IndexFunc(*a, func(known answered) bool { return known.UpdateID == id })
	if id == "" || i < 0 {
		return nil, false
	}
	return (*a)[i].Value, true
}

// keep notes the answer to the current update, unless each such update is another.
func (a *answers) keep(ctx workflow.Context, answer any) error {
	id := requestID(ctx)
	if id == "" {
		return nil
	}
	// The answers are plain structs, and the keys of a map are sorted.
	raw, err := json.Marshal(answer) //workflowcheck:ignore
	if err != nil {
		return err
	}
	*a = append(*a, answered{UpdateID: id, Value: raw})
	if tooMany := len(*a) - mostAnswers; tooMany > 0 {
		*a = slices.Delete(*a, 0, tooMany)
	}
	return nil
}

// requestID is the id of the current update if it names a request, "" otherwise.
func requestID(ctx workflow.Context) string {
	update := workflow.GetCurrentUpdateInfo(ctx)
	if update == nil || !strings.HasPrefix(update.ID, RequestPrefix) {
		return ""
	}
	return update.ID
}
