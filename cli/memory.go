package cli

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"time"
)

// Memory of a process that serves: it stays below what the machine or its container can
// spare, and goes back to the system when the process is idle.
const (
	// idleCheck is how often the process looks whether it is idle, idleAllocs
	// how little it allocates in that time then, and worthFreeing how much
	// there must be to give back, for a collection has its price too.
	idleCheck    = 10 * time.Second
	idleAllocs   = 16 << 20
	worthFreeing = 24 << 20
)

// tuneMemory applies the above until ctx ends. GOMEMLIMIT is what can be spared, if an
// operator sets it.
func (p *program) tuneMemory(ctx context.Context) {
	if !p.isSet("GOMEMLIMIT") {
		debug.SetMemoryLimit(spareMemory("/"))
	}
	go func() {
		ticker := time.NewTicker(idleCheck)
		defer ticker.Stop()
		before := readMemory()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				now := readMemory()
				if now.allocated-before.allocated < idleAllocs && now.idle > worthFreeing {
					debug.FreeOSMemory()
				}
				before = now
			}
		}
	}()
}

// memory is what tuneMemory looks at, in bytes.
type memory struct {
	// allocated counts every byte since the start, idle is what holds nothing that lives.
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
	size := func(i int) uint64 { return samples[i].Value.Uint64() }
	return memory{allocated: size(0), idle: size(1) + size(2) - min(size(3), size(1))}
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
