package doctor

import "slices"

// Status is how a check has ended.
type Status string

// The statuses. A fault keeps something from working, a warning may do so later or makes it
// less safe. What is skipped was not looked at; the message says why.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Fault   Status = "fault"
	Skipped Status = "skipped"
)

// Finding is what one check has found.
type Finding struct {
	// Check is the id of a [Check], and About what it was made for where there are several:
	// a provider, a webhook, a task queue.
	Check  string `json:"check"`
	About  string `json:"about,omitempty"`
	Status Status `json:"status"`
	// Message is what was found, and Advice what to do about it, a sentence each.
	Message string `json:"message"`
	Advice  string `json:"advice,omitempty"`
}

// Report is everything that was found, in the order of [Checks].
type Report struct {
	// OK says that there is no fault.
	OK       bool `json:"ok"`
	Faults   int  `json:"faults"`
	Warnings int  `json:"warnings"`

	Findings []Finding `json:"checks"`
}

func newReport(findings []Finding) Report {
	out := Report{Findings: findings}
	for _, f := range findings {
		switch f.Status {
		case Fault:
			out.Faults++
		case Warning:
			out.Warnings++
		case OK, Skipped:
		}
	}
	out.OK = out.Faults == 0
	return out
}

// Without returns the report without some checks.
func (r Report) Without(checks []string) Report {
	return newReport(slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return slices.Contains(checks, f.Check) }))
}
