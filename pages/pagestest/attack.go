package pagestest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Attack sends hostile input to pages.
type Attack struct {
	// Languages are those of the visitors: every field gets everything at once in each of
	// them, and one thing at a time in one of them.
	Languages []string
	// Parameters are the names of what pages may read of their URL.
	Parameters []string
	// Blind says that the service answers the same to every input, as a fake does. Then the
	// answer to a form has to have the same structure for hostile input as for harmless.
	Blind bool
	// Faulted gets what is wrong.
	Faulted func(where, what string)

	harmless map[string]*Page
	turn     int
}

// Parameters returns the names that the Go files of a folder read of a request.
func Parameters(tb testing.TB, folder string) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(tb, err)
	var out []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file) //nolint:gosec // of this repository
		require.NoError(tb, err)
		for _, found := range parameter.FindAllStringSubmatch(string(text), -1) {
			out = append(out, found[1])
		}
	}
	require.NotEmpty(tb, out, "%s reads nothing", folder)
	slices.Sort(out)
	return slices.Compact(out)
}

var parameter = regexp.MustCompile(`(?:Get|Has|Value)\("([a-z_]+)"\)`)

// Query gives a page each hostile input in every parameter at once.
func (a *Attack) Query(b *Browser, path string) {
	path, own, _ := strings.Cut(path, "?")
	known, _ := url.ParseQuery(own)
	for _, h := range Hostiles() {
		query := url.Values{}
		for _, name := range append(slices.Sorted(maps.Keys(known)), a.Parameters...) {
			if name != "lang" {
				query.Set(name, h.Value)
			}
		}
		if len(h.Value) > 1000 { // of a URL that servers accept
			for name := range query {
				query.Set(name, h.Value[:1000])
			}
		}
		page := a.visitor(b, "").Open(path + "?" + query.Encode())
		a.report(page, path+" with "+h.Name+" in its query")
	}
}

// Form sends a form of a page that a browser has opened, with each hostile input in each field.
func (a *Attack) Form(b *Browser, page *Page, form Form) {
	for _, field := range form.Fields {
		for _, h := range Hostiles() {
			languages := []string{""}
			if h.Name == "everything" {
				languages = a.Languages
			}
			for _, language := range languages {
				a.send(b, page, form, field, h, a.language(language))
			}
		}
	}
	if len(form.Fields) > 0 {
		where := page.Path + " " + form.Action + " with 1 MB"
		refused := a.submit(a.visitor(b, ""), page, form, form.Fields[0], TooMuch().Value)
		a.report(refused, where)
		if form.Method == post && refused.Status < http.StatusBadRequest {
			a.Faulted(where, fmt.Sprintf("status %d", refused.Status))
		}
	}
}

// Fields posts to a path that no form of a page leads to, with the names that pages know.
func (a *Attack) Fields(b *Browser, path string) {
	for _, h := range Hostiles() {
		sent := url.Values{}
		for _, name := range a.Parameters {
			sent.Set(name, h.Value)
		}
		a.report(a.visitor(b, "").Post(path, sent), path+" with "+h.Name)
	}
}

func (a *Attack) send(b *Browser, page *Page, form Form, field Field, h Hostile, language string) {
	where := fmt.Sprintf("%s %s: %s in %s, %s", page.Path, cmp.Or(form.Action, form.Method), h.Name, field.Name, language)
	got := a.submit(a.visitor(b, language), page, form, field, h.Value)
	a.report(got, where)
	a.keeps(got, page, form, field, where)
	if !utf8.ValidString(h.Value) && got.Status != http.StatusBadRequest {
		a.Faulted(where, fmt.Sprintf("status %d", got.Status))
	}
	if !a.Blind || form.Method != post || h.Name == "much" || !utf8.ValidString(h.Value) {
		return
	}
	key := strings.Join([]string{page.Path, form.Action, form.Method, field.Name, language}, " ")
	want := a.harmless[key]
	if want == nil {
		want = a.submit(a.visitor(b, language), page, form, field, "harmless")
		if a.harmless == nil {
			a.harmless = map[string]*Page{}
		}
		a.harmless[key] = want
	}
	if got.Status != want.Status || got.Path != want.Path {
		a.Faulted(where, fmt.Sprintf("%d at %s, and %d at %s for harmless input", got.Status, got.Path, want.Status, want.Path))
	} else if got.Shape() != want.Shape() {
		a.Faulted(where, "another structure than for harmless input: "+difference(got.Shape(), want.Shape()))
	}
}

