package config

import (
	"fmt"
	"regexp"
	"strings"
)

// Schedule starts a flow at certain times.
type Schedule struct {
	// ID identifies it forever.
	ID   string `koanf:"id" required:"true" unique:"true"`
	Flow string `koanf:"flow" required:"true"`
	// Input is what the flow gets.
	Input map[string]any `koanf:"input"`
	// Cron or Every is set: five fields such as "0 3 * * *" or a word such as
	// "@daily", perhaps after CRON_TZ=Europe/Berlin; or the time between two
	// starts.
	Cron  string `koanf:"cron"`
	Every Span   `koanf:"every" min:"1s"`
	// Overlap says what happens while the flow of an earlier time still runs.
	Overlap string `koanf:"overlap" default:"skip" oneof:"skip,buffer_one,buffer_all,cancel_other,terminate_other,allow_all"`
	// CatchUp is how late a start may be after the service was away; what is
	// later is left out.
	CatchUp Span `koanf:"catch_up" default:"1m" min:"10s"`
	// Paused keeps it without starting anything.
	Paused bool `koanf:"paused" default:"false"`
}

// reservedSchedules are the ids of Everlatch's own.
var reservedSchedules = []string{"clean-up", "remove-orphans", "tend-events", "report-dead-letters", "tend-deletions"}

var (
	cronWord = regexp.MustCompile(`^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$`)
	cronZone = regexp.MustCompile(`^(CRON_)?TZ=[A-Za-z0-9_+/-]+$`)
)

func (s *Schedule) check() Problems {
	out := checkName("id", s.ID, reservedSchedules)
	if (s.Cron == "") == (s.Every == 0) {
		out = append(out, Problem{"", "exactly one of cron and every is expected"})
	}
	if s.Cron != "" {
		if err := checkFiveFields(s.Cron); err != nil {
			out = append(out, Problem{"cron", fmt.Sprintf("%s (schedule %q)", err, s.ID)})
		}
	}
	return out
}

// checkFiveFields is [CheckCron] without the forms that other programs read
// differently: with six fields, Temporal takes the last for a year and most others the
// first for seconds.
func checkFiveFields(text string) error {
	fields := strings.Fields(text)
	if len(fields) > 1 && cronZone.MatchString(fields[0]) {
		fields = fields[1:]
	}
	if len(fields) > 5 {
		return errNotCron
	}
	return CheckCron(text)
}
