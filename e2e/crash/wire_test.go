//go:build linux

package crash_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wire is what lies between a process and a server that it uses: a TCP proxy whose
// connections can be cut, or can stall.
type wire struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	broken bool
	// passing is closed while bytes go through.
	passing chan struct{}
	open    map[*net.TCPConn]bool
}

// newWire listens on a free port of this machine for connections to target.
func newWire(tb testing.TB, target string) *wire {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	w := &wire{listener: l, target: target, open: map[*net.TCPConn]bool{}, passing: make(chan struct{})}
	close(w.passing)
	tb.Cleanup(func() {
		_ = l.Close()
		w.resume()
		w.cut()
	})
	go w.accept()
	return w
}

func (w *wire) address() string { return w.listener.Addr().String() }

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.carry(near.(*net.TCPConn)) //nolint:forcetypeassert // it listens on TCP
	}
}

// carry connects one client with the target until either end is closed.
func (w *wire) carry(near *net.TCPConn) {
	defer near.Close()
	w.pass()
	dialled, err := net.DialTimeout("tcp", w.target, time.Second)
	if err != nil {
		reset(near)
		return
	}
	far := dialled.(*net.TCPConn) //nolint:forcetypeassert // it dials TCP
	defer far.Close()
	if !w.register(near, far) {
		reset(near)
		return
	}
	var both sync.WaitGroup
	both.Go(func() { w.copy(far, near) })
	both.Go(func() { w.copy(near, far) })
	both.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, near)
	delete(w.open, far)
}

// register adds a connection, unless the wire is cut.
func (w *wire) register(conns ...*net.TCPConn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken {
		return false
	}
	for _, c := range conns {
		w.open[c] = true
	}
	return true
}

// copy carries one direction. What was read before a stall is delivered after it.
func (w *wire) copy(to, from *net.TCPConn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		w.pass()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				reset(from)
				return
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				_ = to.CloseWrite()
			} else {
				reset(to)
			}
			return
		}
	}
}

// pass waits while the wire stalls.
func (w *wire) pass() {
	w.mu.Lock()
	passing := w.passing
	w.mu.Unlock()
	<-passing
}

// cut resets all connections and refuses new ones until mend.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = true
	for c := range w.open {
		reset(c)
	}
	clear(w.open)
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = false
}

// stall holds all bytes back until resume.
func (w *wire) stall() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passing = make(chan struct{})
}

func (w *wire) resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.passing:
	default:
		close(w.passing)
	}
}

// reset closes a connection as a crash does: the other end gets an error and no end of
// the stream.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// TestWire sends bytes through a wire that stalls and is cut.
func TestWire(t *testing.T) {
	t.Parallel()
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = echo.Close() })
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	w := newWire(t, echo.Addr().String())
	dial := func() net.Conn {
		c, err := net.Dial("tcp", w.address())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	says := func(c net.Conn, text string) error {
		if _, err := c.Write([]byte(text)); err != nil {
			return err
		}
		got := make([]byte, len(text))
		if _, err := io.ReadFull(c, got); err != nil {
			return err
		}
		require.Equal(t, text, string(got))
		return nil
	}
	c := dial()
	require.NoError(t, says(c, "hello"))

	w.stall()
	heard := make(chan error, 1)
	go func() { heard <- says(c, "are you there") }()
	require.Never(t, func() bool { return len(heard) > 0 }, 50*time.Millisecond, 10*time.Millisecond)
	w.resume()
	require.NoError(t, <-heard, "nothing is lost by a stall")

	w.cut()
	require.Error(t, says(c, "still there"))
	if refused, err := net.Dial("tcp", w.address()); err == nil { // it is reset at once, or a moment later
		require.Error(t, says(refused, "a new one"))
		require.NoError(t, refused.Close())
	}
	w.mend()
	require.NoError(t, says(dial(), "again"))
}
