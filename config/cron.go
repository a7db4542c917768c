package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a time zone is known wherever the service runs
)

// CheckCron reports what is wrong with a cron expression, by the rules of
// Temporal's schedules, so that a wrong one is found at the start and not when the
// schedule is written: the five fields of crontab, a year behind them, seconds
// before them, or a word such as @daily; all of them perhaps after
// CRON_TZ=Europe/Berlin. Intervals (@every) have a setting of their own.
func CheckCron(text string) error {
	fields := strings.Fields(text)
	if len(fields) > 1 && cronZone.MatchString(fields[0]) {
		_, name, _ := strings.Cut(fields[0], "=")
		if _, err := time.LoadLocation(name); err != nil || name == "Local" {
			return fmt.Errorf("there is no time zone %q", name)
		}
		fields = fields[1:]
	}
	if len(fields) == 1 && cronWord.MatchString(fields[0]) {
		return nil
	}
	kinds := cronFields
	switch len(fields) {
	case 5:
		kinds = cronFields[1:6]
	case 6:
		kinds = cronFields[1:]
	case 7:
	default:
		return errNotCron
	}
	for i, field := range fields {
		if err := kinds[i].check(field); err != nil {
			return err
		}
	}
	return nil
}

var errNotCron = errors.New(`this is not five fields, such as "0 3 * * *", or a word such as @daily`)

// cronKind is one field of a cron expression.
type cronKind struct {
	name     string
	min, max int
	// names are accepted for the numbers from min on, as far as letters of them at
	// least are written.
	names   string
	letters int
}

var cronFields = []cronKind{
	{name: "second", max: 59},
	{name: "minute", max: 59},
	{name: "hour", max: 23},
	{name: "day of month", min: 1, max: 31},
	{name: "month", min: 1, max: 12, letters: 3, names: "january february march april may june july august september october november december"},
	{name: "day of week", max: 7, letters: 2, names: "sunday monday tuesday wednesday thursday friday saturday"},
	{name: "year", min: 2000, max: 2100},
}

func (k cronKind) check(field string) error {
	for part := range strings.SplitSeq(field, ",") {
		values, step, stepped := strings.Cut(part, "/")
		if stepped {
			if n, err := strconv.Atoi(step); err != nil || n < 1 {
				return fmt.Errorf("%q is no step of the %s", part, k.name)
			}
		}
		if values == "*" {
			continue
		}
		first, last, ranged := strings.Cut(values, "-")
		from, err := k.value(first)
		if err != nil {
			return err
		}
		if !ranged {
			continue
		}
		to, err := k.value(last)
		if err != nil {
			return err
		}
		if to < from {
			return fmt.Errorf("%q runs backwards in the %s", values, k.name)
		}
	}
	return nil
}

func (k cronKind) value(text string) (int, error) {
	for i, name := range strings.Fields(k.names) {
		if len(text) >= k.letters && strings.HasPrefix(name, strings.ToLower(text)) {
			return k.min + i, nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < k.min || n > k.max {
		return 0, fmt.Errorf("%q is no %s from %d to %d", text, k.name, k.min, k.max)
	}
	return n, nil
}
