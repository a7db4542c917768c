//go:build !noembedded

package embedded_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch/internal/embedded"
)

// folderVariable tells the child process of TestKill where to live.
const folderVariable = "EMBEDDED_TEST_FOLDER"

// TestChild is the process that TestKill kills. It prints its address and
// serves until then.
func TestChild(t *testing.T) { //nolint:paralleltest // it is a process of its own, not a test beside others
	folder := os.Getenv(folderVariable)
	if folder == "" {
		t.Skip("runs as the child process of TestKill")
	}
	server := start(t, embedded.Options{Folder: folder})
	fmt.Println("address", server.Address())
	<-t.Context().Done()
}

// A server that is killed has lost nothing that it had answered, and comes
// back as the same cluster.
func TestKill(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.timeout=1m")
	child.Env = append(os.Environ(), folderVariable+"="+folder)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	address := ""
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "address "); ok {
			address = rest
		}
	}
	require.NotEmpty(t, address)
	c := connectTo(t, address, "default")
	require.Equal(t, "hello Ada", run(t, c, "greet/1", "Ada"))
	// No worker polls this queue: the workflow is open when the process dies.
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "greet/2", TaskQueue: "later"}, greet, "Bob")
	require.NoError(t, err)

	require.NoError(t, child.Process.Kill())
	_ = child.Wait() // "signal: killed"

	again := connect(t, start(t, embedded.Options{Folder: folder}))
	var got string
	require.NoError(t, again.GetWorkflow(t.Context(), "greet/1", "").Get(t.Context(), &got))
	require.Equal(t, "hello Ada", got)
	work(t, again, "later")
	require.NoError(t, again.GetWorkflow(t.Context(), "greet/2", "").Get(t.Context(), &got))
	require.Equal(t, "hello Bob", got)
}