// difference is where two texts begin to differ.
func difference(got, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("%.100q, not %.100q", got[max(0, at-20):], want[max(0, at-20):])
}

// submit sends a form with one value in a field, and in all others what a person might send.
func (a *Attack) submit(b *Browser, page *Page, form Form, field Field, value string) *Page {
	values := url.Values{}
	for _, f := range form.Fields {
		if v := f.Plausible(); v != "" {
			values.Set(f.Name, v)
		}
	}
	values.Set(field.Name, value)
	action := cmp.Or(form.Action, page.Path)
	if form.Method == post {
		return b.Post(action, values)
	}
	return b.Open(action + "?" + values.Encode())
}

// keeps makes sure that a form which is shown again has what was sent in its other fields.
func (a *Attack) keeps(got, page *Page, form Form, attacked Field, where string) {
	if form.Method != post || got.Status < http.StatusBadRequest || got.Path != cmp.Or(form.Action, page.Path) {
		return
	}
	for _, shown := range got.Forms() {
		if shown.Action != form.Action || len(shown.Fields) != len(form.Fields) {
			continue
		}
		for i, f := range shown.Fields {
			if f.Name == attacked.Name || f.Secret || f.ReadOnly || f.Type == "button" || f.Type == "checkbox" || f.Type == "radio" {
				continue
			}
			if want := form.Fields[i].Plausible(); f.Name == form.Fields[i].Name && f.Value != want {
				a.Faulted(where, fmt.Sprintf("%s has lost %q, and has %q", f.Name, want, f.Value))
			}
		}
		return
	}
}

func (a *Attack) report(page *Page, where string) {
	for _, fault := range page.Faults() {
		a.Faulted(where, fault)
	}
}

// language returns the next one if none is asked for.
func (a *Attack) language(asked string) string {
	if asked != "" || len(a.Languages) == 0 {
		return asked
	}
	a.turn++
	return a.Languages[a.turn%len(a.Languages)]
}

// visitor is a browser like another one, in a language.
func (a *Attack) visitor(b *Browser, language string) *Browser {
	out := b.Clone()
	out.Header.Set("Accept-Language", a.language(language))
	return out
}

// All attacks the pages of some routes, which are patterns of [http.ServeMux], and all pages
// that they lead to. examples are values of the parts of patterns that are in braces.
func (a *Attack) All(b *Browser, patterns []string, examples map[string][]string) {
	posts := map[string]bool{}
	var start []string
	for _, pattern := range patterns {
		method, path, found := strings.Cut(pattern, " ")
		switch {
		case !found:
		case method == http.MethodPost:
			posts[path] = false
		default:
			start = append(start, filled(path, examples)...)
		}
	}
	slices.Sort(start)
	for _, page := range b.Walk(start) {
		a.Query(b, page.Requested)
		for _, form := range page.Forms() {
			a.Form(b, page, form)
			if form.Method == post {
				note(posts, cmp.Or(form.Action, page.Path))
			}
		}
	}
	for pattern, met := range posts {
		if !met { // what scripts send
			for _, path := range filled(pattern, examples) {
				a.Fields(b, path)
			}
		}
	}
}

// filled returns the paths of a pattern with examples in place of what is in braces.
func filled(pattern string, examples map[string][]string) []string {
	out := []string{strings.TrimSuffix(pattern, "{$}")}
	for name, values := range examples {
		if !strings.Contains(pattern, name) {
			continue
		}
		var more []string
		for _, path := range out {
			for _, value := range values {
				more = append(more, strings.ReplaceAll(path, name, value))
			}
		}
		out = more
	}
	return out
}

// note marks the patterns of a path.
func note(patterns map[string]bool, path string) {
	for pattern := range patterns {
		want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
		same := len(want) == len(got)
		for i := 0; same && i < len(want); i++ {
			same = want[i] == got[i] || strings.HasPrefix(want[i], "{")
		}
		if same {
			patterns[pattern] = true
		}
	}
}
