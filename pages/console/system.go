package console

import (
	"net/http"
	"net/url"

	"github.com/everlatch/everlatch/pages"
)

func (c *console) systemRoutes() map[string]pages.Handler {
	change := []string{"schedule:read", "schedule:update"}
	return map[string]pages.Handler{
		"GET /console/health":                  c.page([]string{"doctor:read"}, c.showHealth),
		"GET /console/schedules":               c.page([]string{"schedule:read"}, c.listSchedules),
		"POST /console/schedules/{id}/pause":   c.page(change, changeSchedule("pause", "console.schedule_paused")),
		"POST /console/schedules/{id}/resume":  c.page(change, changeSchedule("resume", "console.schedule_resumed")),
		"POST /console/schedules/{id}/trigger": c.page(change, changeSchedule("trigger", "console.schedule_triggered")),
	}
}

type schedule struct {
	ID       string  `json:"id"`
	Workflow string  `json:"workflow"`
	Spec     string  `json:"spec"`
	Paused   bool    `json:"paused"`
	Note     string  `json:"note"`
	LastRun  *string `json:"last_run_at"`
	NextRun  *string `json:"next_run_at"`
	Runs     []run   `json:"runs"`
	// When is the spec in words.
	When told `json:"-"`
}

// Path is the beginning of the paths of its actions.
func (s schedule) Path() string { return Path + "/schedules/" + url.PathEscape(s.ID) }

// Last is the latest start, nil for none.
func (s schedule) Last() *run {
	if len(s.Runs) == 0 {
		return nil
	}
	return &s.Runs[0]
}

// run is a start of a scheduled job.
type run struct {
	At      string `json:"at"`
	FlowID  string `json:"flow_id"`
	Status  string `json:"status"`
	Outcome string `json:"outcome"`
	// Ended is the outcome in words.
	Ended string `json:"-"`
}

// Path is the page of the flow.
func (r run) Path() string { return flow{ID: r.FlowID}.Path() }

type schedulesPage struct {
	frame
	listing

	Schedules []schedule
}

func (c *console) listSchedules(v *visit) error {
	var answer struct {
		listing

		Schedules []schedule
	}
	if err := v.list("/admin/schedules", nil, &answer); err != nil {
		return err
	}
	for i, s := range answer.Schedules {
		answer.Schedules[i].When, answer.Schedules[i].Note = v.when(s.Spec), v.note(s.Note)
		for i := range s.Runs {
			s.Runs[i].Ended = v.outcome(s.Runs[i].Outcome)
		}
	}
	return v.show(http.StatusOK, "schedules", schedulesPage{v.frame(), v.paged(answer.listing, len(answer.Schedules)), answer.Schedules})
}

// changeSchedule returns a handler that does something to a schedule that can be undone.
func changeSchedule(action, done string) handler {
	return func(v *visit) error {
		id := v.R.PathValue("id")
		if err := v.Post("/admin/schedules/"+url.PathEscape(id)+"/"+action, map[string]string{}, nil); err != nil {
			return err
		}
		return v.done(done, id, Path+"/schedules")
	}
}
