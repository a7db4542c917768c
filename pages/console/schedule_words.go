package console

import (
	"regexp"
	"strconv"
)

// What the API says of a job is English. These forms are worded, and others are shown as
// they are.
var (
	everyForm = regexp.MustCompile(`^every (?:(\d{1,9}) )?(second|minute|hour|day)s?$`)
	dailyForm = regexp.MustCompile(`^at (\d\d:\d\d) every day, (\S+)$`)
	noteForm  = regexp.MustCompile(`^(paused|resumed) by (\S+)$`)
)

// when words when a job starts.
func (v *visit) when(spec string) told {
	if m := everyForm.FindStringSubmatch(spec); m != nil {
		count, err := strconv.Atoi(m[1])
		if err != nil {
			count = 1
		}
		return told{Text: v.T("console.every_"+m[2]+"s", "Count", count)}
	}
	if m := dailyForm.FindStringSubmatch(spec); m != nil {
		return told{Text: v.T("console.every_day_at", "Time", m[1], "Zone", m[2])}
	}
	return told{Text: spec, English: true}
}

// note words why a job is paused, or was resumed; what someone wrote stays.
func (v *visit) note(text string) string {
	m := noteForm.FindStringSubmatch(text)
	switch {
	case m == nil:
		return text
	case m[1] == "paused" && m[2] == "configuration":
		return v.T("console.note_configuration")
	}
	return v.T("console.note_"+m[1], "Who", m[2])
}
