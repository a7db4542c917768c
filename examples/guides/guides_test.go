// Package guides_test holds the guides to the programs that they tell about.
package guides_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

const folder = "../../docs/guides"

// guides returns the text of every guide by its name.
func guides(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(folder + "/*.md")
	require.NoError(t, err)
	out := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		out[strings.TrimSuffix(filepath.Base(file), ".md")] = string(text)
	}
	require.Contains(t, out, "README")
	return out
}

// settings returns the configurations in a guide: blocks of YAML, and files
// that a shell writes.
func settings(text string) []string {
	out := blocks(text, "yaml")
	for _, m := range regexp.MustCompile(`(?s)\.yaml <<EOF\n(.*?)\nEOF`).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// blocks returns the code of a language in a guide.
func blocks(text, language string) []string {
	var out []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// plain is code without what a reader need not see: the directions to the
// linter, and how far it is indented.
func plain(code string) string {
	code = regexp.MustCompile(`(?m)^\s+|\s*//nolint:.*$|\s+$`).ReplaceAllString(code, "")
	return regexp.MustCompile(`[ \t]+`).ReplaceAllString(code, " ")
}

// programs are the folders of a guide's programs: one of the same name, where
// nothing else is said.
func programs(guide string) []string {
	switch guide {
	case "create-an-auth-provider":
		return []string{"provider-credentials", "provider-redirect"}
	case "create-an-actor-type":
		return []string{"manager", "manager/table"}
	case "call-the-service-from-go":
		return []string{"call-the-service-from-go", "call-the-service-from-go/shop"}
	case "embed-storefront":
		return []string{"storefront"}
	case "extend-with-your-own-routes":
		return []string{"manager", "manager/own"}
	default:
		return []string{guide}
	}
}

// withoutProgram are what has none: the list of guides, the reference whose
// tables package app makes, the requests that package e2e plays, and the
// dashboard that it drives, and the file format that the tests of package cli read.
var withoutProgram = []string{
	"README", "change-an-email-address", "limits", "provider-options", "roles-and-permissions", "several-ways-to-sign-in",
	"medusa-admin-dashboard", "mfa-in-a-storefront", "passkeys", "sessions", "verify-an-email", "magic-link", "move-to-everlatch",
	"move-from-medusa", "move-from-other-systems", "brand-and-translate", "hosted-pages", "console",
}

// source is all code of some folders.
func source(t *testing.T, folders []string) string {
	t.Helper()
	var out strings.Builder
	for _, folder := range folders {
		for _, pattern := range []string{"*.go", "*.js", "web/*.js"} {
			files, err := filepath.Glob(filepath.Join("..", folder, pattern))
			require.NoError(t, err)
			for _, file := range files {
				code, err := os.ReadFile(file)
				require.NoError(t, err)
				out.WriteString(plain(string(code)) + "\n")
			}
		}
	}
	return out.String()
}

// Every guide has a program, and shows code that is in it.
func TestGuidesShowTheirPrograms(t *testing.T) {
	t.Parallel()

	for name, text := range guides(t) {
		if slices.Contains(withoutProgram, name) {
			continue
		}
		program := source(t, programs(name))
		require.NotEmpty(t, program, "guide %s has no program", name)
		shown := append(blocks(text, "go"), blocks(text, "js")...)
		require.NotEmpty(t, shown, name)
		for _, block := range shown {
			for part := range strings.SplitSeq(block, "\n\n") { // what lies between may be left out
				require.Contains(t, program, plain(part), "guide %s", name)
			}
		}
	}
}

// The settings that guides show are ones that the service accepts.
func TestGuidesShowSettingsThatWork(t *testing.T) {
	t.Parallel()

	checked := map[string]bool{}
	for name, text := range guides(t) {
		for _, block := range settings(text) {
			file := filepath.Join(t.TempDir(), "everlatch.yaml")
			require.NoError(t, os.WriteFile(file, []byte(block), 0o600))

			cfg, err := config.Load(config.Sources{File: file})

			require.NoError(t, err, "guide %s:\n%s", name, block)
			checked[name] = true
			if regexp.MustCompile(`(?m)^\s*providers:`).MatchString(block) {
				require.NoError(t, start(t, cfg), "guide %s:\n%s", name, block)
				checked[name+", providers"] = true
			}
		}
	}
	require.Len(t, checked, 11+2*8)
}

// start makes a service of a configuration, which checks the options of its
// providers, and ends it.
func start(t *testing.T, cfg config.Config) error {
	t.Helper()
	require.NoError(t, cfg.Generate(""))
	cfg.Database.URL = config.URL("sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"))
	cfg.Temporal.Address = "127.0.0.1:1" // which is never called
	a, err := app.New(t.Context(), cfg, app.WithMigrations(), app.WithParts(app.API))
	if err != nil {
		return err
	}
	return a.Close()
}

// A configuration that lies beside a program is one that its guide shows.
func TestGuidesShowTheirSettings(t *testing.T) {
	t.Parallel()

	files, err := filepath.Glob("../*/everlatch.yaml")
	require.NoError(t, err)
	require.Len(t, files, 5)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		name := filepath.Base(filepath.Dir(file))

		var shown []string
		for _, block := range settings(guides(t)[name]) {
			shown = append(shown, strings.TrimSpace(block))
		}

		withoutHead := regexp.MustCompile(`^(#.*\n)+`).ReplaceAllString(string(text), "")
		require.Contains(t, shown, strings.TrimSpace(withoutHead), file)
	}
}

