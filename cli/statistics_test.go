package cli_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStatistics(t *testing.T) {
	t.Parallel()
	l := newLetters(t) // two dead letters of another subscriber, three events of another source
	run := func(args ...string) (string, error) {
		out, _, err := execute(t, nil, "", append([]string{"statistics", "--data", l.folder}, args...)...)
		return out, err
	}
	out, err := run("--from", "2026-11-23T12:00:00Z", "--to", "2026-11-24")
	require.NoError(t, err)
	require.Regexp(t, `(?s)^FROM +SIGN-INS +REFUSED .*\n2026-11-23T12:00:00Z +0 +- +- +0 +0 +0 +0 +0 +0 +0\n2026-11-23T13:00:00Z +0 `, out)
	require.Contains(t, out, "\nNow: 0 events and 2 of their deliveries wait; 2 dead letters; 0 sessions.\n")

	out, err = run("--from", "2026-11-23", "--to", "2026-11-25", "--interval", "1d", "--json")
	require.NoError(t, err)
	require.Contains(t, out, `"interval": 86400`)
	require.Contains(t, out, `"dead_letters": 2`)
	require.Contains(t, out, `"refusals_recorded": false`)

	for _, wrong := range []struct {
		args []string
		want string
	}{
		{[]string{"--interval", "soon"}, `--interval: "soon" is not a length of time`},
		{[]string{"--interval", "1s"}, "--interval is 1s, and at least a minute is expected"},
		{[]string{"--from", "monday"}, `--from is "monday", and a date or a time such as 2026-11-01T00:00:00Z is expected`},
		{[]string{"--from", "2026-11-23", "--to", "2026-11-22"}, "Parameter to must be later than from."},
	} {
		_, err := run(wrong.args...)
		require.ErrorContains(t, err, wrong.want)
	}
}
