package limits

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// scoreEvery is how often what is known of a network is halved.
	scoreEvery = time.Minute
	// maxScore bounds how much less often than others a network has its turn: 1 in
	// 256.
	maxScore = 8
	// scoresSize bounds the memory of a flood from many networks.
	scoresSize = 1 << 16
)

// scores are how many more requests of a network were refused than accepted of
// late.
type scores struct {
	mu sync.Mutex
	of map[netip.Prefix]score
}

type score struct {
	refused int
	at      int64
}

// add counts an outcome.
func (s *scores) add(networks []netip.Prefix, refused bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, network := range networks {
		current := s.of[network].aged(now)
		switch {
		case refused:
			current.refused++
		case current.refused == 0:
			continue
		default:
			current.refused--
		}
		if s.of == nil || len(s.of) >= scoresSize {
			s.of = map[netip.Prefix]score{}
		}
		s.of[network] = current
	}
}

// step is how far a turn moves a network back.
func (s *scores) step(network netip.Prefix, now time.Time) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(int(1) << min(s.of[network].aged(now).refused, maxScore))
}

func (s score) aged(now time.Time) score {
	at := now.UnixNano() / int64(scoreEvery)
	return score{refused: s.refused >> min(max(at-s.at, 0), 63), at: at}
}
