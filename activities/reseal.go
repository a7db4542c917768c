package activities

import (
	"context"
	"time"

	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
)

// Reseals seal with the current keys what previous ones have sealed. They return numbers.
type Reseals struct {
	// Rings are the key rings; without them there is nothing to do.
	Rings *keys.Rings
}

// ResealTask is a table with values that a previous key has sealed.
type ResealTask struct {
	Source store.SealedSource `json:"source"`
	Ring   string             `json:"ring"`
	// Waiting is how many values they were when they were counted.
	Waiting int64 `json:"waiting"`
}

// ResealPlan is what there is to do.
type ResealPlan struct {
	Tasks []ResealTask `json:"tasks"`
	// Wait is how long it takes until every process seals with a key that has just been
	// replaced; what it replaced is planned after that.
	Wait time.Duration `json:"wait"`
}

// PlanResealInput is the argument of [Reseals.PlanReseal].
type PlanResealInput struct{}

// PlanReseal counts what previous keys have sealed. A ring in which nothing is left is not
// counted again until it has another key.
func (a *Reseals) PlanReseal(ctx context.Context, _ PlanResealInput) (out ResealPlan, err error) {
	if a.Rings == nil {
		return out, nil
	}
	tasks, wait, err := a.Rings.Plan(ctx)
	out.Wait = wait
	for _, t := range tasks {
		out.Tasks = append(out.Tasks, ResealTask(t))
	}
	return out, err
}

// ResealBatchInput is the argument of [Reseals.ResealBatch].
type ResealBatchInput struct {
	Source store.SealedSource `json:"source"`
	// After is the id of the last value of the batch before, "" for the first batch.
	After string `json:"after,omitempty"`
	Limit int    `json:"limit"`
}

// ResealBatchOutput is what a batch did.
type ResealBatchOutput struct {
	// Next is where the next batch begins, "" when this was the last one.
	Next     string `json:"next,omitempty"`
	Resealed int    `json:"resealed"`
	// Failed values do not open; the log names them.
	Failed int `json:"failed"`
}

// ResealBatch seals the next values of a table again. A value is replaced only if it is still what
// was read, so that a batch can be repeated and loses no change.
func (a *Reseals) ResealBatch(ctx context.Context, in ResealBatchInput) (out ResealBatchOutput, err error) {
	done, err := a.Rings.Reseal(ctx, in.Source, in.After, in.Limit)
	return ResealBatchOutput{Next: done.Next, Resealed: done.Resealed, Failed: done.Failed}, err
}
