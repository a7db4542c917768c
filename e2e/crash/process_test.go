//go:build linux

package crash_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// startWithin bounds the start of a process on a machine that does much else.
	startWithin = 2 * time.Minute
	tick        = 20 * time.Millisecond
)

// process is a program that is killed, stopped and started again under the same
// name, with the same addresses and one log.
type process struct {
	name, path string
	args, env  []string
	// folder is where it runs, by default that of the log: the folder of the tests may go
	// meanwhile, when another branch is checked out.
	folder string
	user   *syscall.Credential
	log    *os.File
	// ready says whether it serves; it is asked until it does.
	ready func(context.Context) bool

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
	starts int
	// down says that it was killed and not started again.
	down bool
}

// start runs the program; what it prints is appended to the log.
func (p *process) start(tb testing.TB) {
	tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.log == nil {
		var err error
		p.log, err = os.OpenFile(filepath.Join(logFolder(tb), p.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		require.NoError(tb, err)
		tb.Cleanup(p.kill)
	}
	p.cmd = exec.CommandContext(context.Background(), p.path, p.args...)
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Dir = cmp.Or(p.folder, filepath.Dir(p.log.Name()))
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.user, Pdeathsig: syscall.SIGKILL}
	require.NoError(tb, p.cmd.Start(), p.name)
	cmd, exited := p.cmd, make(chan struct{})
	p.exited = exited
	p.starts++
	p.down = false
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
}

// awaitReady waits until the process serves.
func (p *process) awaitReady(ctx context.Context) error {
	return await(ctx, startWithin, p.name+" is ready", func() bool { return p.ready(ctx) })
}

// kill is kill -9, of the process and of those that it has started.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exited == nil { // it was never started
		return
	}
	p.down = true
	children := childrenOf(p.cmd.Process.Pid)
	_ = p.cmd.Process.Kill()
	<-p.exited
	for _, child := range children {
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	for _, child := range children { // a server of databases cannot start before
		for syscall.Kill(child, 0) == nil && !isZombie(child) {
			time.Sleep(time.Millisecond)
		}
	}
}

// signal sends a signal to the process and those that it has started.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pid := range append(childrenOf(p.cmd.Process.Pid), p.cmd.Process.Pid) {
		_ = syscall.Kill(pid, s)
	}
}

// terminate asks for a graceful end, waits for it, and returns what the process
// exited with.
func (p *process) terminate(tb testing.TB) int {
	tb.Helper()
	p.mu.Lock()
	cmd, exited := p.cmd, p.exited
	p.mu.Unlock()
	require.NoError(tb, cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-exited:
	case <-time.After(startWithin):
		require.FailNow(tb, "did not stop", "%s: %s", p.name, p.tail())
	}
	return cmd.ProcessState.ExitCode()
}

// gaveUp says whether the process has ended by itself.
func (p *process) gaveUp() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.exited:
		return !p.down
	default:
		return false
	}
}

// tail is the end of the log.
func (p *process) tail() string {
	raw, _ := os.ReadFile(p.log.Name())
	return string(raw[max(0, len(raw)-4000):])
}

// logLines calls do with each line of the log.
func (p *process) logLines(do func(string)) error {
	f, err := os.Open(p.log.Name())
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		do(lines.Text())
	}
	return lines.Err()
}

// childrenOf are the processes that a process has started.
func childrenOf(pid int) (children []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		child, parent, _ := readStat(stat)
		if parent == pid {
			children = append(children, child)
		}
	}
	return children
}

func isZombie(pid int) bool {
	_, _, state := readStat(fmt.Sprintf("/proc/%d/stat", pid))
	return state == "Z"
}

// readStat reads a file stat of /proc; the name of the program may contain blanks.
func readStat(path string) (pid, parent int, state string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, ""
	}
	text := string(raw)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0, 0, ""
	}
	pid, _ = strconv.Atoi(text[:strings.IndexByte(text, ' ')])
	parent, _ = strconv.Atoi(fields[1])
	return pid, parent, fields[0]
}

// await asks until something is so.
func await(ctx context.Context, within time.Duration, what string, so func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for !so() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for: %s: %w", what, ctx.Err())
		case <-time.After(tick):
		}
	}
	return nil
}

func portOf(tb testing.TB, address string) string {
	tb.Helper()
	_, port, err := net.SplitHostPort(address)
	require.NoError(tb, err)
	return port
}
