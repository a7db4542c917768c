package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/freeport"
)

// builds has a function for each program, which builds it once for all tests of
// this package.
var builds sync.Map

// binary is the program everlatch.
func binary() (string, error) { return built("cmd/everlatch") }

// buildExample is a program of the folder examples.
func buildExample(t *testing.T, name string) string {
	t.Helper()
	path, err := built("examples/" + name)
	require.NoError(t, err)
	return path
}

// built returns the path of the program of a folder. It lies apart from what the
// program leaves, for its help texts show a password.
func built(folder string) (string, error) {
	build, _ := builds.LoadOrStore(folder, sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "everlatch-e2e")
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, filepath.Base(folder))
		cmd := exec.CommandContext(context.Background(), "go", "build", "-o", path, "../"+folder)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build: %w\n%s", err, out)
		}
		return path, nil
	}))
	return build.(func() (string, error))() //nolint:forcetypeassert // nothing else is stored
}

// process is a running everlatch.
type process struct {
	cmd  *exec.Cmd
	log  *os.File
	base string // of the API
	temporal,
	dir string
	env []string
	// example is the folder below examples of a program that is run instead of
	// everlatch.
	example string
}

// How long a condition is waited for, and how often it is looked at.
const (
	waitFor = 60 * time.Second
	tick    = 20 * time.Millisecond
)

// devOptions configure [startDev].
type devOptions struct {
	dir    string // data folder; empty makes one
	env    []string
	config string // YAML, written to a file beside the data
	args   []string
	// example is the folder of a program below examples; empty is everlatch.
	example string
}

// startDev starts `everlatch dev` on free ports and waits until it is ready.
func startDev(t *testing.T, o devOptions) *process {
	t.Helper()
	if o.dir == "" {
		o.dir = filepath.Join(t.TempDir(), "data")
	}
	p := &process{dir: o.dir, env: o.env, example: o.example}
	free := freeport.Addresses(t, 3)
	p.base, p.temporal = free[0], free[1]
	args := append([]string{"dev", "--data", o.dir, "--http", free[0], "--temporal", free[1], "--ui", free[2]}, o.args...)
	if o.config != "" {
		path := filepath.Join(t.TempDir(), "everlatch.yaml")
		require.NoError(t, os.WriteFile(path, []byte(o.config), 0o600))
		args = append(args, "--config", path)
	}
	p.base = "http://" + p.base
	p.start(t, args, o.env)
	return p
}

// start runs a command of the program and, where it serves HTTP, waits for
// /ready.
func (p *process) start(t *testing.T, args, env []string) {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	if p.example != "" {
		path = buildExample(t, p.example)
	}
	p.log, err = os.CreateTemp(t.TempDir(), "everlatch-*.log")
	require.NoError(t, err)
	p.cmd = exec.CommandContext(context.Background(), path, args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("log of %v:\n%s", args, p.logText())
		}
	})
	if p.base != "" {
		p.waitReady(t)
	}
}

func (p *process) waitReady(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		resp, err := httpClient.Get(p.base + "/ready")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, waitFor, tick, "not ready; log:\n%s", p.logText())
}

// kill is kill -9.
func (p *process) kill() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// stop asks for a graceful end and waits for it.
func (p *process) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		require.NoError(t, err, "log:\n%s", p.logText())
	case <-time.After(30 * time.Second):
		t.Fatalf("did not stop; log:\n%s", p.logText())
	}
}

func (p *process) logText() string {
	raw, _ := os.ReadFile(p.log.Name())
	return string(raw)
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	raw    []byte
}

func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal(a.raw, &out), "body %q", a.raw)
	return out
}

func (a answer) str(t *testing.T, path string) string {
	t.Helper()
	var v any = a.json(t)
	for key := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	s, _ := v.(string)
	return s
}

// call sends a request; header pairs follow the body. A string body is sent as
// it is, anything else as JSON.
func (p *process) call(t *testing.T, method, path string, body any, header ...string) answer {
	t.Helper()
	a, err := p.try(t.Context(), method, path, body, header...)
	require.NoError(t, err)
	return a
}

func (p *process) try(ctx context.Context, method, path string, body any, header ...string) (a answer, err error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return a, err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, reader)
	if err != nil {
		return a, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, raw: raw}, err
}

var httpClient = &http.Client{
	Timeout:       30 * time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 200},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

type object = map[string]any

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// register registers a customer's identity and returns its token.
func (p *process) register(t *testing.T, email, password string) string {
	t.Helper()
	a := p.call(t, "POST", "/auth/customer/emailpass/register", object{"email": email, "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	return a.str(t, "token")
}

// login signs a customer in and returns the token.
func (p *process) login(t *testing.T, email, password string) string {
	t.Helper()
	a := p.call(t, "POST", "/auth/customer/emailpass", object{"email": email, "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	return a.str(t, "token")
}

// signUp registers Ada, creates her customer and signs her in.
func (p *process) signUp(t *testing.T) string {
	t.Helper()
	const email = "ada@example.com"
	token := p.register(t, email, password)
	a := p.call(t, "POST", "/store/customers", object{"email": email}, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	return p.login(t, email, password)
}
