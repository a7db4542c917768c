package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/config"
)

// TestCheckCron has what is right and wrong; that Temporal thinks the same is a
// test of package embedded.
func TestCheckCron(t *testing.T) {
	t.Parallel()
	for _, right := range []string{
		"0 3 * * *", "*/5 * * * *", "3/5 * * * *", "0 0 1,15 1-6/2 MON-FRI", "0 0 * feb sunday", "0 0 * * 7", "0 0 * * th",
		"@daily", "CRON_TZ=Europe/Berlin 0 3 * * *", "TZ=UTC @hourly", "0 3 * * * 2030", "30 0 3 * * * *",
	} {
		require.NoError(t, config.CheckCron(right), right)
	}
	for wrong, want := range map[string]string{
		"61 3 * * *":                    `"61" is no minute from 0 to 59`,
		"0 24 * * *":                    `"24" is no hour from 0 to 23`,
		"0 0 0 * *":                     `"0" is no day of month from 1 to 31`,
		"0 0 * 13 *":                    `"13" is no month from 1 to 12`,
		"0 0 * * 8":                     `"8" is no day of week from 0 to 7`,
		"0 0 * * ?":                     `"?" is no day of week`,
		"0 5-3 * * *":                   `"5-3" runs backwards in the hour`,
		"0 1-2-3 * * *":                 `"2-3" is no hour`,
		"*/0 * * * *":                   `"*/0" is no step of the minute`,
		"*/5/5 * * * *":                 `is no step of the minute`,
		"5/ * * * *":                    `"5/" is no step of the minute`,
		", * * * *":                     `"" is no minute`,
		"0 0 * ja *":                    `"ja" is no month`,
		"0 3 * *":                       "this is not five fields",
		"1 2 3 4 5 6 7 8":               "this is not five fields",
		"0 3 * * * 1999":                `"1999" is no year from 2000 to 2100`,
		"@often":                        "this is not five fields",
		"":                              "this is not five fields",
		"TZ=Europe/Nowhere 0 3 * * *":   `there is no time zone "Europe/Nowhere"`,
		"CRON_TZ=Local 0 3 * * *":       `there is no time zone "Local"`,
		"CRON_TZ=../../etc/x 3 * * * *": "is no step of the minute",
	} {
		require.ErrorContains(t, config.CheckCron(wrong), want, wrong)
	}
}
