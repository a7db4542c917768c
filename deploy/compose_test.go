package deploy_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/everlatch/everlatch/config"
)

const (
	composeFile = "../docker-compose.yml"
	envExample  = "../.env.example"
)

// notInCompose are settings that only dev has. The others are of a machine or a
// process, and docker-compose.yml sets them.
var notInCompose = regexp.MustCompile(`^(dev\..*|data\.dir|temporal\.retention)$`)

type compose struct {
	Services map[string]struct {
		Environment map[string]*string `yaml:"environment"`
		Logging     struct {
			Driver  string            `yaml:"driver"`
			Options map[string]string `yaml:"options"`
		} `yaml:"logging"`
	} `yaml:"services"`
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func parseCompose(t *testing.T) (c compose) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(read(t, composeFile)), &c))
	require.NotEmpty(t, c.Services)
	return c
}

// variable is the name that docs/configuration.md has for a setting.
func variable(row config.Row) string { return row.Env[len(row.Env)-1] }

// A setting that is new must be settable in .env without a change by the operator.
func TestEverySettingIsPassed(t *testing.T) {
	t.Parallel()
	services := parseCompose(t).Services
	for _, row := range config.Describe() {
		if notInCompose.MatchString(row.Key) {
			continue
		}
		for _, name := range []string{"api", "worker", "migrate"} {
			own := name != "worker" && row.Key == "worker.health_address" // only a worker listens there
			_, passed := services[name].Environment[variable(row)]
			assert.True(t, passed || own, "%s has no %s", name, variable(row))
		}
	}
}

// Passwords of PostgreSQL's superuser and of Temporal's role are not Everlatch's
// business.
func TestEverlatchHasOnlyItsOwnPassword(t *testing.T) {
	t.Parallel()
	for name, service := range parseCompose(t).Services {
		for variable, value := range service.Environment {
			if value == nil || name == "postgres" {
				continue
			}
			assert.NotContains(t, *value, "${POSTGRES_PASSWORD", "%s: %s", name, variable)
			if slices.Contains([]string{"api", "worker", "migrate"}, name) {
				assert.NotContains(t, *value, "TEMPORAL_POSTGRES_PASSWORD", "%s: %s", name, variable)
			}
		}
	}
}

func TestLogsAreLimited(t *testing.T) {
	t.Parallel()
	for name, service := range parseCompose(t).Services {
		assert.Equal(t, "json-file", service.Logging.Driver, name)
		assert.Equal(t, map[string]string{"max-size": "10m", "max-file": "5"}, service.Logging.Options, name)
	}
}

// The values of .env.example can be loaded: with other secrets, everlatch starts
// with it as it is.
func TestEnvExampleCanBeLoaded(t *testing.T) {
	t.Parallel()
	environment := parseCompose(t).Services["api"].Environment
	line := regexp.MustCompile(`(?m)^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$`)
	var environ []string
	for _, m := range line.FindAllStringSubmatch(read(t, envExample), -1) {
		if _, passed := environment[m[1]]; !passed || strings.HasPrefix(m[1], "TEMPORAL_") {
			continue
		}
		value := strings.Trim(m[2], "'")
		if value == "replace-me" {
			value = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
		}
		environ = append(environ, m[1]+"="+value)
	}
	require.Greater(t, len(environ), 60)

	cfg, err := config.Load(config.Sources{Environ: environ})

	require.NoError(t, err)
	require.NoError(t, cfg.Require())
	require.Equal(t, map[string]string{"customer": "https://shop.example", "user": "https://auth.shop.example/app"}, cfg.Mail.URLs)
}

// The lists of settings in both files are generated, and this fails when one is
// stale: UPDATE_GOLDEN=1 go test ./deploy
func TestGeneratedSettings(t *testing.T) {
	t.Parallel()
	for path, entry := range map[string]struct {
		indent string
		line   func(config.Row) string
	}{
		composeFile: {"    ", func(r config.Row) string { return variable(r) + ":" }},
		envExample:  {"", func(r config.Row) string { return "# " + variable(r) + "=" + quoted(r.Default) }},
	} {
		content := read(t, path)
		before, rest, found := strings.Cut(content, entry.indent+"# settings:begin\n")
		require.True(t, found, path)
		_, after, found := strings.Cut(rest, entry.indent+"# settings:end\n")
		require.True(t, found, path)
		var lines strings.Builder
		for _, row := range config.Describe() {
			// What stands outside of the markers has a value of its own.
			elsewhere := regexp.MustCompile(`(?m)^ *(# )?` + variable(row) + `(:|=)`)
			ofProcess := row.Key == "worker.health_address" || row.Key == "http.address"
			if !notInCompose.MatchString(row.Key) && !ofProcess && !elsewhere.MatchString(before+after) {
				fmt.Fprintf(&lines, "%s%s\n", entry.indent, entry.line(row))
			}
		}
		want := before + entry.indent + "# settings:begin\n" + lines.String() + entry.indent + "# settings:end\n" + after
		if os.Getenv("UPDATE_GOLDEN") != "" {
			require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
			continue
		}
		require.Equal(t, want, content, "%s is stale; run: UPDATE_GOLDEN=1 go test ./deploy", path)
	}
}

// quoted keeps compose from reading a value as several words or a comment.
func quoted(value string) string {
	if strings.ContainsAny(value, " \"<{[#") {
		return "'" + value + "'"
	}
	return value
}
