package everlatch_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	describedFlow = regexp.MustCompile(`(?m)^\t"([A-Z]\w+)": +\{"`)
	flowUpdate    = regexp.MustCompile(`(?m)^(?:const|\t)\s*Update\w+ += "(\w+)"`)
	askedCode     = regexp.MustCompile(`(?m)^\tasked\w+ += "(\w+)"`)
	toldCodes     = regexp.MustCompile(`(?s)A code with its params.*?tells texts alone`)
	capital       = regexp.MustCompile(`[A-Z]`)
)

// The console words every flow, and whatever the API tells of one by a code. That the other
// languages are complete is a test of package pages.
func TestTheConsoleWordsEveryFlow(t *testing.T) {
	t.Parallel()

	messages := read(t, "pages/console/messages/console.en.toml")
	has := func(id string) {
		assert.Regexp(t, `(?m)^`+id+` = `, messages, "the console has no words for it")
	}
	flows := describedFlow.FindAllStringSubmatch(read(t, "workflows/descriptions.go"), -1)
	require.NotEmpty(t, flows)
	for _, f := range flows {
		has("workflow_" + strings.ToLower(f[1]))
	}
	sources, err := filepath.Glob("workflows/*.go")
	require.NoError(t, err)
	updates := 0
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		for _, u := range flowUpdate.FindAllStringSubmatch(read(t, source), -1) {
			updates++
			has("say_update" + strings.ToLower(capital.ReplaceAllString(u[1], "_$0")))
		}
	}
	require.NotZero(t, updates)
	codes := askedCode.FindAllStringSubmatch(read(t, "workflows/trail.go"), -1)
	require.NotEmpty(t, codes)
	for _, c := range codes {
		has("say_" + c[1])
	}
	described := toldCodes.FindString(read(t, "openapi.yaml"))
	require.NotEmpty(t, described)
	for _, code := range []string{
		"step", "step_failed", "step_recovered", "step_failing", "started", "waits", "ended", "failed", "terminated", "timed_out", "continued", "cancel_requested",
		"child_started", "event", "delivery_waiting", "delivery_started", "delivery_failing", "delivery_recovered", "delivery_dead", "delivered",
	} {
		has("say_" + code)
		assert.Regexp(t, `\b`+code+`\b`, described)
	}
}
