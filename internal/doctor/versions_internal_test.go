package doctor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/flows"
)

// A version is a fault where flows wait for a worker of it.
func TestVersion(t *testing.T) {
	t.Parallel()
	all := []string{flows.QueueInteractive, flows.QueueSlow, flows.QueueDeliveries}
	for name, test := range map[string]struct {
		v               flows.Version
		status          Status
		message, advice string
	}{
		"current and polled": {flows.Version{Status: flows.VersionCurrent, Polled: all}, OK, "^current$", "^$"},
		"current without workers": {
			flows.Version{Status: flows.VersionCurrent}, Fault, "none of its workers polls interactive, slow, deliveries: new flows wait", "set-current",
		},
		"current without workers of a queue": {
			flows.Version{Status: flows.VersionCurrent, Polled: all[:2]}, Fault, "none of its workers polls deliveries", "Start workers of this version",
		},
		"ramping without workers": {
			flows.Version{BuildID: "b2", Status: flows.VersionRamping, Percent: 10}, Warning, "gets 10 % of new flows", "ramp b2 0",
		},
		"flows without a worker": {
			flows.Version{Status: flows.VersionDraining, Pinned: 3}, Fault, "3 flows stay with this version, which has no worker", "Start a worker of this version again",
		},
		"flows with a worker": {
			flows.Version{Status: flows.VersionDraining, Pinned: 3, Polled: all}, OK, "draining: 3 flows stay", "Keep its workers",
		},
		"its last flow has ended": {flows.Version{Status: flows.VersionDraining, Polled: all}, OK, "^draining: its last flow has ended", "Keep its workers"},
		"drained":                 {flows.Version{Status: flows.VersionDrained, Polled: all}, OK, "^drained: no flow stays", "^Stop its workers.$"},
	} {
		f := (&Subject{Command: "everlatch"}).version(test.v)
		require.Equal(t, test.status, f.Status, name)
		require.Regexp(t, test.message, f.Message, name)
		require.Regexp(t, test.advice, f.Advice, name)
	}
}
