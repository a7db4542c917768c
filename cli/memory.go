package cli

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"time"
)

// Memory of a process that serves. A password hash allocates 19 MiB, half of
// what else lives, so with Go's defaults every second sign-in would pay for a
// collection of the whole heap. The heap may grow to five times what lives
// instead, and goes back to the system when the process is idle.
const (
	gcPercent   = 400
	memoryLimit = 256 << 20
	// idleCheck is how often the process looks whether it is idle, idleAllocs
	// how little it allocates in that time then, and worthFreeing how much
	// there must be to give back, for a collection has its price too.
	idleCheck    = 10 * time.Second
	idleAllocs   = 16 << 20
	worthFreeing = 24 << 20
)

// tuneMemory applies the above, except where the operator said otherwise by
// the variables of the Go runtime, until ctx ends.
func (p *program) tuneMemory(ctx context.Context) {
	if !p.isSet("GOMEMLIMIT") {
		debug.SetMemoryLimit(memoryLimit)
	}
	if p.isSet("GOGC") {
		return
	}
	debug.SetGCPercent(gcPercent)
	go func() {
		ticker := time.NewTicker(idleCheck)
		defer ticker.Stop()
		before := readMemory()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			now := readMemory()
			if now.allocated-before.allocated < idleAllocs && now.idle > worthFreeing {
				debug.FreeOSMemory()
			}
			before = now
		}
	}()
}

// memory is what tuneMemory looks at.
type memory struct {
	// allocated counts every byte since the start, idle what holds nothing that
	// lives.
	allocated, idle uint64
}

func readMemory() memory {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/heap/live:bytes"},
	}
	metrics.Read(samples)
	objects, free, live := samples[1].Value.Uint64(), samples[2].Value.Uint64(), samples[3].Value.Uint64()
	return memory{allocated: samples[0].Value.Uint64(), idle: objects + free - min(live, objects)}
}

// isSet says whether the environment has a variable.
func (p *program) isSet(name string) bool {
	for _, entry := range p.environ {
		if strings.HasPrefix(entry, name+"=") {
			return true
		}
	}
	return false
}
