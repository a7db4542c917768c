package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/freeport"
)

// A block of README.md that is to be pasted into bash, and what it prints.
type readmeBlock struct {
	script string
	want   []string // lines; … stands for anything
}

var (
	readmeBash = regexp.MustCompile("(?s)\n```bash\n(.*?)```\n(?:\n```text\n(.*?)```\n)?")
	readmeGo   = regexp.MustCompile("(?s)\n```go\n(.*?)```\n")
)

const endOfBlock = "--- end of the block ---"

// TestReadmeTour pastes the blocks of README.md into one bash, in a fresh
// folder, as they are printed, and compares what they print. The program is
// found on PATH; its ports are free ones, which the environment names.
func TestReadmeTour(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Fatal("the tour of README.md is written for bash")
	}
	blocks := readmeBlocks(t)
	path, err := binary()
	require.NoError(t, err)
	free := freeport.Addresses(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	var script strings.Builder
	for _, b := range blocks {
		script.WriteString(b.script + "echo '" + endOfBlock + "'\n")
	}
	script.WriteString("wait\n") // the last block stops the service: it has to end
	tour := filepath.Join(t.TempDir(), "tour.sh")
	require.NoError(t, os.WriteFile(tour, []byte(script.String()), 0o600))
	cmd := exec.CommandContext(ctx, "bash", "-u", tour)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(path)+string(os.PathListSeparator)+os.Getenv("PATH"), "API=http://"+free[0],
		"EVERLATCH_HTTP_ADDRESS="+free[0], "EVERLATCH_DEV_TEMPORAL_ADDRESS="+free[1], "EVERLATCH_DEV_UI_ADDRESS="+free[2])
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	t.Cleanup(func() { stopTour(t, filepath.Join(cmd.Dir, ".everlatch")) })

	err = cmd.Run()

	log, _ := os.ReadFile(filepath.Join(cmd.Dir, "everlatch.log"))
	require.NoError(t, err, "stdout:\n%s\nstderr:\n%s\nlog:\n%s", stdout.String(), stderr.String(), log)
	printed := strings.Split(stdout.String(), endOfBlock+"\n")
	require.Len(t, printed, len(blocks)+1, "stdout:\n%s\nstderr:\n%s", stdout.String(), stderr.String())
	for i, b := range blocks {
		requirePrinted(t, b, printed[i])
	}
}

// readmeBlocks returns the blocks of the tour, in order.
func readmeBlocks(t *testing.T) []readmeBlock {
	t.Helper()
	raw, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var out []readmeBlock
	for _, m := range readmeBash.FindAllStringSubmatch(string(raw), -1) {
		b := readmeBlock{script: m[1]}
		if m[2] != "" {
			b.want = strings.Split(strings.TrimSuffix(m[2], "\n"), "\n")
		}
		require.NotEmpty(t, b.want, "README.md does not show what this prints:\n%s", b.script)
		out = append(out, b)
	}
	require.GreaterOrEqual(t, len(out), 4)
	return out
}

// requirePrinted finds the lines that README.md shows, in their order, each as
// one whole line.
func requirePrinted(t *testing.T, b readmeBlock, printed string) {
	t.Helper()
	lines := strings.Split(printed, "\n")
	at := 0
	for _, want := range b.want {
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*") + "$")
		for at < len(lines) && !pattern.MatchString(lines[at]) {
			at++
		}
		require.Less(t, at, len(lines), "README.md shows\n%s\nafter\n%s\nprinted was\n%s", want, b.script, printed)
		at++
	}
}

// stopTour ends the service of a tour that did not reach its end.
func stopTour(t *testing.T, folder string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, "running.json"))
	if os.IsNotExist(err) {
		return // it has ended, and removed the file
	}
	require.NoError(t, err)
	var running struct {
		PID int `json:"pid"`
	}
	require.NoError(t, json.Unmarshal(raw, &running))
	p, err := os.FindProcess(running.PID)
	require.NoError(t, err)
	_ = p.Kill() // it may just have ended
}

// TestReadmeProgram compiles the program of README.md.
func TestReadmeProgram(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	programs := readmeGo.FindAllStringSubmatch(string(raw), -1)
	require.Len(t, programs, 1)
	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(programs[0][1]), 0o600))

	out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput()

	require.NoError(t, err, "%s", out)
	formatted, err := exec.CommandContext(t.Context(), "gofmt", "-l", file).CombinedOutput()
	require.NoError(t, err)
	require.Empty(t, string(formatted), "README.md shows a program that gofmt changes")
}
