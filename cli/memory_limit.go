package cli

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// unlimited is the memory of a machine that does not tell.
const unlimited = math.MaxInt64

// spareMemory is how many bytes a process may hold: three quarters of the limit of its
// container, or of the machine where there is none, because SQLite and the system need
// some too. root is "/", and another folder in tests.
func spareMemory(root string) int64 {
	total := machineMemory(root)
	for _, file := range limitFiles(root) {
		raw, err := os.ReadFile(file) //nolint:gosec // a file of the kernel
		if err != nil {
			continue
		}
		// "max" is no number.
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64); err == nil && limit > 0 {
			total = min(total, limit)
		}
	}
	if total == unlimited {
		return total
	}
	return total / 4 * 3
}

// limitFiles are where Linux keeps the limits of the control group of this process and of
// those that it is in: version 2, and version 1 as containers see it.
func limitFiles(root string) []string {
	base := filepath.Join(root, "sys/fs/cgroup")
	out := []string{filepath.Join(base, "memory.max"), filepath.Join(base, "memory/memory.limit_in_bytes")}
	raw, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup")) //nolint:gosec // as above
	if err != nil {
		return out
	}
	for line := range strings.Lines(string(raw)) {
		group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::/")
		for group = path.Clean(group); ok && group != "." && !strings.HasPrefix(group, ".."); group = path.Dir(group) {
			out = append(out, filepath.Join(base, group, "memory.max"))
		}
	}
	return out
}

// machineMemory is that of the machine.
func machineMemory(root string) int64 {
	raw, err := os.ReadFile(filepath.Join(root, "proc/meminfo")) //nolint:gosec // as above
	if err != nil {
		return unlimited
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "MemTotal:" {
			continue
		}
		if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil && kib > 0 {
			return kib << 10
		}
	}
	return unlimited
}
