package store_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// TestRegexps: a regular expression means on both engines what package regexp says.
func TestRegexps(t *testing.T) {
	t.Parallel()
	texts := []string{
		"ada@example.com", "Ada@Example.net", "bob+shop@mail.example.org", "x", "a\nb", "a]b^c-d\\e", "größe@straße.example", "ÄÖÜ", "\u212a",
		"aaa", "aaaa", "a.b", "(a|b)*", "a{2}", "***:x", "tab\there", " ", "😀 smile", "[:alpha:]", "10%", "under_score", "$^",
	}
	patterns := []string{
		`^ada@`, `(?i)^ADA@EXAMPLE\.COM$`, `@(mail\.)?example\.(com|org)$`, `^.$`, `(?s)a.b`, `a.b`, `\d`, `\w+@\w+`, `[^a-z@.]`, `^[\]\^\-\\a-e]+$`,
		`^a{2,3}$`, `^a{3,}$`, `^a+?$`, `(?:aa)*a$`, `ß`, `(?i)GRÖSSE|größe`, `(?i)k`, `[[:alpha:]]`, `\(a\|b\)\*`, `\*{3}:`, `\t`, `^\s$`, `😀`,
		`[\x{1F600}-\x{1F64F}]`, `^$`, `a||b`, `\$\^`, `a{2}`, `\{2\}`, `%`, `_`, `[^\n]b`, `(a|b|c)+@`, `\Aada`, `com\z`, `(?i)[à-ü]`, `.*`, ``, `\x5b`, `[^\x{80}-\x{10FFFF}]@`, `[[:^ascii:]]`,
	}
	onEachEngine(t, func(t *testing.T, f fixture) {
		names := map[string]string{}
		for _, text := range texts {
			identity := f.identity(t, text)
			names[identity.ID] = text
		}
		for _, pattern := range patterns {
			re := regexp.MustCompile(pattern)
			var want, got []string
			for _, text := range texts {
				if re.MatchString(text) {
					want = append(want, text)
				}
			}
			require.NoError(t, store.CheckRegexp(pattern), pattern)
			found, _, err := f.ProviderIdentities(t.Context(), store.CredentialFilter{
				EntityID: []store.TextTest{{Op: store.Matches, Texts: []string{pattern}}},
			}, store.Page{})
			require.NoError(t, err, pattern)
			for _, p := range found {
				got = append(got, names[p.AuthIdentityID])
			}
			require.ElementsMatch(t, want, got, pattern)
		}
	})
}

// TestRegexpsAreBounded: what needs more than a pass over the text, or much room, is
// refused before a database sees it.
func TestRegexpsAreBounded(t *testing.T) {
	t.Parallel()
	for name, pattern := range map[string]string{
		"broken": `(a`, "a back-reference": `(a)\1`, "a lookahead": `a(?=b)`, "a word boundary": `\bx`, "no word boundary": `\Bx`,
		"a line": `(?m)^x`, "the end of a line": `(?m)x$`, "a repeated anchor": `(^a)*`, "long": strings.Repeat("a", 257),
		"many repetitions": `a{256}`, "nested repetitions": `(a{50}){50}`, "deep": `(((a{9}){9}){9}){9}`, "nothing": `[^\x00-\x{10FFFF}]`,
		"the character 0": "\x00", "the class of 0": `[\x00]`,
	} {
		require.Error(t, store.CheckRegexp(pattern), name)
	}
	onEachEngine(t, func(t *testing.T, f fixture) {
		// The worst of those that pass, on a text that they almost match.
		f.identity(t, strings.Repeat("a", 1000)+"!")
		for _, pattern := range []string{`^(a+)+$`, `^(a|a)*$`, `^(a|aa)+$`, `(.*a){20}$`, `^(a?){100}a{100}$`, strings.Repeat(`(x+x+)+`, 30) + `y`} {
			found, _, err := f.ProviderIdentities(t.Context(), store.CredentialFilter{
				EntityID: []store.TextTest{{Op: store.Matches, Texts: []string{pattern}}},
			}, store.Page{})
			require.NoError(t, err, pattern)
			require.Empty(t, found, pattern)
		}
		found, _, err := f.ProviderIdentities(t.Context(), store.CredentialFilter{
			EntityID: []store.TextTest{{Op: store.Matches, Texts: []string{`(a)\1`}}},
		}, store.Page{})
		require.NoError(t, err)
		require.Empty(t, found, "one that was not checked matches nothing")
	})
}

// TestMetadataArrays tests arrays, whose elements both engines compare by type and value.
func TestMetadataArrays(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		for name, tags := range map[string]any{
			"none": nil, "empty": []any{}, "a": []any{"a"}, "ab": []any{"a", "b"}, "one": []any{1.0, true}, "text": "ab", "object": map[string]any{"a": 1},
		} {
			identity := f.identity(t, name)
			_, err := f.UpdateAppMetadata(t.Context(), []store.AppMetadataChange{{
				IdentityID: identity.ID, Merge: everlatch.Metadata{"tags": tags, "name": name},
				Event: everlatch.Event{ID: "evt_" + name, Name: everlatch.EventIdentityUpdated, AuthIdentityID: identity.ID},
			}})
			require.NoError(t, err)
		}
		for name, tt := range map[string]struct {
			op     store.Op
			values []any
			want   []string
		}{
			"overlaps":              {store.Overlaps, []any{"b", "c"}, []string{"ab"}},
			"overlaps by type":      {store.Overlaps, []any{"1", 1.0}, []string{"one"}},
			"overlaps a boolean":    {store.Overlaps, []any{true}, []string{"one"}},
			"overlaps nothing":      {store.Overlaps, nil, []string{}},
			"contained":             {store.Contained, []any{"a", "c"}, []string{"a", "empty"}},
			"contained in nothing":  {store.Contained, nil, []string{"empty"}},
			"contains":              {store.Contains, []any{"a"}, []string{"a", "ab"}},
			"contains several":      {store.Contains, []any{[]any{"a", "b"}}, []string{"ab"}},
			"no part of a text":     {store.Contains, []any{"b"}, []string{"ab"}},
			"is there":              {store.Present, nil, []string{"empty", "a", "ab", "one", "text", "object"}},
			"is not there":          {store.Absent, nil, []string{"none"}},
			"a regular expression":  {store.Matches, []any{"^a.$"}, []string{"text"}},
			"a number as a pattern": {store.Matches, []any{1.0}, []string{}},
		} {
			found, _, err := f.AuthIdentities(t.Context(), store.IdentityFilter{
				AppMetadata: []store.MetadataTest{{Key: "tags", Op: tt.op, Values: tt.values}},
			}, store.Page{})
			require.NoError(t, err, name)
			got := []string{}
			for _, identity := range found {
				got = append(got, identity.AppMetadata["name"].(string)) //nolint:forcetypeassert // set above
			}
			require.ElementsMatch(t, tt.want, got, name)
		}
	})
}
