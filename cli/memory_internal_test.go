package cli

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpareMemory(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	meminfo := map[string]string{"proc/meminfo": "MemTotal:        8388608 kB\nMemFree:  1 kB\n"}
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"not Linux":   {nil, unlimited},
		"a machine":   {meminfo, 6 * gib},
		"a container": {map[string]string{"sys/fs/cgroup/memory.max": "1073741824\n"}, gib / 4 * 3},
		"no limit":    {map[string]string{"sys/fs/cgroup/memory.max": "max\n", "proc/meminfo": meminfo["proc/meminfo"]}, 6 * gib},
		"version 1":   {map[string]string{"sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n"}, gib / 4 * 3},
		"a service in a slice with a limit": {map[string]string{
			"proc/self/cgroup": "0::/app.slice/everlatch.service\n", "sys/fs/cgroup/app.slice/memory.max": "2147483648\n",
			"sys/fs/cgroup/app.slice/everlatch.service/memory.max": "max\n",
		}, 2 * gib / 4 * 3},
		"nonsense": {map[string]string{"proc/meminfo": "MemTotal: x\n", "proc/self/cgroup": "0::/../../etc\n"}, unlimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for file, text := range c.files {
				file = filepath.Join(root, file)
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
				require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			}
			require.Equal(t, c.want, spareMemory(root))
		})
	}
}

func TestGCPercent(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for live, want := range map[uint64]int{
		0:         100, // before the first collection
		1:         100 * (leastHeap - 1),
		4 * mib:   1500,
		16 * mib:  300,
		32 * mib:  100,
		200 * mib: 100,
	} {
		require.Equal(t, want, gcPercent(live), "%d bytes live", live)
	}
}

func TestAfterCollections(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	calls := make(chan struct{}, 1)
	afterCollections(ctx, func() {
		select {
		case calls <- struct{}{}:
		default: // another test collects too
		}
	})
	<-calls
	for range 3 {
		runtime.GC()
		<-calls
	}
	cancel()
	afterCollections(ctx, func() { t.Error("it has ended") })
}
