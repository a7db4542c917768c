// Package messagestest checks files of messages: that every language is complete, and that
// every message is used and exists.
package messagestest

import (
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

// Languages are those in which every message must exist.
func Languages() []string { return slices.Sorted(maps.Keys(plurals)) }

// pluralForms are the words for them, which no message can have as its name.
var pluralForms = []string{"zero", "one", "two", "few", "many", "other"}

// Forms are the texts of a message by plural form, or the only one under "".
type Forms map[string]string

// Read returns the messages of each language by their id. Files of other kinds are skipped.
func Read(t *testing.T, paths []string) map[string]map[string]Forms {
	t.Helper()
	out := map[string]map[string]Forms{}
	for _, path := range paths {
		if filepath.Ext(path) != ".toml" {
			continue
		}
		parts := strings.Split(filepath.Base(path), ".")
		require.Len(t, parts, 3, path)
		if out[parts[1]] == nil {
			out[parts[1]] = map[string]Forms{}
		}
		var tree map[string]any
		_, err := toml.DecodeFile(path, &tree)
		require.NoError(t, err, path)
		require.Equal(t, []string{parts[0]}, slices.Collect(maps.Keys(tree)), "%s holds the messages of its area", path)
		flatten(t, out[parts[1]], "", tree)
	}
	return out
}

func flatten(t *testing.T, into map[string]Forms, prefix string, tree map[string]any) {
	t.Helper()
	for key, value := range tree {
		id := prefix + key
		switch v := value.(type) {
		case string:
			require.NotContains(t, into, id, "given twice")
			into[id] = Forms{"": v}
		case map[string]any:
			if _, plural := v["other"]; !plural {
				flatten(t, into, id+".", v)
				continue
			}
			forms := Forms{}
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

// Complete checks that every language has every message, with its plural forms and the
// placeholders of the English one.
func Complete(t *testing.T, all map[string]map[string]Forms) {
	t.Helper()
	require.Equal(t, Languages(), slices.Sorted(maps.Keys(all)))
	for tag, texts := range all {
		require.Equal(t, slices.Sorted(maps.Keys(all["en"])), slices.Sorted(maps.Keys(texts)), "the messages in %s", tag)
		for id, forms := range texts {
			plain := all["en"][id][""] != ""
			require.Equal(t, plain, forms[""] != "", "%s in %s: a plural in one language is one in all", id, tag)
			if !plain {
				require.Equal(t, plurals[tag], slices.Sorted(maps.Keys(forms)), "the plural forms of %s in %s", id, tag)
			}
			for form, text := range forms {
				require.NotEmpty(t, text, "%s in %s", id, tag)
				want := placeholders(all["en"][id]["other"] + all["en"][id][""])
				if slices.Contains([]string{"zero", "one", "two"}, form) { // the number may be part of the word
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

// Used checks that code and templates use every message, and only messages that exist.
// isBuilt tells ids that code puts together, other says what looks like an id but is none.
func Used(t *testing.T, paths []string, messages map[string]Forms, isBuilt, other func(id string) bool) {
	t.Helper()
	areas := map[string]bool{}
	for id := range messages {
		area, _, _ := strings.Cut(id, ".")
		areas[area] = true
		require.NotContains(t, pluralForms, id[strings.LastIndexByte(id, '.')+1:], id)
	}
	quoted := regexp.MustCompile(`["\x60]((?:` + strings.Join(slices.Sorted(maps.Keys(areas)), "|") + `)\.[a-z0-9_.]+)["\x60]`)
	used, beginnings := map[string]bool{}, []string{}
	for _, path := range paths {
		if ext := filepath.Ext(path); strings.HasSuffix(path, "_test.go") || !slices.Contains([]string{".go", ".html", ".txt"}, ext) {
			continue
		}
		text, err := os.ReadFile(path) //nolint:gosec // a file of this repository
		require.NoError(t, err)
		for _, found := range quoted.FindAllStringSubmatch(string(text), -1) {
			id := found[1]
			if strings.HasSuffix(id, "_") || strings.HasSuffix(id, ".") { // code puts the rest together
				beginnings = append(beginnings, id)
				continue
			}
			used[id] = true
			if !other(id) {
				require.NotNil(t, messages[id], "%s uses the message %s, which does not exist", path, id)
			}
		}
	}
	for id := range messages {
		built := isBuilt(id) || slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(id, b) })
		require.True(t, used[id] || built, "nothing uses the message %s", id)
	}
}
