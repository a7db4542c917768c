package e2e_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// chromium is the browser, as browser/chromium.mjs drives it.
type chromium struct {
	*script

	shots int
}

// startChromium starts it, or skips: see browserTools.
func startChromium(t *testing.T, folders ...string) *chromium {
	t.Helper()
	node, path := browserTools(t, folders...)
	return &chromium{script: startScript(t, node, "browser/chromium.mjs", path)}
}

// browser is one with cookies of its own; see browser/chromium.mjs.
type browser struct {
	*chromium

	name string
}

// do gives a command and decodes its answer, unless into is nil.
func (b browser) do(t *testing.T, into any, command string, args ...string) {
	t.Helper()
	line, err := json.Marshal(append([]string{b.name, command}, args...))
	require.NoError(t, err)
	_, err = b.in.Write(append(line, '\n'))
	require.NoError(t, err)
	var answer struct {
		Value json.RawMessage `json:"value"`
		Error string          `json:"error"`
	}
	b.read(t, &answer)
	if answer.Error != "" && command != "screenshot" {
		b.picture(t, "failed")
	}
	require.Empty(t, answer.Error, "%s %q", command, args)
	if into != nil {
		require.NoError(t, json.Unmarshal(answer.Value, into))
	}
}

func (b browser) open(t *testing.T, url string)    { t.Helper(); b.do(t, nil, "open", url) }
func (b browser) click(t *testing.T, label string) { t.Helper(); b.do(t, nil, "click", label) }

// press clicks the first button or link that begins with a text.
func (b browser) press(t *testing.T, text string) { t.Helper(); b.do(t, nil, "press", text) }

// await waits until the page shows a text.
func (b browser) await(t *testing.T, text string) { t.Helper(); b.do(t, nil, "await", text) }

// eval evaluates JavaScript to a text.
func (b browser) eval(t *testing.T, js string) (text string) {
	t.Helper()
	b.do(t, &text, "eval", js)
	return text
}

func (b browser) text(t *testing.T, selector string) (text string) {
	t.Helper()
	b.do(t, &text, "text", selector)
	return text
}

// picture keeps what the browser shows; see go test -artifacts.
func (b browser) picture(t *testing.T, what string) {
	t.Helper()
	b.shots++
	name := fmt.Sprintf("%02d %s %s.png", b.shots, b.name, what)
	b.do(t, nil, "screenshot", filepath.Join(t.ArtifactDir(), strings.NewReplacer(" ", "-", "/", "-").Replace(name)))
}
