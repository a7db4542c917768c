//go:build unix

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/freeport"
)

// Everything runs in this process and on disk: Temporal, worker, store, vault,
// HTTP over loopback, and the client, which is about 0.2 ms of each figure.
//
//	go test ./e2e -run '^$' -bench Login -benchtime 500x
//
// cpu-ms/op is user and system time of the whole process and the figure to
// trust. The cheapest hash costs next to nothing, so its line is what a login
// costs around the hash; the difference to the other line is the hash. Where
// TMPDIR is in memory, "on disk" is not true.

// hashes are the providers that BenchmarkLogin compares.
var hashes = []struct{ name, providers string }{
	{"hash=argon2id", `[{resolve: emailpass}]`},
	{"hash=none", `[{resolve: emailpass, options: {argon2: {memory_kib: 8, time: 1, parallelism: 1}}}]`},
}

// BenchmarkLogin signs people in, with the hash that is used and with the
// cheapest one that there is.
func BenchmarkLogin(b *testing.B) {
	for _, hash := range hashes {
		b.Run(hash.name, func(b *testing.B) {
			p := startHere(b, hash.providers)
			people := signUpPeople(b, p, 8)
			for _, clients := range []int{1, 8} {
				b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
					measure(b, clients, func(i int) error {
						return ok(p.try(b.Context(), "POST", "/auth/customer/emailpass", people[i%len(people)].credentials()))
					})
				})
			}
		})
	}
}

// BenchmarkMe reads the customer of a bearer token, which starts no workflow.
func BenchmarkMe(b *testing.B) {
	p := startHere(b, hashes[1].providers)
	people := signUpPeople(b, p, 8)
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			measure(b, clients, func(i int) error {
				return ok(p.try(b.Context(), "GET", "/store/customers/me", nil, bearer(people[i%len(people)].token)...))
			})
		})
	}
}

// BenchmarkStart starts `everlatch dev` on a folder with existing data
// and signs a customer in as soon as possible.
func BenchmarkStart(b *testing.B) {
	path, err := binary()
	require.NoError(b, err)
	dir := filepath.Join(b.TempDir(), "data")
	cmd, p := startProcess(b, path, dir)
	someone := signUpPeople(b, p, 1)[0]
	stopProcess(b, cmd)

	var took, cpu time.Duration
	b.ResetTimer()
	for range b.N {
		began := time.Now()
		cmd, p = startProcess(b, path, dir)
		require.NoError(b, ok(p.try(b.Context(), "POST", "/auth/customer/emailpass", someone.credentials())))
		took += time.Since(began)
		stopProcess(b, cmd)
		cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(took)/float64(b.N), "ms-to-login")
	b.ReportMetric(milliseconds(cpu)/float64(b.N), "cpu-ms/run")
}

// startHere assembles what `everlatch dev` does, in this process.
func startHere(b *testing.B, providers string) *process {
	b.Helper()
	dir := b.TempDir()
	server, err := embedded.Start(b.Context(), embedded.Options{Folder: filepath.Join(dir, "temporal")})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, server.Stop()) })

	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"http.address":       "127.0.0.1:0",
		"auth.providers":     providers,
		"database.url":       "sqlite://" + filepath.Join(dir, "everlatch.db"),
		"temporal.address":   server.Address(),
		"temporal.namespace": server.Namespace(),
	}})
	require.NoError(b, err)
	require.NoError(b, cfg.Generate(""))
	a, err := app.New(b.Context(), cfg, app.WithMigrations())
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, a.Close()) })
	require.NoError(b, a.Listen(b.Context()))

	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		require.NoError(b, <-done)
	})
	<-a.Started()
	return &process{base: "http://" + a.Address()}
}

// startProcess starts the program on a folder and returns when it serves.
func startProcess(b *testing.B, path, dir string) (*exec.Cmd, *process) {
	b.Helper()
	addresses := freeport.Addresses(b, 3)
	cmd := exec.CommandContext(b.Context(), path, "dev", "--data", dir,
		"--http", addresses[0], "--temporal", addresses[1], "--ui", addresses[2])
	require.NoError(b, cmd.Start())
	p := &process{base: "http://" + addresses[0]}
	require.Eventually(b, func() bool {
		a, err := p.try(b.Context(), "GET", "/ready", nil)
		return err == nil && a.status == 200
	}, waitFor, 2*time.Millisecond, "the program does not become ready")
	return cmd, p
}

func stopProcess(b *testing.B, cmd *exec.Cmd) {
	b.Helper()
	require.NoError(b, cmd.Process.Signal(os.Interrupt))
	require.NoError(b, cmd.Wait())
	httpClient.CloseIdleConnections()
}

// signedUp is a customer.
type signedUp struct{ email, token string }

func (s signedUp) credentials() object { return object{"email": s.email, "password": password} }

// signUpPeople makes customers and signs them in.
func signUpPeople(b *testing.B, p *process, n int) []signedUp {
	b.Helper()
	people := make([]signedUp, n)
	for i := range people {
		s := &people[i]
		s.email = fmt.Sprintf("person%d@example.com", i)
		registered := tokenFrom(b, p, "/auth/customer/emailpass/register", s.credentials())
		require.NoError(b, ok(p.try(b.Context(), "POST", "/store/customers", object{"email": s.email}, bearer(registered)...)))
		s.token = tokenFrom(b, p, "/auth/customer/emailpass", s.credentials())
	}
	return people
}

func tokenFrom(b *testing.B, p *process, path string, body object) string {
	b.Helper()
	a, err := p.try(b.Context(), "POST", path, body)
	require.NoError(b, ok(a, err))
	var out struct {
		Token string `json:"token"`
	}
	require.NoError(b, json.Unmarshal(a.raw, &out))
	return out.Token
}

func ok(a answer, err error) error {
	if err == nil && a.status != 200 {
		err = fmt.Errorf("status %d: %s", a.status, a.raw)
	}
	return err
}

// measure runs do b.N times, with a fixed number of clients that each wait for
// their answer, and reports CPU time and latency.
func measure(b *testing.B, clients int, do func(i int) error) {
	b.Helper()
	latencies := make([]time.Duration, b.N)
	var next atomic.Int64
	var wg sync.WaitGroup
	before := cpuTime(b)
	b.ResetTimer()
	for range clients {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.N; i = int(next.Add(1)) - 1 {
				began := time.Now()
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
				latencies[i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	spent := cpuTime(b) - before
	slices.Sort(latencies)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	b.ReportMetric(milliseconds(spent)/float64(b.N), "cpu-ms/op")
	b.ReportMetric(milliseconds(latencies[b.N/2]), "p50-ms")
	b.ReportMetric(milliseconds(latencies[b.N*99/100]), "p99-ms")
}

// cpuTime is what this process has used, of all its threads.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
