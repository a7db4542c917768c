package flows

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
)

// specWords says when a schedule starts its job, such as "every 10 minutes" or "at 03:00
// on Monday, UTC". Temporal compiles cron expressions into calendars, so these are what
// it has to be read from.
func specWords(spec *client.ScheduleSpec) string {
	if spec == nil {
		return ""
	}
	var parts []string
	for _, i := range spec.Intervals {
		words := everyWords(i.Every)
		if i.Offset > 0 {
			words += ", " + durationWords(i.Offset) + " later"
		}
		parts = append(parts, words)
	}
	for _, c := range spec.Calendars {
		parts = append(parts, calendarWords(c, spec.TimeZoneName))
	}
	return strings.Join(parts, "; ")
}

// everyWords is an interval: "every hour", "every 90 seconds".
func everyWords(d time.Duration) string {
	return "every " + strings.TrimPrefix(durationWords(d), "1 ")
}

// durationWords is a duration in its largest unit that leaves nothing over.
func durationWords(d time.Duration) string {
	for _, unit := range []struct {
		name string
		span time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if n := int(d / unit.span); n > 0 && d%unit.span == 0 {
			if n == 1 {
				return "1 " + unit.name
			}
			return strconv.Itoa(n) + " " + unit.name + "s"
		}
	}
	return d.String()
}

const (
	// mostTimes is how many times of a day are listed one by one.
	mostTimes  = 6
	hours      = 24
	minutes    = 60
	daysOfWeek = 7
)

func calendarWords(c client.ScheduleCalendarSpec, zone string) string {
	words, timed := timeWords(numbers(c.Minute, 0, minutes-1), numbers(c.Hour, 0, hours-1))
	dayWords := dayWords(numbers(c.DayOfWeek, 0, daysOfWeek-1), numbers(c.DayOfMonth, 1, 31), numbers(c.Month, 1, 12))
	if dayWords == "" && timed {
		dayWords = " every day"
	}
	words += dayWords
	if len(c.Year) > 0 {
		words += " of " + numberWords(numbers(c.Year, 2000, 2100), strconv.Itoa) //nolint:mnd // the years that Temporal knows
	}
	if !timed && dayWords == "" {
		return words // the zone makes no difference
	}
	if zone == "" {
		zone = "UTC"
	}
	return words + ", " + zone
}

// timeWords is the time of day, and whether it names hours.
func timeWords(atMinutes, atHours []int) (words string, timed bool) {
	switch {
	case len(atHours) == hours && len(atMinutes) == minutes:
		return "every minute", false
	case len(atHours) == hours && atMinutes[0] == 0 && step(atMinutes, minutes) > 0:
		return fmt.Sprintf("every %d minutes", step(atMinutes, minutes)), false
	case len(atHours) == hours && len(atMinutes) == 1 && atMinutes[0] == 0:
		return "every hour", false
	case len(atHours) == hours:
		return "every hour at minute " + numberWords(atMinutes, strconv.Itoa), false
	case len(atHours)*len(atMinutes) <= mostTimes:
		var times []string
		for _, h := range atHours {
			for _, m := range atMinutes {
				times = append(times, fmt.Sprintf("%02d:%02d", h, m))
			}
		}
		return "at " + enumerated(times), true
	}
	in := "in the hours " + numberWords(atHours, strconv.Itoa)
	if s := step(atHours, hours); s > 0 && atHours[0] == 0 {
		in = fmt.Sprintf("every %d hours", s)
	}
	if len(atMinutes) == 1 && atMinutes[0] == 0 {
		return in, true
	}
	if len(atMinutes) == minutes {
		return in + ", every minute", true
	}
	return in + " at minute " + numberWords(atMinutes, strconv.Itoa), true
}

// dayWords is the days on which it starts, "" for every day.
func dayWords(week, month, year []int) string {
	var b strings.Builder
	if len(week) < daysOfWeek {
		b.WriteString(" on " + numberWords(week, func(d int) string { return time.Weekday(d).String() }))
	}
	if len(month) < 31 {
		b.WriteString(" on day " + numberWords(month, strconv.Itoa))
		if len(year) == 12 {
			b.WriteString(" of the month")
		}
	}
	if len(year) < 12 {
		b.WriteString(" in " + numberWords(year, func(m int) string { return time.Month(m).String() }))
	}
	return b.String()
}

// numbers are what ranges name, sorted; no range at all names everything from low to high.
func numbers(ranges []client.ScheduleRange, low, high int) []int {
	if len(ranges) == 0 {
		ranges = []client.ScheduleRange{{Start: low, End: high}}
	}
	var out []int
	for _, r := range ranges {
		for n := r.Start; n <= max(r.Start, r.End) && n <= high; n += max(r.Step, 1) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// step is the distance between numbers that divide a cycle evenly, 0 for others.
func step(ns []int, cycle int) int {
	if len(ns) < 2 || cycle%len(ns) != 0 { //nolint:mnd // one has no distance
		return 0
	}
	distance := cycle / len(ns)
	for i := 1; i < len(ns); i++ {
		if ns[i]-ns[i-1] != distance {
			return 0
		}
	}
	return distance
}

// numberWords lists numbers, and three or more in a row as "1 to 5".
func numberWords(ns []int, name func(int) string) string {
	var parts []string
	for i := 0; i < len(ns); {
		end := i
		for end+1 < len(ns) && ns[end+1] == ns[end]+1 {
			end++
		}
		if end-i < 2 { //nolint:mnd // two in a row are named
			end = i
		}
		if end == i {
			parts = append(parts, name(ns[i]))
		} else {
			parts = append(parts, name(ns[i])+" to "+name(ns[end]))
		}
		i = end + 1
	}
	return enumerated(parts)
}

// enumerated is "a, b and c".
func enumerated(parts []string) string {
	if len(parts) < 2 { //nolint:mnd // nothing to join
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}
