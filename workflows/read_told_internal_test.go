package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every line that a flow tells is read as a code of its own.
func TestEveryToldLineHasACode(t *testing.T) {
	t.Parallel()

	codes := map[string]bool{}
	for update, said := range handled {
		code, params := ReadTold(said)
		require.Equal(t, "update_"+snakeCase(update), code)
		require.Empty(t, params)
		require.False(t, codes[code], "%s is told like another update", update)
		codes[code] = true

		again, params := ReadTold(said + toldRefused + inPlainWords("challenge_last_code") + ")")
		require.Equal(t, code, again)
		require.Equal(t, map[string]string{"refused": "challenge_last_code"}, params)
		again, params = ReadTold(said + toldNotDone)
		require.Equal(t, code, again)
		require.Equal(t, map[string]string{"failed": "true"}, params)
	}
	for want, said := range askedLines {
		code, params := ReadTold("asked for customer: " + said)
		require.Equal(t, want, code)
		require.Equal(t, map[string]string{"actor_type": "customer"}, params)
	}
	code, params := ReadTold("asked: " + askedLines[askedTaken])
	require.Equal(t, askedTaken, code)
	require.Empty(t, params["actor_type"])

	at := time.Date(2026, 11, 30, 12, 0, 5, 0, time.UTC)
	code, params = ReadTold(toldWaits + clockTime(at) + ".")
	require.Equal(t, "waits", code)
	require.Equal(t, "2026-11-30T12:00:05Z", params["until"])
	code, params = ReadTold(toldEnded + inPlainWords("signed_in") + ".")
	require.Equal(t, "ended", code)
	require.Equal(t, "signed_in", params["outcome"])

	for _, other := range []string{"", "Waits until the cows come home.", "something of a custom workflow"} {
		code, _ := ReadTold(other)
		require.Empty(t, code, other)
	}
}
