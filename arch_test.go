package everlatch_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/everlatch/everlatch"

// arrows lists, for each package, which of ours it may import: the vocabulary
// imports nothing, the store knows neither Temporal nor HTTP, the API starts
// workflows through flows alone. Add an arrow on purpose or not at all;
// docs/architecture.md shows the layers.
var arrows = map[string]string{
	".":                        "",
	"internal/ids":             "",
	"internal/store":           ". internal/ids",
	"internal/store/storetest": ". internal/store",
	"actortest":                ".",
	"internal/vault":           ". internal/store internal/ids",
	"internal/tokens":          ".",
	"providers":                ".",
	"providers/emailpass":      ". providers",
	"internal/egress":          "",
	"subscribers":              ". internal/egress",
	"mail":                     ".",
	"internal/mailtest":        "",
	"providers/github":         ". internal/egress providers",
	"internal/githubtest":      "",
	"providers/google":         ". providers providers/oidc",
	"providers/oidc":           ". internal/egress providers",
	"providers/providertest":   ". providers",
	"internal/oidctest":        "",
	"activities":               ". internal/ids internal/store internal/vault internal/tokens providers subscribers",
	"workflows":                ". internal/ids internal/vault activities",
	"internal/outbox":          ". internal/store subscribers workflows",
	"internal/temporalkit":     ". internal/vault",
	"flows":                    ". internal/ids internal/vault providers workflows internal/temporalkit",
	"worker":                   ". activities workflows internal/temporalkit",
	"api":                      ". internal/ids internal/vault internal/tokens providers flows workflows internal/store",
	"internal/apitest":         ".",
	"config":                   "",
	"internal/embedded":        "",
	"app":                      "* -cli -cmd/everlatch -internal/embedded -bench -e2e",
	"cli":                      ". app config internal/embedded flows mail internal/store internal/vault",
	"cmd/everlatch":            "cli",
	"bench":                    "",
	"e2e":                      "*",
}

// foreign lists what a package must never import, itself or through ours.
var foreign = map[string][]string{
	".":                    {"github.com/", "go.temporal.io/", "golang.org/"},
	"internal/store":       {"go.temporal.io/", "github.com/labstack/"},
	"internal/vault":       {"go.temporal.io/", "github.com/labstack/"},
	"internal/tokens":      {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"providers":            {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"activities":           {"go.temporal.io/sdk/client", "github.com/labstack/"},
	"subscribers":          {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"mail":                 {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"internal/outbox":      {"go.temporal.io/", "github.com/labstack/"},
	"workflows":            {"net/http", "database/sql", "go.temporal.io/sdk/client"},
	"api":                  {"go.temporal.io/"},
	"config":               {"github.com/labstack/", "go.temporal.io/server"},
	"worker":               {"github.com/labstack/"},
	"internal/temporalkit": {"github.com/labstack/", "database/sql"},
}

// TestArrows checks the direct imports of every package, tests left out.
func TestArrows(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	require.NoError(t, err)
	for line := range strings.Lines(strings.TrimSpace(string(out))) {
		fields := strings.Fields(line)
		pkg := local(fields[0])
		allowed, listed := arrows[pkg]
		if !listed && strings.HasPrefix(pkg, "examples/") {
			continue // examples are users: they may import what users may
		}
		if !listed {
			t.Errorf("package %s is not in the table of arrows", pkg)
			continue
		}
		for _, imported := range fields[1:] {
			if strings.HasPrefix(imported, module) {
				if !mayImport(allowed, local(imported)) {
					t.Errorf("%s must not import %s", pkg, local(imported))
				}
				continue
			}
			for _, banned := range foreign[pkg] {
				if strings.HasPrefix(imported, banned) {
					t.Errorf("%s must not import %s", pkg, imported)
				}
			}
		}
	}
}

func mayImport(allowed, pkg string) bool {
	names := strings.Fields(allowed)
	if slices.Contains(names, "-"+pkg) {
		return false
	}
	return slices.Contains(names, "*") || slices.Contains(names, pkg)
}

func local(path string) string {
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}
