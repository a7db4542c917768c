// Package guides_test holds the guides to the programs that they tell about.
package guides_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
	if guide == "create-an-auth-provider" {
		return []string{"provider-credentials", "provider-redirect"}
	}
	return []string{guide}
}

// Every guide has a program, and shows code that is in it.
func TestGuidesShowTheirPrograms(t *testing.T) {
	t.Parallel()

	for name, text := range guides(t) {
		if name == "README" {
			continue
		}
		var sources []string
		for _, folder := range programs(name) {
			files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
			require.NoError(t, err)
			sources = append(sources, files...)
		}
		require.NotEmpty(t, sources, "guide %s has no program", name)
		var program strings.Builder
		for _, file := range sources {
			code, err := os.ReadFile(file)
			require.NoError(t, err)
			program.WriteString(plain(string(code)) + "\n")
		}
		shown := blocks(text, "go")
		require.NotEmpty(t, shown, name)
		for _, block := range shown {
			for part := range strings.SplitSeq(block, "\n\n") { // what lies between may be left out
				require.Contains(t, program.String(), plain(part), "guide %s", name)
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
			block = strings.ReplaceAll(block, "$WEBHOOK_SECRET", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
			file := filepath.Join(t.TempDir(), "everlatch.yaml")
			require.NoError(t, os.WriteFile(file, []byte(block), 0o600))

			_, err := config.Load(config.Sources{File: file})

			require.NoError(t, err, "guide %s:\n%s", name, block)
			checked[name] = true
		}
	}
	require.Len(t, checked, 3)
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
