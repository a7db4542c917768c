package api

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/wire"
)

// queue waits until a request may compute a password hash, where its route does.
// The turn must be ended.
func (s *Server) queue(c echo.Context, l limit, addr netip.Addr) (*limits.Turn, error) {
	if !l.hashes {
		return nil, nil //nolint:nilnil // see limits.Turn
	}
	device := ""
	if token := deviceToken(c.Request()); l.account && token != "" {
		if account, named := s.accountOf(c); named {
			device = s.devices.Known(token, account)
		}
	}
	turn, err := s.deps.Limits.Admit(c.Request().Context(), addr, device)
	if limits.IsRefusal(err) {
		s.crowd.log(c.Request(), s.deps.Log, s.deps.Now())
	}
	k := callOf(c)
	k.renewLookups() // the wait is not the database's
	k.turn = turn
	return turn, err
}

// turnedAway is for an answer that refuses a request before its work is done. A
// network that goes on regardless gets it later.
func (s *Server) turnedAway(c echo.Context, answer error) error {
	if limits.IsRefusal(answer) && s.deps.Limits.Hold(c.Request().Context(), s.deps.Limits.Client(c.Request())) {
		c.Response().Header().Set(echo.HeaderConnection, "close")
	}
	return answer
}

// refuseEarly refuses requests of networks that have used up what they may do, and
// those for which the queue has no room: before anything is read, parsed, counted
// or logged, because a flood of refusals must not cost what sign-ins need.
func (s *Server) refuseEarly(w http.ResponseWriter, r *http.Request, q *wire.Request) bool {
	l, ok := limited[methodPath{r.Method, q.Match.Path}]
	if !ok {
		return false
	}
	arrived := s.deps.Now()
	l = s.limitAt(l, q.Param("auth_provider"))
	addr := s.deps.Limits.Client(r)
	err := s.deps.Limits.Closed(l.op, addr)
	if err == nil && l.hashes && s.deps.Limits.Crowded(addr) && deviceToken(r) == "" {
		err = s.deps.Limits.Busy()
		s.crowd.log(r, s.deps.Log, s.deps.Now())
	}
	refusal, refused := errors.AsType[*everlatch.Error](err)
	if !refused {
		return false
	}
	h := w.Header()
	if s.deps.Limits.Hold(r.Context(), addr) {
		h.Set(echo.HeaderConnection, "close")
	}
	q.AllowOrigin(h, r)
	h.Set(echo.HeaderXRequestID, s.requestID(r))
	if prefixOf(q.Path) == prefixAuth {
		h.Set(echo.HeaderCacheControl, noStore)
	}
	writeRefusal(w, refusal)
	if s.deps.Served != nil {
		s.deps.Served(r.Method, q.Match.Path, answers[refusal.Code].status, s.deps.Now().Sub(arrived))
	}
	return true
}

// crowd logs that sign-ins are refused for want of room: once in a while, however
// many they are.
type crowd struct {
	mu      sync.Mutex
	next    time.Time
	refused int
}

// crowdEvery is how often that is logged.
const crowdEvery = 10 * time.Second

func (x *crowd) log(r *http.Request, log *slog.Logger, now time.Time) {
	x.mu.Lock()
	x.refused++
	refused := x.refused
	due := !now.Before(x.next)
	if due {
		x.refused, x.next = 0, now.Add(crowdEvery)
	}
	x.mu.Unlock()
	if due {
		log.WarnContext(r.Context(), "sign-ins are refused: too many wait for a password hash", slog.Int("refused", refused))
	}
}
