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
	".":                              "",
	"internal/ids":                   "",
	"internal/mailbox":               "",
	"internal/imports":               ". internal/ids internal/store internal/transfer internal/vault providers/emailpass",
	"internal/imports/medusa":        ". internal/imports internal/store internal/transfer internal/vault providers/emailpass",
	"internal/imports/convert":       ". internal/ids internal/transfer providers/emailpass providers/totp",
	"internal/transfer":              "",
	"internal/store":                 ". internal/ids internal/mailbox internal/transfer",
	"internal/store/storetest":       ". internal/store",
	"actortest":                      ".",
	"internal/vault":                 ". internal/store internal/ids",
	"internal/keys":                  ". internal/ids internal/store internal/tokens internal/transfer internal/vault",
	"internal/tokens":                ".",
	"internal/limits":                ". internal/ids internal/store",
	"internal/accounts":              ". internal/ids internal/store internal/tokens providers",
	"providers":                      ".",
	"internal/argon2id":              "",
	"providers/emailpass":            ". internal/argon2id internal/mailbox providers",
	"providers/codes":                "providers",
	"providers/emailcode":            "providers providers/emailpass",
	"internal/egress":                "",
	"subscribers":                    ". internal/egress",
	"internal/messages":              "",
	"internal/messages/messagestest": "",
	"mail":                           ". internal/messages internal/useragent",
	"internal/mailtest":              "",
	"internal/medusatest":            "internal/store/storetest",
	"providers/github":               ". internal/egress providers",
	"internal/githubtest":            "",
	"providers/google":               ". providers providers/oidc",
	"providers/oidc":                 ". internal/egress providers",
	"providers/totp":                 ". providers",
	"providers/providertest":         ". providers",
	"providers/passkey":              ". providers",
	"internal/passkeytest":           "",
	"internal/oidctest":              "",
	"activities":                     ". internal/keys internal/transfer internal/accounts internal/ids internal/store internal/vault internal/tokens providers providers/codes subscribers",
	"workflows":                      ". internal/ids internal/temporalkit internal/vault activities",
	"internal/outbox":                ". internal/store subscribers workflows",
	"internal/temporalkit":           ". internal/vault",
	"flows":                          ". activities internal/ids internal/vault providers workflows internal/temporalkit",
	"internal/admission":             ". internal/tokens",
	"auth":                           ". internal/admission internal/tokens",
	"internal/authtest":              ". auth",
	"internal/authservice":           ". auth flows internal/accounts internal/ids internal/limits internal/store internal/tokens internal/vault providers workflows",
	"worker":                         ". activities workflows internal/temporalkit",
	"internal/returnto":              "",
	"internal/useragent":             "",
	"internal/wire":                  ".",
	"internal/query":                 ". internal/accounts internal/wire internal/store",
	"internal/render":                ". internal/wire internal/query",
	"internal/apidocs":               "",
	"pages":                          "internal/messages internal/returnto internal/useragent",
	"pages/console":                  "pages",
	"pages/pagestest":                "pages",
	"internal/freeport":              "",
	"internal/httpauth":              ". internal/accounts internal/admission internal/wire internal/store internal/tokens",
	"nexusauth":                      ".",
	"internal/nexusservice":          ". auth flows nexusauth internal/accounts internal/authservice internal/ids internal/limits internal/store internal/tokens internal/vault providers",
	"api":                            ". auth internal/accounts internal/authservice internal/ids internal/vault internal/tokens internal/apidocs internal/httpauth internal/limits internal/query internal/render internal/returnto internal/useragent internal/wire providers flows workflows internal/store internal/trails",
	"internal/apitest":               ".",
	"internal/clocktest":             "",
	"config":                         "internal/returnto",
	"deploy":                         "",
	"internal/embedded":              "",
	"internal/hostguard":             "",
	"internal/telemetry":             "",
	"app":                            "* -cli -cmd/everlatch -internal/embedded -bench -e2e",
	"internal/trails":                ". flows internal/store",
	"internal/doctor":                ". config flows internal/store mail",
	"cli":                            ". app config internal/accounts internal/doctor internal/imports internal/imports/convert internal/imports/medusa internal/trails internal/transfer workflows internal/embedded internal/hostguard internal/keys flows mail pages internal/store internal/telemetry internal/vault",
	"cmd/everlatch":                  "cli",
	"bench":                          "",
	"bench/fill":                     "",
	"e2e":                            "*",
	"e2e/crash":                      "*",
	"e2e/temporalserver":             "",
}

// foreign lists what a package must never import, itself or through ours.
var foreign = map[string][]string{
	".":                    {"github.com/", "go.temporal.io/", "golang.org/"},
	"internal/store":       {"go.temporal.io/", "github.com/labstack/"},
	"internal/vault":       {"go.temporal.io/", "github.com/labstack/"},
	"internal/tokens":      {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"auth":                 {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"nexusauth":            {"go.temporal.io/server", "go.temporal.io/sdk/client", "go.temporal.io/sdk/worker", "github.com/labstack/", "database/sql"},
	"internal/accounts":    {"go.temporal.io/", "github.com/labstack/"},
	"internal/limits":      {"go.temporal.io/", "github.com/labstack/"},
	"providers":            {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"activities":           {"go.temporal.io/sdk/client", "github.com/labstack/"},
	"subscribers":          {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"pages":                {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"pages/console":        {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"mail":                 {"go.temporal.io/", "github.com/labstack/", "database/sql"},
	"internal/outbox":      {"go.temporal.io/", "github.com/labstack/"},
	"workflows":            {"net/http", "database/sql", "go.temporal.io/sdk/client"},
	"api":                  {"go.temporal.io/"},
	"config":               {"github.com/labstack/", "go.temporal.io/server"},
	"worker":               {"github.com/labstack/"},
	"internal/wire":        {"go.temporal.io/", "database/sql"},
	"internal/query":       {"go.temporal.io/", "github.com/labstack/", "net/http"},
	"internal/render":      {"go.temporal.io/", "github.com/labstack/", "net/http"},
	"internal/httpauth":    {"go.temporal.io/", "database/sql"},
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
		if strings.HasPrefix(pkg, "examples/") {
			checkExample(t, pkg, fields[1:])
			continue
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

// checkExample holds an example to what a user of the library may import.
func checkExample(t *testing.T, pkg string, imports []string) {
	t.Helper()
	for _, imported := range imports {
		if strings.HasPrefix(imported, module+"/internal/") {
			t.Errorf("%s must not import %s: its reader cannot", pkg, local(imported))
		}
	}
}

// privateTests are the examples whose tests show a promise with the help of
// internal packages, which a reader need not copy.
var privateTests = []string{
	"examples/manager/own", "examples/authenticate-in-your-own-workflow", "examples/approve-sign-ups",
}

// TestExamplesTestWithPublicPackages checks the imports of the examples' tests.
func TestExamplesTestWithPublicPackages(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f",
		`{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}`, "./examples/...").Output()
	require.NoError(t, err)
	for line := range strings.Lines(strings.TrimSpace(string(out))) {
		fields := strings.Fields(line)
		if pkg := local(fields[0]); !slices.Contains(privateTests, pkg) {
			checkExample(t, pkg, fields[1:])
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
