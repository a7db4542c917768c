package outbox

import "time"

// shortest is how soon an outbox that has just worked looks again. Waits double
// from here, so that an idle one costs next to nothing and a busy one is prompt.
const shortest = 50 * time.Millisecond

// pace decides how long an outbox waits between two passes. It polls instead of
// being notified, because a LISTEN does not survive a pool of transactions.
type pace struct {
	longest time.Duration
	wait    time.Duration
}

// next returns how long to wait after a pass; 0 is not at all.
func (p *pace) next(progress Progress, failed bool) time.Duration {
	switch {
	case progress == More && !failed:
		p.wait = 0
		return 0
	case progress != Idle && !failed:
		p.wait = 0
	}
	p.wait = min(max(2*p.wait, shortest), p.longest)
	return p.wait
}
