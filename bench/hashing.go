package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// hashing is the cost of a password hash, and of nothing else: what a sign-in cannot go
// below.
type hashing struct {
	MemoryKiB   uint32  `json:"memory_kib"`
	Passes      uint32  `json:"passes"`
	Parallelism uint8   `json:"parallelism"`
	Hashes      int     `json:"hashes"`
	Seconds     float64 `json:"seconds"`
	// PerSecond is what all cores together compute, and CPU the milliseconds of one.
	PerSecond float64  `json:"per_second"`
	CPU       *float64 `json:"cpu_ms,omitempty"`
}

// hashFor is how long all cores hash before the scenarios, and again after them: what else
// runs on the machine changes meanwhile.
const hashFor = 3 * time.Second

// parseHash reads -hash: the parameters of argon2id as in the configuration of emailpass.
func (o *options) parseHash(text string) error {
	if text == "" {
		return nil
	}
	h := hashing{}
	n, err := fmt.Sscanf(text, "%d,%d,%d", &h.MemoryKiB, &h.Passes, &h.Parallelism)
	if err != nil || n != 3 || h.Passes < 1 || h.Passes > 100 || h.Parallelism < 1 || h.MemoryKiB < 8*uint32(h.Parallelism) || h.MemoryKiB > 1<<20 {
		return errors.New("-hash must be memory_kib,time,parallelism of argon2id, such as 19456,2,1")
	}
	o.hash = &h
	return nil
}

// hash has every core compute hashes for a while, and adds that to h.
func (b *bench) hash(ctx context.Context, h *hashing) error {
	fmt.Fprintf(b.progress, "hashing on %d cores …\n", runtime.GOMAXPROCS(0))
	before, err := b.snapshot()
	if err != nil {
		return err
	}
	counts := make([]int, max(1, runtime.GOMAXPROCS(0)/int(h.Parallelism)))
	begun := b.now()
	var cores sync.WaitGroup
	for i := range counts {
		cores.Go(func() {
			for ctx.Err() == nil && b.now().Sub(begun) < hashFor {
				argon2.IDKey([]byte("correct horse"), []byte("sixteen bytes, ."), h.Passes, h.MemoryKiB, h.Parallelism, 32)
				counts[i]++
			}
		})
	}
	cores.Wait()
	seconds := b.now().Sub(begun).Seconds()
	after, err := b.snapshot()
	if err != nil {
		return err
	}
	hashes := 0
	for _, n := range counts {
		hashes += n
	}
	if hashes == 0 || seconds <= 0 {
		return ctx.Err()
	}
	if before.known && after.known {
		spent := milliseconds(after.own.cpu - before.own.cpu)
		if h.CPU != nil {
			spent += *h.CPU * float64(h.Hashes)
		}
		h.CPU = new(spent / float64(h.Hashes+hashes))
	}
	h.Hashes, h.Seconds = h.Hashes+hashes, h.Seconds+seconds
	h.PerSecond = float64(h.Hashes) / h.Seconds
	return nil
}

// writeHashing compares the sign-ins of a report to the hash.
func (r *report) writeHashing(w io.Writer) {
	h := r.Hashing
	if h == nil {
		return
	}
	fmt.Fprintf(w, "\nargon2id of %d KiB, %d passes, %d lanes: %.1f/s on all cores, %s ms of CPU each\n",
		h.MemoryKiB, h.Passes, h.Parallelism, h.PerSecond, figure("%.3f", h.CPU))
	for _, x := range r.Results {
		if x.Scenario != "login" || h.PerSecond == 0 {
			continue
		}
		fmt.Fprintf(w, "login with %d clients: %.0f%% of that rate", x.Clients, 100*x.PerSecond/h.PerSecond)
		if x.CPU != nil && h.CPU != nil && *x.CPU > 0 {
			fmt.Fprintf(w, "; %.3f ms of CPU around the hash, which is %.0f%% of it", *x.CPU-*h.CPU, 100**h.CPU / *x.CPU)
		}
		fmt.Fprintln(w)
	}
}
