package api_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
)

// fakeSchedules has two jobs.
type fakeSchedules struct {
	mu        sync.Mutex
	jobs      []flows.ScheduleInfo
	triggered []string
}

var ranAt = time.Date(2026, 11, 23, 13, 40, 0, 0, time.UTC)

func twoJobs() []flows.ScheduleInfo {
	return []flows.ScheduleInfo{
		{
			ID: "clean-up", ScheduleID: "clean-up/inst", Owner: "inst", Flow: "CleanUp", Spec: "every 10 minutes",
			Last: ranAt, Next: ranAt.Add(10 * time.Minute),
			Runs: []flows.ScheduleRun{{At: ranAt, WorkflowID: "clean-up/inst-1", Status: "completed", Outcome: "done"}},
		},
		{ID: "report", ScheduleID: "report/inst", Owner: "inst", Flow: "Report", Spec: "every day", Paused: true, Note: "holidays"},
	}
}

func (f *fakeSchedules) Schedules(context.Context) ([]flows.ScheduleInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]flows.ScheduleInfo{}, f.jobs...), nil
}

func (f *fakeSchedules) Schedule(ctx context.Context, id string) (out flows.ScheduleInfo, err error) {
	return out, f.change(id, func(i *flows.ScheduleInfo) { out = *i })
}

func (f *fakeSchedules) change(id string, do func(*flows.ScheduleInfo)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.jobs == nil {
		f.jobs = twoJobs()
	}
	for i := range f.jobs {
		if f.jobs[i].ID == id {
			do(&f.jobs[i])
			return nil
		}
	}
	return &everlatch.Error{Code: everlatch.CodeNotFound, Reason: everlatch.ReasonScheduleUnknown, Details: map[string]string{"id": id}}
}

func (f *fakeSchedules) PauseSchedule(_ context.Context, id, note string) error {
	return f.change(id, func(i *flows.ScheduleInfo) { i.Paused, i.Note = true, note })
}

func (f *fakeSchedules) ResumeSchedule(_ context.Context, id, note string) error {
	return f.change(id, func(i *flows.ScheduleInfo) { i.Paused, i.Note = false, note })
}

func (f *fakeSchedules) TriggerSchedule(_ context.Context, id string) error {
	return f.change(id, func(i *flows.ScheduleInfo) { f.triggered = append(f.triggered, i.ID) })
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.flows.jobs = twoJobs()
	require.Equal(t, 401, w.do("GET", "/admin/schedules", nil).StatusCode)
	token := w.admin("root@example.com")
	admin, id := bearer(token), w.claims(token).ActorID

	w.do("GET", "/admin/schedules?limit=1", nil, admin).is(t, `{"schedules":[{"id":"clean-up","schedule_id":"clean-up/inst","owner":"inst",`+
		`"workflow":"CleanUp","spec":"every 10 minutes","paused":false,"note":"",`+
		`"last_run_at":"2026-11-23T13:40:00.000Z","next_run_at":"2026-11-23T13:50:00.000Z",`+
		`"runs":[{"at":"2026-11-23T13:40:00.000Z","flow_id":"clean-up/inst-1","status":"completed","outcome":"done"}]}],"count":2,"offset":0,"limit":1}`)
	w.do("GET", "/admin/schedules?paused=true&fields=id,note,next_run_at,runs", nil, admin).
		is(t, `{"schedules":[{"id":"report","note":"holidays","next_run_at":null,"runs":[]}],"count":1,"offset":0,"limit":50}`)
	w.do("GET", "/admin/schedules?offset=5&fields=id", nil, admin).is(t, `{"schedules":[],"count":2,"offset":5,"limit":50}`)
	require.Equal(t, 400, w.do("GET", "/admin/schedules?paused=perhaps", nil, admin).StatusCode)

	path := "/admin/schedules/clean-up"
	w.do("POST", path+"/pause?fields=id,paused,note", object{"note": "the backup runs"}, admin).
		is(t, `{"schedule":{"id":"clean-up","paused":true,"note":"the backup runs"}}`)
	w.do("POST", path+"/resume?fields=paused,note", nil, admin).is(t, `{"schedule":{"id":"clean-up","paused":false,"note":"resumed by `+id+`"}}`)
	w.do("POST", path+"/pause?fields=note", object{"note": ""}, admin).is(t, `{"schedule":{"id":"clean-up","note":"paused by `+id+`"}}`)
	require.Equal(t, "clean-up", w.do("POST", path+"/trigger", nil, admin).text(t, "schedule.id"))
	require.Equal(t, []string{"clean-up"}, w.flows.triggered)
	require.Equal(t, "every 10 minutes", w.do("GET", path, nil, admin).text(t, "schedule.spec"))

	for _, bad := range []any{object{"note": 7}, object{"why": "x"}, object{"note": strings.Repeat("x", 501)}} {
		require.Equal(t, 400, w.send(w.raw, "POST", path+"/pause", bad, admin).StatusCode)
	}
	require.Equal(t, 400, w.send(w.raw, "POST", path+"/trigger", object{"note": "x"}, admin).StatusCode)
	for _, at := range []string{"/pause", "/resume", "/trigger"} {
		w.do("POST", "/admin/schedules/"+url.PathEscape("clean-up/other")+at, nil, admin).
			is(t, `{"type":"not_found","message":"There is no schedule clean-up/other."}`)
		require.Equal(t, 401, w.do("POST", path+at, nil, bearer(w.customer(at[1:]+"@example.com"))).StatusCode)
	}
}

func TestSchedulesWithRoles(t *testing.T) {
	t.Parallel()
	w := withRBAC(t, options(func(*api.Options) {}))
	w.flows.jobs = twoJobs()
	reader, _ := w.adminWith("reader@example.com", w.role("reader", "schedule:read"))
	require.Equal(t, 200, w.do("GET", "/admin/schedules/report", nil, bearer(reader)).StatusCode)
	w.do("POST", "/admin/schedules/report/resume", nil, bearer(reader)).is(t, insufficient("schedule:read", "schedule:update"))
	writer, _ := w.adminWith("writer@example.com", w.role("writer", "schedule:read", "schedule:update"))
	require.Equal(t, 200, w.do("POST", "/admin/schedules/report/resume", nil, bearer(writer)).StatusCode)
	w.do("GET", "/admin/schedules", nil, bearer(w.admin("none@example.com"))).is(t, forbidden)
}
