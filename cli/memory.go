package cli

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"time"
)

// Memory of a process that serves. A password hash allocates 19 MiB, half of what else
// lives, so with Go's defaults every second sign-in would pay for a collection of the
// whole heap. So memory is collected when the hashes have left headroom behind, and not
// by how much it has grown, up to what the machine or its container can spare. It goes
// back to the system when the process is idle.
const (
	// headroom is what sixteen hashes with the default parameters allocate.
	headroom = 320 << 20
	// leastHeadroom is what is worth it; with less room, Go's defaults are better.
	leastHeadroom = 64 << 20
	// paceEvery is how often the room is measured again, and paceBy the change that counts.
	paceEvery = time.Second
	paceBy    = 32 << 20
	// idleCheck is how often the process looks whether it is idle, idleAllocs
	// how little it allocates in that time then, and worthFreeing how much
	// there must be to give back, for a collection has its price too.
	idleCheck    = 10 * time.Second
	idleAllocs   = 16 << 20
	worthFreeing = 24 << 20
)

// tuneMemory applies the above until ctx ends. An operator who sets GOGC decides alone;
// GOMEMLIMIT is what can be spared.
func (p *program) tuneMemory(ctx context.Context) {
	if p.isSet("GOGC") {
		return
	}
	ceiling := spareMemory("/")
	if p.isSet("GOMEMLIMIT") {
		ceiling = debug.SetMemoryLimit(-1)
	}
	current := pacing{}
	current = current.follow(readMemory(), ceiling)
	go func() {
		pace, idle := time.NewTicker(paceEvery), time.NewTicker(idleCheck)
		defer pace.Stop()
		defer idle.Stop()
		before := readMemory()
		for {
			select {
			case <-ctx.Done():
				return
			case <-pace.C:
				current = current.follow(readMemory(), ceiling)
			case <-idle.C:
				now := readMemory()
				if now.allocated-before.allocated < idleAllocs && now.idle > worthFreeing {
					debug.FreeOSMemory()
				}
				before = now
			}
		}
	}()
}

// pacing is when memory is collected: at a limit, and when it has grown by percent, which
// is negative for never.
type pacing struct {
	percent int
	limit   int64
}

// pace is the pacing for what a process holds now.
func pace(now memory, ceiling int64) pacing {
	held := int64(now.live + now.other) //nolint:gosec // sizes of this process
	room := min(int64(headroom), ceiling-held)
	if room < leastHeadroom || room < int64(now.live)/2 { //nolint:gosec // as above
		return pacing{percent: 100, limit: ceiling}
	}
	return pacing{percent: -1, limit: held + room}
}

// follow applies the pacing for what a process holds now, if it differs enough.
func (p pacing) follow(now memory, ceiling int64) pacing {
	next := pace(now, ceiling)
	if next.percent == p.percent && max(next.limit, p.limit)-min(next.limit, p.limit) < paceBy {
		return p
	}
	if next.percent > 0 { // each order leaves a moment with less garbage rather than with more
		debug.SetGCPercent(next.percent)
	}
	debug.SetMemoryLimit(next.limit)
	debug.SetGCPercent(next.percent)
	return next
}

// memory is what tuneMemory looks at, in bytes.
type memory struct {
	// allocated counts every byte since the start, idle is what holds nothing that
	// lives, live what the last collection has found, and other what the runtime needs
	// besides the heap.
	allocated, idle, live, other uint64
}

func readMemory() memory {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	size := func(i int) uint64 { return samples[i].Value.Uint64() }
	objects, free, live := size(1), size(2), size(3)
	heap := objects + free + size(5) + size(6)
	return memory{
		allocated: size(0), idle: objects + free - min(live, objects), live: live, other: size(4) - min(heap, size(4)),
	}
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
