package cli_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

// exampleEnv returns the NAME=value lines of .env.example.
func exampleEnv(t *testing.T) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(read(t, "../.env.example")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// Whatever docker-compose.yml demands stands in .env.example, so that a copy of
// it is enough to fill in.
func TestExampleEnvIsComplete(t *testing.T) {
	t.Parallel()

	example := strings.Join(exampleEnv(t), "\n")
	for _, match := range regexp.MustCompile(`\$\{(\w+):\?`).FindAllStringSubmatch(read(t, "../docker-compose.yml"), -1) {
		require.Contains(t, example, match[1]+"=")
	}
}

// docs/weak-spots.md#w35: the placeholders of the example are no secrets.
func TestExampleEnvIsRefused(t *testing.T) {
	t.Parallel()

	var environ []string
	for _, entry := range exampleEnv(t) {
		name, _, _ := strings.Cut(entry, "=")
		if name != "EVERLATCH_PORTS" && name != "EVERLATCH_POSTGRES_PASSWORD" { // read by compose alone
			environ = append(environ, entry)
		}
	}

	_, _, err := execute(t, environ, "", "serve")

	for _, name := range []string{"JWT_SECRET", "COOKIE_SECRET", "EVERLATCH_ENCRYPTION_KEYS", "DATABASE_URL"} {
		require.ErrorContains(t, err, name)
	}
	require.NotContains(t, err.Error(), "unknown variable")
}

// The image and the tools are built with the Go that go.mod asks for, and the
// Temporal server of the compose file is the embedded one.
func TestVersionsAgree(t *testing.T) {
	t.Parallel()

	mod := read(t, "../go.mod")
	goVersion := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(mod)[1]
	server := regexp.MustCompile(`go\.temporal\.io/server v(\S+)`).FindStringSubmatch(mod)[1]
	ui := regexp.MustCompile(`temporalio/ui-server/v2 v(\S+)`).FindStringSubmatch(mod)[1]

	require.Contains(t, read(t, "../Dockerfile"), "FROM golang:"+goVersion+"-")
	require.Contains(t, read(t, "../tools/go.mod"), "\ngo "+goVersion+"\n")
	compose := read(t, "../docker-compose.yml")
	require.Contains(t, compose, "temporalio/server:"+server+"\n")
	require.Contains(t, compose, "temporalio/ui:"+ui+"\n")
}
