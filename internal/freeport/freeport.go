package freeport

import (
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
)

// lowest is the first port that is given away; those below belong to well-known servers.
const lowest = 15000

var (
	mu sync.Mutex
	// tried counts the ports that this process has looked at. It begins elsewhere than other
	// processes that run at the same time.
	tried = os.Getpid() * 101
)

// Addresses returns n different addresses on 127.0.0.1 without a listener, and gives none away
// twice. Their ports are below those that the system takes for connections and for listeners
// that ask for any port: one of these could take a port before the server listens on it, or
// while the server is killed and starts again.
func Addresses(tb testing.TB, n int) []string {
	tb.Helper()
	mu.Lock()
	defer mu.Unlock()
	ports := ephemeral() - lowest
	addresses := make([]string, 0, n)
	for range ports {
		if len(addresses) == n {
			return addresses
		}
		tried++
		address := fmt.Sprintf("127.0.0.1:%d", lowest+tried%ports)
		l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", address)
		if err != nil {
			continue
		}
		_ = l.Close()
		addresses = append(addresses, address)
	}
	tb.Fatalf("no %d free ports between %d and %d", n, lowest, lowest+ports)
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
