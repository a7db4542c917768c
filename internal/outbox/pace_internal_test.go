package outbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPace(t *testing.T) {
	t.Parallel()
	p := pace{longest: time.Second}
	var waits []time.Duration
	for range 7 {
		waits = append(waits, p.next(Idle, false))
	}
	const ms = time.Millisecond
	require.Equal(t, []time.Duration{50 * ms, 100 * ms, 200 * ms, 400 * ms, 800 * ms, time.Second, time.Second}, waits)
	require.Zero(t, p.next(More, false), "a full batch is followed by the next")
	require.Equal(t, 50*ms, p.next(Worked, false))
	require.Equal(t, 50*ms, p.next(Worked, false))
	require.Equal(t, 100*ms, p.next(More, true), "an outage is not polled faster and faster")
	require.Equal(t, 200*ms, p.next(Worked, true))
}
