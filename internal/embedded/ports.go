package embedded

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// reserve checks that address can be listened on, replaces port 0 by a free
// port and a name by its IP. Temporal and its UI take an address, not a
// listener, and end the process when it is taken; so we find out first and say
// it in words.
func reserve(what, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("address %q of %s is not host:port", address, what)
	}
	switch host {
	case "localhost":
		host = "127.0.0.1"
	case "":
		host = "0.0.0.0"
	}
	if net.ParseIP(host) == nil {
		return "", fmt.Errorf("address %q of %s needs an IP address or localhost as host", address, what)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port)) //nolint:noctx // nothing to wait for
	if errors.Is(err, syscall.EADDRINUSE) {
		return "", fmt.Errorf("%s cannot listen on %s: another program uses this port", what, address)
	}
	if err != nil {
		return "", fmt.Errorf("%s cannot listen on %s: %w", what, address, err)
	}
	defer func() { _ = l.Close() }()
	settle(l)
	return l.Addr().String(), nil
}

// settle makes one connection through the listener and closes it from the
// listener's side. The port then rests in TIME_WAIT, where the kernel gives it
// to no process that asks for any port, but still to us, who ask for it by number.
func settle(l net.Listener) {
	out, err := net.Dial("tcp", reachable(l.Addr().String())) //nolint:noctx // loopback, answered at once by the backlog
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	if in, err := l.Accept(); err == nil {
		_ = in.Close()
	}
}
