package app

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/everlatch/everlatch/internal/doctor"
)

const (
	// examinedFor is how long a report is good: many administrators who look at once must not
	// make every provider and webhook be asked as often.
	examinedFor = 15 * time.Second
	// examineWithin bounds each part, so that a report comes before a proxy gives up.
	examineWithin = 4 * time.Second
)

// examiner examines the installation of this process on request.
type examiner struct {
	run func(ctx context.Context) doctor.Report
	now func() time.Time

	mu     sync.Mutex
	at     time.Time
	report []byte
}

// json returns the report, of which there is one at a time. A caller who gives up does not
// end it for the others.
func (e *examiner) json(ctx context.Context) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.report != nil && e.now().Sub(e.at) < examinedFor {
		return e.report, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	report, err := json.Marshal(e.run(context.WithoutCancel(ctx)))
	if err != nil {
		return nil, err
	}
	e.report, e.at = report, e.now()
	return e.report, nil
}

// newExaminer looks at this process's own settings and parts, as [Examine] does.
func (a *App) newExaminer() *examiner {
	return &examiner{now: a.opts.now, run: func(ctx context.Context) doctor.Report {
		s, done := a.subject(Examination{Within: examineWithin}, nil)
		defer done()
		return doctor.Run(ctx, s)
	}}
}
