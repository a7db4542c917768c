package cli

import (
	"context"
	"runtime"
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

	// leastHeap is how large the heap may get before anything is collected. What lives in an
	// API without the embedded Temporal server is some 20 MiB: to collect as often as that
	// doubles would take a tenth of its processor time.
	leastHeap = 64 << 20
	// doubling is Go's own rule: to collect when what lives has doubled.
	doubling = 100
)

// tuneMemory applies the above until ctx ends. GOMEMLIMIT is what can be spared, and GOGC
// when to collect, if an operator sets them.
func (p *program) tuneMemory(ctx context.Context) {
	if !p.isSet("GOMEMLIMIT") {
		debug.SetMemoryLimit(spareMemory("/"))
	}
	if !p.isSet("GOGC") {
		afterCollections(ctx, func() { debug.SetGCPercent(gcPercent(readMemory().live)) })
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
	// live is what the last collection has found to live.
	live uint64
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
	return memory{allocated: size(0), idle: size(1) + size(2) - min(size(3), size(1)), live: size(3)}
}

// gcPercent is how much may be allocated before the next collection, in percent of what
// lives.
func gcPercent(live uint64) int {
	if live == 0 || live > leastHeap/2 {
		return doubling
	}
	return int((leastHeap - live) * 100 / live) //nolint:gosec // at most 100 times leastHeap
}

// afterCollections calls f now, and after each garbage collection until ctx ends.
func afterCollections(ctx context.Context, f func()) {
	if ctx.Err() != nil {
		return
	}
	f()
	// Garbage at once, so the next collection finds it. Anything smaller might share its
	// memory with what lives.
	runtime.AddCleanup(new([16]byte), func(context.Context) { afterCollections(ctx, f) }, ctx)
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
