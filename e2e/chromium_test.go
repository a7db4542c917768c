package e2e_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// chromium is a browser without a window that is told what to do over a pipe,
// by the Chrome DevTools Protocol: one JSON text after the other, with a zero
// byte behind each.
type chromium struct {
	in, out *os.File
	answers *bufio.Reader
	last    int
	session string // of the one tab
}

// startChromium starts a browser that has never been anywhere, or skips.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("!!! SKIPPED: chromium is not installed, so nobody looks at the pages")
	}
	commands, in, err := os.Pipe()
	require.NoError(t, err)
	out, answers, err := os.Pipe()
	require.NoError(t, err)
	profile, err := os.MkdirTemp("", "everlatch-chromium") //nolint:usetesting // a child that outlives it must not fail the test
	require.NoError(t, err)
	cmd := exec.Command(path, "--remote-debugging-pipe", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+profile)
	cmd.ExtraFiles = []*os.File{commands, answers} // its descriptors 3 and 4
	require.NoError(t, cmd.Start())
	require.NoError(t, errors.Join(commands.Close(), answers.Close()))
	c := &chromium{in: in, out: out, answers: bufio.NewReader(out)}
	t.Cleanup(func() {
		// Asked to, it ends with all its children, which write to the profile.
		c.session = ""
		_ = c.do("Browser.close", struct{}{}, &struct{}{})
		hangs := time.AfterFunc(waitFor, func() { _ = cmd.Process.Kill() })
		_ = errors.Join(cmd.Wait(), in.Close(), out.Close(), os.RemoveAll(profile))
		hangs.Stop()
	})
	var tab struct{ TargetID, SessionID string }
	require.NoError(t, c.do("Target.createTarget", map[string]any{"url": "about:blank"}, &tab))
	require.NoError(t, c.do("Target.attachToTarget", map[string]any{"targetId": tab.TargetID, "flatten": true}, &tab))
	c.session = tab.SessionID
	return c
}

// do calls a method and reads until its answer comes.
func (c *chromium) do(method string, params, into any) error {
	c.last++
	call, err := json.Marshal(struct {
		ID      int    `json:"id"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
		Session string `json:"sessionId,omitempty"`
	}{c.last, method, params, c.session})
	if err != nil {
		return err
	}
	if err := c.out.SetReadDeadline(time.Now().Add(waitFor)); err != nil {
		return err
	}
	if _, err := c.in.Write(append(call, 0)); err != nil {
		return err
	}
	for {
		text, err := c.answers.ReadBytes(0)
		if err != nil {
			return err
		}
		var answer struct {
			ID    int `json:"id"`
			Error *struct {
				Message string `json:"message"`
			} `json:"error"`
			Result json.RawMessage `json:"result"`
		}
		if err := json.Unmarshal(text[:len(text)-1], &answer); err != nil {
			return err
		}
		switch {
		case answer.ID != c.last: // something that has happened
		case answer.Error != nil:
			return errors.New(answer.Error.Message)
		default:
			return json.Unmarshal(answer.Result, into)
		}
	}
}

// open goes to an address.
func (c *chromium) open(t *testing.T, address string) {
	t.Helper()
	require.NoError(t, c.do("Page.navigate", map[string]any{"url": address}, &struct{}{}))
}

// eval evaluates JavaScript to a text. It is "" while a page comes and goes.
func (c *chromium) eval(script string) string {
	var answer struct{ Result struct{ Value string } }
	if c.do("Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}, &answer) != nil {
		return ""
	}
	return answer.Result.Value
}

// await waits until the page shows a text.
func (c *chromium) await(t *testing.T, text string) {
	t.Helper()
	deadline := time.Now().Add(waitFor)
	var shown string
	for !strings.Contains(shown, text) {
		require.True(t, time.Now().Before(deadline), "the page does not show %q but %q", text, shown)
		shown = c.eval(`document.body.innerText`)
		time.Sleep(tick)
	}
}

// click waits for a button or link that begins with a text, and clicks it.
func (c *chromium) click(t *testing.T, text string) {
	t.Helper()
	c.await(t, text)
	quoted, err := json.Marshal(text)
	require.NoError(t, err)
	require.Equal(t, "clicked", c.eval(`(() => {
		const found = [...document.querySelectorAll("a, button")].find((e) => e.innerText.startsWith(`+string(quoted)+`));
		found?.click();
		return found ? "clicked" : "";
	})()`), text)
}
