//go:build !noembedded

package embedded_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	schedulepb "go.temporal.io/api/schedule/v1"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/service/worker/scheduler"

	"github.com/everlatch/everlatch/config"
)

// FuzzCron compares our rules for cron expressions with Temporal's: what one
// refuses the other refuses, but for comments and intervals, which have settings of
// their own here.
func FuzzCron(f *testing.F) {
	for _, text := range []string{
		"0 3 * * *", "61 3 * * *", "0 24 * * *", "0 0 0 * *", "0 0 32 * *", "0 0 * 13 *", "0 0 * 0 *", "0 0 * * 8", "0 0 * * 7",
		"0 0 * * ?", "0 5-3 * * *", "0 1-2-3 * * *", "*/0 * * * *", "*/5/5 * * * *", "5/ * * * *", ", * * * *", "0 0 * ja *",
		"0 0 * feb sunday", "0 0 * februarys *", "0 0 * * th", "0 0 * * t", "0 0 * mar-jan *", "0 0 * * fri-mon", "0 0 * * 3-7/3",
		"0 3 * *", "0 3 * * * 1999", "0 3 * * * 2030", "0 3 * * * *", "60 0 3 * * * *", "30 0 3 * * * *", "1 2 3 4 5 6 7 8", "@daily", "@often", "",
		"TZ=Europe/Nowhere 0 3 * * *", "CRON_TZ=Europe/Berlin 0 3 * * *", "CRON_TZ=Europe/Berlin", "TZ=UTC @hourly", "-1 * * * *",
		"*-5 * * * *", "* * * * *,", "1,2,3-9/2 * * * *", "+5 * * * *", "0x5 * * * *", "*/99999999999999999999 * * * *", "*/70 * * * *",
	} {
		f.Add(text)
	}
	builder := scheduler.NewSpecBuilder(
		dynamicconfig.GetIntPropertyFn(1000), dynamicconfig.GetIntPropertyFn(1000))
	f.Fuzz(func(t *testing.T, text string) {
		_, theirs := builder.NewCompiledSpec(&schedulepb.ScheduleSpec{CronString: []string{text}})
		ours := config.CheckCron(text)
		if ours == nil {
			require.NoError(t, theirs, "Temporal refuses %q", text)
		}
		for _, r := range text {
			if r > '~' || r < ' ' || r == '#' || r == '@' || r == '=' {
				return
			}
		}
		if theirs == nil {
			require.NoError(t, ours, "Temporal takes %q", text)
		}
	})
}
