package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/cli"
)

// patience is how long a command may take on a slow, busy machine.
const patience = 90 * time.Second

// output is a stream that tests can wait on.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed at the next write
}

func newOutput() *output { return &output{more: make(chan struct{})} }

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.more)
	o.more = make(chan struct{})
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await returns the first group of pattern as soon as it matches.
func (o *output) await(t *testing.T, ended <-chan struct{}, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	for {
		o.mu.Lock()
		match, more := re.FindSubmatch(o.text.Bytes()), o.more
		o.mu.Unlock()
		if match != nil {
			return string(match[len(match)-1])
		}
		select {
		case <-more:
		case <-ended:
			require.FailNow(t, "the command ended early", "waiting for %s in:\n%s", pattern, o)
		case <-timeout:
			require.FailNow(t, "the command says too little", "waiting for %s in:\n%s", pattern, o)
		}
	}
}

// process is a command that goes on until it is stopped.
type process struct {
	t              *testing.T
	stdout, stderr *output
	cancel         context.CancelFunc
	ended          chan struct{}
	err            error
}

// begin starts a command. It is stopped with the test at the latest.
func begin(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &process{t: t, stdout: newOutput(), stderr: newOutput(), cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = cli.Run(ctx, args, environ, strings.NewReader(""), p.stdout, p.stderr)
	}()
	t.Cleanup(func() { p.cancel(); <-p.ended })
	return p
}

// stop ends the command as SIGTERM does and returns its error.
func (p *process) stop() error {
	p.t.Helper()
	p.cancel()
	select {
	case <-p.ended:
	case <-time.After(patience):
		require.FailNow(p.t, "the command does not stop", "%s", p.stderr)
	}
	return p.err
}

// beginDev starts a dev service on free ports and returns the URL of its API.
func beginDev(t *testing.T, args ...string) (*process, string) {
	t.Helper()
	p := begin(t, nil, append([]string{"dev", "--http", "127.0.0.1:0", "--temporal", "127.0.0.1:0", "--ui", "127.0.0.1:0"}, args...)...)
	return p, p.stdout.await(t, p.ended, `API +(http://\S+)`)
}

// execute runs a command to its end.
func execute(t *testing.T, environ []string, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, log bytes.Buffer
	err = cli.Run(ctx, args, environ, strings.NewReader(stdin), &out, &log)
	return out.String(), log.String(), err
}

// answer is what the API says.
type answer struct {
	status int
	body   map[string]any
}

// post sends JSON.
func post(t *testing.T, url string, body map[string]any) answer {
	t.Helper()
	return send(t, http.MethodPost, url, "", jsonBody(t, body))
}

func jsonBody(t *testing.T, value map[string]any) io.Reader {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return bytes.NewReader(text)
}

// get asks with a bearer token where there is one.
func get(t *testing.T, url, token string) answer {
	t.Helper()
	return send(t, http.MethodGet, url, token, http.NoBody)
}

func send(t *testing.T, method, url, token string, body io.Reader) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := (&http.Client{}).Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	out := answer{status: res.StatusCode}
	_ = json.Unmarshal(text, &out.body) // "OK" and HTML are no JSON
	return out
}
