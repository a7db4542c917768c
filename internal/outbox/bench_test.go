package outbox_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/outbox"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/workflows"
)

const (
	// benchEvents is how many events a measurement delivers.
	benchEvents = 2000
	// benchStart is how long Temporal takes to start a workflow on PostgreSQL.
	benchStart = 20 * time.Millisecond
)

// BenchmarkWorkers measures how much faster eight workers deliver than one, on
// PostgreSQL, and what an event costs in statements. Starting takes as long as it
// does against Temporal, and every delivery is settled.
func BenchmarkWorkers(b *testing.B) {
	if !storetest.HasPostgres() {
		b.Skip("set " + storetest.PostgresVariable)
	}
	rates := map[int]float64{}
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			var took time.Duration
			for range b.N {
				took += deliverAll(b, storetest.PostgresURL(b), workers)
			}
			rates[workers] = float64(b.N*benchEvents) / took.Seconds()
			b.ReportMetric(rates[workers], "events/s")
			if rates[1] > 0 {
				b.ReportMetric(rates[workers]/rates[1], "times-one-worker")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkStatements counts the statements of an event that one worker sends to
// PostgreSQL: to dispatch, claim, start and settle it.
func BenchmarkStatements(b *testing.B) {
	if !storetest.HasPostgres() {
		b.Skip("set " + storetest.PostgresVariable)
	}
	counter := &counter{}
	for range b.N {
		deliverAll(b, counter.listen(b, storetest.PostgresURL(b)), 1)
	}
	b.ReportMetric(float64(counter.statements.Load())/float64(b.N*benchEvents), "statements/event")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkIdle measures the pass of an idle outbox, which takes place once a
// second: its time is at most the part of a core that idling costs both sides.
func BenchmarkIdle(b *testing.B) {
	urls := map[string]string{"sqlite": storetest.URL(b)}
	if storetest.HasPostgres() {
		urls["postgres"] = storetest.PostgresURL(b)
	}
	for name, url := range urls {
		b.Run(name, func(b *testing.B) {
			o, _, _ := setupAt(b, url)
			b.ResetTimer()
			for range b.N {
				if progress, err := o.Pass(b.Context()); err != nil || progress != outbox.Idle {
					b.Fatal(progress, err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/outbox.DefaultEvery.Seconds()*100, "%-of-a-core")
		})
	}
}

// deliverAll publishes events, lets workers deliver them, and returns how long
// that took.
func deliverAll(b *testing.B, url string, workers int) time.Duration {
	b.Helper()
	outboxes := make([]*outbox.Outbox, workers)
	temporal := &slowStart{left: make(chan struct{}, benchEvents)}
	for i := range outboxes {
		outboxes[i], _, _ = setupAt(b, url)
		outboxes[i].Flows, outboxes[i].Every = temporal, outbox.DefaultEvery
	}
	temporal.store = outboxes[0].Store
	var publishing sync.WaitGroup
	for p := range 10 {
		publishing.Go(func() {
			for i := p; i < benchEvents; i += 10 {
				publish(b, outboxes[0], fmt.Sprintf("e%05d", i), "other.thing", "")
			}
		})
	}
	publishing.Wait()

	ctx, cancel := context.WithCancel(b.Context())
	began := time.Now()
	var running sync.WaitGroup
	for _, o := range outboxes {
		running.Go(func() { o.Run(ctx) })
	}
	for range benchEvents {
		<-temporal.left
	}
	took := time.Since(began)
	cancel()
	running.Wait()
	return took
}

// slowStart is a Temporal that takes its time to start, and settles at once.
type slowStart struct {
	store *store.Store
	left  chan struct{}
}

func (s *slowStart) Deliver(ctx context.Context, d everlatch.Delivery, _ workflows.DeliveryRetry) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(benchStart):
	}
	go func() {
		d.Status = everlatch.DeliveryDelivered
		_ = s.store.SettleDelivery(context.WithoutCancel(ctx), d)
		s.left <- struct{}{}
	}()
	return nil
}

// counter stands before PostgreSQL and counts the statements that pass.
type counter struct{ statements atomic.Int64 }

// listen returns the URL under which the server of url is reached through it.
func (c *counter) listen(b *testing.B, server string) string {
	b.Helper()
	u, err := url.Parse(server)
	require.NoError(b, err)
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { _ = listener.Close() })
	behind := u.Host
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go c.forward(client, behind)
		}
	}()
	u.Host = listener.Addr().String()
	return u.String()
}

func (c *counter) forward(client net.Conn, address string) {
	defer client.Close()
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(client, server) }()
	header := make([]byte, 5)
	for start := true; ; start = false {
		// The first message of a connection has no type.
		head := header
		if start {
			head = header[1:]
		}
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		if kind := header[0]; kind == 'Q' || kind == 'E' {
			c.statements.Add(1)
		}
		if _, err := server.Write(head); err != nil {
			return
		}
		if _, err := io.CopyN(server, client, int64(binary.BigEndian.Uint32(header[1:]))-4); err != nil {
			return
		}
	}
}
