package pages_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/require"
)

// plurals are the plural forms that each language has (CLDR, for whole numbers).
var plurals = map[string][]string{
	"en": {"one", "other"}, "de": {"one", "other"}, "fr": {"many", "one", "other"}, "es": {"many", "one", "other"},
	"pl": {"few", "many", "one", "other"}, "ja": {"other"}, "ar": {"few", "many", "one", "other", "two", "zero"},
}

// pluralForms are the words for them, which no message can have as its name.
var pluralForms = []string{"zero", "one", "two", "few", "many", "other"}

// sources are the folders with code, templates and messages: areas in packages of their own
// included.
func sources(t *testing.T) []string {
	t.Helper()
	var out []string
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	}))
	return out
}

// messagesOf are the messages of each language by their id: a text, or one for each plural form.
func messagesOf(t *testing.T) map[string]map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]map[string]string{}
	for _, path := range sources(t) {
		if filepath.Ext(path) != ".toml" {
			continue
		}
		parts := strings.Split(filepath.Base(path), ".")
		require.Len(t, parts, 3, path)
		if out[parts[1]] == nil {
			out[parts[1]] = map[string]map[string]string{}
		}
		var tree map[string]any
		_, err := toml.DecodeFile(path, &tree)
		require.NoError(t, err, path)
		require.Equal(t, []string{parts[0]}, slices.Collect(maps.Keys(tree)), "%s holds the messages of its area", path)
		flatten(t, out[parts[1]], "", tree)
	}
	return out
}

func flatten(t *testing.T, into map[string]map[string]string, prefix string, tree map[string]any) {
	t.Helper()
	for key, value := range tree {
		id := prefix + key
		switch v := value.(type) {
		case string:
			require.NotContains(t, into, id, "given twice")
			into[id] = map[string]string{"": v}
		case map[string]any:
			if _, plural := v["other"]; !plural {
				flatten(t, into, id+".", v)
				continue
			}
			forms := map[string]string{}
			for form, text := range v {
				forms[form], _ = text.(string)
			}
			require.NotContains(t, into, id, "given twice")
			into[id] = forms
		default:
			require.Failf(t, "not a message", "%s is a %T", id, value)
		}
	}
}

func TestEveryLanguageIsComplete(t *testing.T) {
	t.Parallel()

	all := messagesOf(t)
	require.Equal(t, everyLanguage, slices.Sorted(maps.Keys(all)))
	for _, tag := range everyLanguage {
		require.Equal(t, slices.Sorted(maps.Keys(all["en"])), slices.Sorted(maps.Keys(all[tag])), "the messages in %s", tag)
		for id, forms := range all[tag] {
			plain := all["en"][id][""] != ""
			require.Equal(t, plain, forms[""] != "", "%s in %s: a plural in one language is one in all", id, tag)
			if !plain {
				require.Equal(t, plurals[tag], slices.Sorted(maps.Keys(forms)), "the plural forms of %s in %s", id, tag)
			}
			for form, text := range forms {
				require.NotEmpty(t, text, "%s in %s", id, tag)
				want := placeholders(all["en"][id]["other"] + all["en"][id][""])
				if slices.Contains([]string{"one", "two"}, form) { // the number may be part of the word
					require.Subset(t, want, placeholders(text), "%s in %s", id, tag)
					continue
				}
				require.Equal(t, want, placeholders(text), "the placeholders of %s in %s", id, tag)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\{\{.*?\}\}`)

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// builtIDs are the beginnings of ids that code puts together.
var builtIDs = regexp.MustCompile(`^\w+\.refusal\.|^base\.(month|error)_\d|^base\.error_other$`)

func TestEveryMessageIsUsedAndExists(t *testing.T) {
	t.Parallel()

	english := messagesOf(t)["en"]
	areas := map[string]bool{}
	for id := range english {
		area, _, _ := strings.Cut(id, ".")
		areas[area] = true
		require.NotContains(t, pluralForms, id[strings.LastIndexByte(id, '.')+1:], id)
	}
	quoted := regexp.MustCompile(`["\x60]((?:` + strings.Join(slices.Sorted(maps.Keys(areas)), "|") + `)\.[a-z0-9_.]+)["\x60]`)
	used, beginnings := map[string]bool{}, []string{}
	for _, path := range sources(t) {
		if ext := filepath.Ext(path); strings.HasSuffix(path, "_test.go") || ext != ".go" && ext != ".html" {
			continue
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, found := range quoted.FindAllStringSubmatch(string(text), -1) {
			id := found[1]
			if strings.HasSuffix(id, "_") || strings.HasSuffix(id, ".") { // code puts the rest together
				beginnings = append(beginnings, id)
				continue
			}
			used[id] = true
			if !isFile(id) {
				require.Contains(t, english, id, "%s uses a message that does not exist", path)
			}
		}
	}
	for id := range english {
		built := builtIDs.MatchString(id) || slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(id, b) })
		require.True(t, used[id] || built, "no page uses the message %s", id)
	}
}

// isFile tells names of files and of blocks from messages.
func isFile(id string) bool {
	return strings.HasSuffix(id, ".html") || regexp.MustCompile(`\.(before|after)$`).MatchString(id)
}