// What the reference says about options that are wrong is what is said.
func TestTheReferenceShowsWhatIsSaid(t *testing.T) {
	t.Parallel()

	text := guides(t)["provider-options"]
	m := regexp.MustCompile(`(?s)wrong\.yaml <<END\n(.*?\n)END\n\$ go run [^\n]*\neverlatch: (.*?)\n` + "```").FindStringSubmatch(text)
	require.NotNil(t, m)
	file := filepath.Join(t.TempDir(), "everlatch.yaml")
	require.NoError(t, os.WriteFile(file, []byte(m[1]), 0o600))
	cfg, err := config.Load(config.Sources{File: file})
	require.NoError(t, err)

	require.EqualError(t, start(t, cfg), m[2])
}

// Each guide, and the README, has persons of its own: one can be followed after the
// other without "already exists".
func TestGuidesHaveTheirOwnPersons(t *testing.T) {
	t.Parallel()

	texts := guides(t)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	texts["the README of the project"] = string(readme)
	in := map[string]string{}
	for name, text := range texts {
		for _, address := range regexp.MustCompile(`[a-z]+@(?:[a-z]+\.)?example(?:\.com)?`).FindAllString(text, -1) {
			if other, taken := in[address]; taken {
				require.Equal(t, other, name, "%s is in two guides", address)
			}
			in[address] = name
		}
	}
	require.Greater(t, len(in), 15)
}

// What a guide links to is there.
func TestGuidesLinkToWhatIsThere(t *testing.T) {
	t.Parallel()

	for name, text := range guides(t) {
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`).FindAllStringSubmatch(text, -1) {
			require.FileExists(t, filepath.Join(folder, m[1]), "guide %s", name)
		}
	}
}

// A program on cli.Main is short: its main.go has at most 40 lines of code, and
// that of the README's at most 25 lines in all.
func TestProgramsAreShort(t *testing.T) {
	t.Parallel()

	files, err := filepath.Glob("../*/main.go")
	require.NoError(t, err)
	checked := 0
	for _, file := range append(files, "../manager/own/main.go") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if !strings.Contains(string(text), "cli.Main(") {
			continue // a shop, or a stand-in for another service
		}
		checked++
		_, body, found := strings.Cut(string(text), "\n)\n")
		require.True(t, found, "%s imports nothing", file)
		code := regexp.MustCompile(`(?m)^\s*(//.*)?\n`).ReplaceAllString(body, "")
		require.LessOrEqual(t, strings.Count(code, "\n"), 40, file)
		if strings.Contains(file, "/library/") {
			require.LessOrEqual(t, strings.Count(string(text), "\n"), 25, file)
		}
	}
	require.GreaterOrEqual(t, checked, 9)
}

// The README shows a whole program, which compiles as examples/library.
func TestReadmeShowsAProgram(t *testing.T) {
	t.Parallel()

	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	program, err := os.ReadFile("../library/main.go")
	require.NoError(t, err)
	_, program, found := bytes.Cut(program, []byte("\n"))
	require.True(t, found)

	require.Contains(t, blocks(string(readme), "go"), string(program))
}
