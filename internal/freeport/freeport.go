package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
)

// lowest is the first port that is given away; those below belong to well-known servers.
const lowest = 15000

var (
	mu    sync.Mutex
	given = map[int]bool{}
)

// Addresses returns n different addresses on 127.0.0.1 without a listener, and gives none away
// twice. Their ports are below those that the system takes for connections and for listeners
// that ask for any port: one of these could take a port before the server listens on it, or
// while the server is killed and starts again.
func Addresses(tb testing.TB, n int) []string {
	tb.Helper()
	mu.Lock()
	defer mu.Unlock()
	highest := ephemeral()
	addresses := make([]string, 0, n)
	for range 1000 {
		if len(addresses) == n {
			return addresses
		}
		port := lowest + rand.IntN(highest-lowest)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		_ = l.Close()
		if !given[port] {
			given[port] = true
			addresses = append(addresses, address)
		}
	}
	tb.Fatalf("no %d free ports between %d and %d", n, lowest, highest)
	return nil
}

// ephemeral is the first port that the system takes by itself.
func ephemeral() int {
	first := 32768 // Linux's default, and below that of other systems
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		var low int
		if _, err := fmt.Sscan(string(text), &low); err == nil && low > lowest+1000 {
			first = low
		}
	}
	return first
}
