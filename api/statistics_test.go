package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
)

func recorded(events, signIns time.Duration, refused bool) setting {
	return options(func(o *api.Options) {
		o.Statistics = api.StatisticsOptions{RefusedSignIns: refused, Events: events, SignIns: signIns}
	})
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	w := setup(t, recorded(30*24*time.Hour, 0, false))
	require.Equal(t, 401, w.do("GET", "/admin/statistics", nil).StatusCode)
	admin := bearer(w.admin("root@example.com")) // registers and signs in, at 13:47:46
	record := func(id, name string) {
		require.NoError(t, w.store.RecordEvent(t.Context(), everlatch.Event{ID: id, Name: name}))
	}
	record("evt_r", everlatch.EventPasswordReset)
	record("evt_f", everlatch.EventLoginFailed)

	w.do("GET", "/admin/statistics?from=2026-11-23T13:00:00Z&to=2026-11-23T15:00:00Z", nil, admin).is(t, `{"statistics":{`+
		`"from":"2026-11-23T13:00:00.000Z","to":"2026-11-23T15:00:00.000Z","interval":3600,"buckets":[`+
		`{"at":"2026-11-23T13:00:00.000Z","sign_ins":2,"locks":0,"limits_reached":0,"registrations":0,"password_resets":1,"passwords_changed":0,"mails_sent":0,"mails_failed":0},`+
		`{"at":"2026-11-23T14:00:00.000Z","sign_ins":0,"locks":0,"limits_reached":0,"registrations":0,"password_resets":0,"passwords_changed":0,"mails_sent":0,"mails_failed":0}],`+
		`"now":{"oldest_waiting_at":"2026-11-23T13:47:46.000Z","events_waiting":2,"deliveries_waiting":0,"deliveries_behind":0,"dead_letters":0,"sessions":0},`+
		`"not_recorded":["refused_first_factors","refused_second_factors"],"kept_since":{"events":"2026-10-24T13:47:46.000Z","sign_ins":null}}}`)

	usual := w.do("GET", "/admin/statistics", nil, admin)
	require.Equal(t, "2026-11-23T14:00:00.000Z", usual.text(t, "statistics.to"), "the current hour is the last interval")
	require.Equal(t, 24, strings.Count(usual.body, `"at":`))
	days := w.do("GET", "/admin/statistics?interval=1d&from=2026-11-01&to=2026-12-01", nil, admin)
	require.Equal(t, 30, strings.Count(days.body, `"at":`))
	require.InDelta(t, 86_400, days.value(t, "statistics.interval"), 0)

	for query, message := range map[string]string{
		"from=2026-11-23&to=2026-11-23":             "Parameter to must be later than from.",
		"from=2026-11-23&to=2026-11-22":             "Parameter to must be later than from.",
		"from=2024-01-01&to=2026-01-01&interval=1d": "The range is too long: at most 366 days and 500 intervals are counted at once.",
		"interval=1m&from=2026-11-22&to=2026-11-23": "The range is too long: at most 366 days and 500 intervals are counted at once.",
		"interval=59s":                    "An interval is at least a minute, in whole seconds.",
		"interval=61500ms":                "An interval is at least a minute, in whole seconds.",
		"interval=0h":                     "Expected type: 'duration' for field 'interval', got: '0h'",
		"interval=-1h":                    "Expected type: 'duration' for field 'interval', got: '-1h'",
		"interval=100000000d":             "Expected type: 'duration' for field 'interval', got: '100000000d'",
		"from=yesterday":                  "Expected type: 'date' for field 'from', got: 'yesterday'",
		"from[$gt]=2026-11-22":            "Expected type: 'date' for field 'from', got: ",
		"to[]=2026-11-22&to[]=2026-11-23": "Expected type: 'date' for field 'to', got: ",
		"unknown=1":                       "Unrecognized fields: 'unknown'",
	} {
		refused := w.do("GET", "/admin/statistics?"+query, nil, admin)
		require.Equal(t, 400, refused.StatusCode, query)
		require.Contains(t, refused.text(t, "message"), message, query)
	}
}

func TestStatisticsOfRefusals(t *testing.T) {
	t.Parallel()
	w := withRBAC(t, recorded(0, 90*24*time.Hour, true))
	require.NoError(t, w.store.RecordEvent(t.Context(), everlatch.Event{ID: "evt_f", Name: everlatch.EventLoginFailed}))
	token, _ := w.adminWith("root@example.com", w.role("watcher", "statistics:read"))
	got := w.do("GET", "/admin/statistics?from=2026-11-23T13:00:00Z&to=2026-11-23T14:00:00Z", nil, bearer(token))
	require.Contains(t, got.body, `"sign_ins":2,"refused_first_factors":1,"refused_second_factors":0,`)
	require.Contains(t, got.body, `"not_recorded":[],"kept_since":{"events":null,"sign_ins":"2026-08-25T13:47:46.000Z"}`)
	other, _ := w.adminWith("other@example.com", w.role("other", "event:read"))
	w.do("GET", "/admin/statistics", nil, bearer(other)).is(t, insufficient("statistics:read"))
}
