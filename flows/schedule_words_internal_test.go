package flows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
)

// calendar is what Temporal makes of a cron expression: every field is given.
func calendar(minute, hour, month, year, week []client.ScheduleRange) *client.ScheduleSpec {
	or := func(r []client.ScheduleRange, low, high int) []client.ScheduleRange {
		if r == nil {
			return []client.ScheduleRange{{Start: low, End: high}}
		}
		return r
	}
	return &client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{{
		Second: []client.ScheduleRange{{}}, Minute: or(minute, 0, 59), Hour: or(hour, 0, 23),
		DayOfMonth: or(month, 1, 31), Month: or(year, 1, 12), DayOfWeek: or(week, 0, 6),
	}}}
}

func TestSpecWords(t *testing.T) {
	t.Parallel()
	at := func(ns ...int) []client.ScheduleRange {
		out := make([]client.ScheduleRange, len(ns))
		for i, n := range ns {
			out[i].Start = n
		}
		return out
	}
	by := func(start, end, step int) []client.ScheduleRange {
		return []client.ScheduleRange{{Start: start, End: end, Step: step}}
	}
	berlin := calendar(at(0), at(3), nil, nil, nil)
	berlin.TimeZoneName = "Europe/Berlin"
	every := func(d, offset time.Duration) *client.ScheduleSpec {
		return &client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: d, Offset: offset}}}
	}
	for want, spec := range map[string]*client.ScheduleSpec{
		"":                                                  nil,
		"every 10 minutes":                                  every(10*time.Minute, 0),
		"every hour":                                        every(time.Hour, 0),
		"every 90 minutes":                                  every(90*time.Minute, 0),
		"every day":                                         every(24*time.Hour, 0),
		"every hour, 5 minutes later":                       every(time.Hour, 5*time.Minute),
		"every 1.5s":                                        every(1500*time.Millisecond, 0),
		"every minute":                                      calendar(nil, nil, nil, nil, nil),
		"every minute on Sunday, UTC":                       calendar(nil, nil, nil, nil, at(0)),
		"every 15 minutes":                                  calendar(by(0, 59, 15), nil, nil, nil, nil),
		"every hour at minute 5, 20 and 35":                 calendar(at(5, 20, 35), nil, nil, nil, nil),
		"at 03:00 every day, Europe/Berlin":                 berlin,
		"at 03:05 and 15:05 every day, UTC":                 calendar(at(5), at(15, 3), nil, nil, nil),
		"at 06:00 on Monday to Friday, UTC":                 calendar(at(0), at(6), nil, nil, by(1, 5, 1)),
		"at 06:00 on Sunday and Monday, UTC":                calendar(at(0), at(6), nil, nil, at(0, 1)),
		"at 06:00 on day 1 and 15 of the month, UTC":        calendar(at(0), at(6), at(1, 15), nil, nil),
		"at 06:00 on day 1 in January and July, UTC":        calendar(at(0), at(6), at(1), at(1, 7), nil),
		"every 2 hours every day, UTC":                      calendar(at(0), by(0, 23, 2), nil, nil, nil),
		"in the hours 8 to 17 on Monday, UTC":               calendar(at(0), by(8, 17, 1), nil, nil, at(1)),
		"every 2 hours at minute 30 every day, UTC":         calendar(at(30), by(0, 23, 2), nil, nil, nil),
		"in the hours 8 and 9, every minute every day, UTC": calendar(nil, at(8, 9), nil, nil, nil),
	} {
		require.Equal(t, want, specWords(spec))
	}
	both := every(time.Hour, 0)
	both.Calendars = berlin.Calendars
	require.Equal(t, "every hour; at 03:00 every day, UTC", specWords(both))
}
