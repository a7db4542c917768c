// Package beside runs the other servers of an example beside Everlatch: a shop, a
// receiver, a stand-in for someone else's service.
package beside

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Serve answers on host:port until ctx ends, and prints where. It is for
// [app.WithBackground].
func Serve(ctx context.Context, name, address string, handler http.Handler) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("%s cannot be on http://%s: %w", name, address, err)
	}
	server := &http.Server{Handler: handler, ReadTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	fmt.Printf("%s is on http://%s\n", name, address)
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}
