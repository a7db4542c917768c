package emailpass

import (
	"errors"
	"fmt"
)

// The maximum cost of a stored hash. The database is trusted less than the
// configuration: an imported row must not be able to stop the service. The
// limits let the common defaults of other systems pass: PHP (64 MiB, t=4),
// Authelia (64 MiB, t=3, p=4), go-crypt's scrypt (ln=16, r=8), Django's 1.2
// million rounds of PBKDF2, and every choice of OWASP's Password Storage Cheat
// Sheet except scrypt with 128 MiB.
const (
	maxMemoryKiB   = 64 << 10
	maxArgon2Work  = 512 << 10 // KiB, memory times passes
	maxScryptWork  = 128 << 10 // KiB, memory times parallelism; a KiB costs more here
	maxParallelism = 16
	maxRounds      = 2_000_000 // of PBKDF2 with SHA-256, times the blocks of its output
	minBcryptCost  = 4
	maxBcryptCost  = 14
)

// cost is what computing a hash takes, known before it is computed.
type cost struct {
	memoryKiB int64
	// work is memory times passes for the memory-hard formats, otherwise
	// rounds.
	work, maxWork int64
	parallelism   int64
}

// share is the part of the most work that is allowed, by which costs of different formats
// are compared.
func (c cost) share() float64 { return float64(c.work) / float64(c.maxWork) }

// check refuses costs above a limit.
func (c cost) check() error {
	switch {
	case c.memoryKiB > maxMemoryKiB:
		return fmt.Errorf("needs %d KiB, at most %d are allowed", c.memoryKiB, maxMemoryKiB)
	case c.work > c.maxWork:
		return fmt.Errorf("needs %d units of work, at most %d are allowed", c.work, c.maxWork)
	case c.work < 1 || c.parallelism < 1:
		return errors.New("has a parameter that is too small")
	case c.parallelism > maxParallelism:
		return fmt.Errorf("has a parallelism of %d, at most %d is allowed", c.parallelism, maxParallelism)
	}
	return nil
}

func argon2Cost(memoryKiB, passes, parallelism int64) cost {
	// The algorithm rounds small memories up to eight blocks a lane.
	memory := bounded(max(memoryKiB, 8*bounded(parallelism)))
	return cost{memoryKiB: memory, parallelism: parallelism, work: memory * bounded(passes), maxWork: maxArgon2Work}
}

func scryptCost(logN, r, p int64) cost {
	if logN < 1 || r < 1 {
		return cost{} // refused
	}
	blocks := bounded(int64(1)<<min(logN, 32)) * bounded(r)
	kib := (bounded(blocks)*128 + 1023) / 1024
	return cost{memoryKiB: kib, parallelism: p, work: kib * bounded(p), maxWork: maxScryptWork}
}

func pbkdf2Cost(rounds, blocks int64) cost {
	return cost{parallelism: 1, work: bounded(rounds) * bounded(blocks), maxWork: maxRounds}
}

// shaCryptCost counts like PBKDF2: a round of SHA-512 counts twice.
func shaCryptCost(rounds, weight int64) cost {
	return cost{parallelism: 1, work: bounded(rounds) * weight, maxWork: maxRounds}
}

func bcryptCost(logRounds int64) cost {
	if logRounds < minBcryptCost {
		return cost{} // refused: the library would take its default instead
	}
	return cost{memoryKiB: 4, parallelism: 1, work: 1 << min(logRounds, 62), maxWork: 1 << maxBcryptCost}
}

// bounded keeps a parameter small enough to be multiplied by two others, yet
// far above every limit.
func bounded(n int64) int64 { return min(n, 1<<30) }
