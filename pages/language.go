package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/everlatch/everlatch/internal/messages"
	"github.com/everlatch/everlatch/internal/useragent"
)

// languages are the messages of all areas.
type languages struct {
	*messages.Catalog
	// byTag has every language of the catalog.
	byTag map[string]*pageLanguage
	// areas are the names of the areas.
	areas []string
}

// pageLanguage is one language of the pages.
type pageLanguage struct {
	*messages.Language
	all *languages
	// rtl says that the script runs from right to left.
	rtl bool
}

// newLanguages reads the messages of areas, and then those of the folder, which take
// precedence and may add languages.
func newLanguages(areas []Area, folder, fallback string) (*languages, error) {
	l := &languages{byTag: map[string]*pageLanguage{}}
	var files []messages.File
	for _, area := range areas {
		l.areas = append(l.areas, area.Name)
		own, err := messages.Glob(area.Files, "messages/"+area.Name+".*.toml")
		if err != nil {
			return nil, fmt.Errorf("messages of %s: %w", area.Name, err)
		}
		files = append(files, own...)
	}
	if folder != "" {
		own, err := messages.Glob(os.DirFS(folder), "messages/*.toml")
		if err != nil {
			return nil, fmt.Errorf("messages of %s: %w", folder, err)
		}
		files = append(files, own...)
	}
	var err error
	if l.Catalog, err = messages.New(files, fallback); err != nil {
		return nil, err
	}
	for _, tag := range l.Tags() {
		of := l.Language(tag)
		l.byTag[tag] = &pageLanguage{Language: of, all: l, rtl: of.Text("base.direction") == "rtl"}
	}
	return l, nil
}

// chooseLanguage returns the language of a visit: that of ?lang=, which the browser then
// keeps, of the cookie, or the best of Accept-Language.
func (v *Visit) chooseLanguage() *pageLanguage {
	l := v.site.languages
	if asked := v.R.URL.Query().Get("lang"); l.byTag[asked] != nil {
		v.setCookie(languageCookie, "/", asked, languageFor)
		return l.byTag[asked]
	}
	if cookie, err := v.R.Cookie(languageCookie); err == nil && l.byTag[cookie.Value] != nil {
		return l.byTag[cookie.Value]
	}
	return l.accepted(v.R)
}

func (l *languages) accepted(r *http.Request) *pageLanguage {
	found := l.Accepted(r.Header.Get("Accept-Language"))
	if found == nil {
		found = l.Fallback()
	}
	return l.byTag[found.Tag()]
}

// text returns a message. An unknown one is its id, which tests find.
func (l *pageLanguage) text(id string, pairs ...any) string {
	if !l.rtl {
		return l.Text(id, pairs...)
	}
	apart := slices.Clone(pairs)
	for i := 1; i < len(apart); i += 2 {
		if value, ok := apart[i].(string); ok {
			apart[i] = l.apart(value)
		}
	}
	return l.Text(id, apart...)
}

// The characters around a text that has a direction of its own (Unicode, UAX #9).
const (
	isolate    = "\u2068"
	isolateEnd = "\u2069"
)

// apart has a text with Latin letters, such as an address or a brand, keep its order within a
// line that runs the other way.
func (l *pageLanguage) apart(text string) string {
	if !l.rtl || !strings.ContainsFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) || strings.Contains(text, isolate) {
		return text
	}
	return isolate + text + isolateEnd
}

// has reports whether a message exists.
func (l *pageLanguage) has(id string) bool { return l.Has(id) }

// device describes a device of the API in the language, such as Firefox unter Linux.
func (l *pageLanguage) device(description string) string {
	return useragent.In(description, func(part string, pairs ...any) string { return l.text("base.device_"+part, pairs...) })
}

// network writes a network, such as 192.0.2.0/24, which has no letters that tell its direction.
func (l *pageLanguage) network(of string) string {
	if !l.rtl || of == "" {
		return of
	}
	return "\u2066" + of + isolateEnd
}

// direction is that of the language's script: ltr or rtl.
func (l *pageLanguage) direction() string { return l.text("base.direction") }

// languageLink is a language that a visitor may choose.
type languageLink struct {
	Tag, Name string
	// Query leads to the same page in this language.
	Query   string
	Current bool
}

func (v *Visit) languageLinks() []languageLink {
	l := v.language.all
	query, tags := v.kept(), l.Tags()
	out := make([]languageLink, len(tags))
	for i, tag := range tags {
		query.Set("lang", tag)
		out[i] = languageLink{tag, l.byTag[tag].text("base.language"), "?" + query.Encode(), tag == v.Language()}
	}
	return out
}

// kept are the parameters of the page, such as what was searched for. Those that work once, and
// more than pages ask for, are not repeated.
func (v *Visit) kept() url.Values {
	query := v.R.URL.Query()
	if len(v.R.URL.RawQuery) > maxKeptQuery || query.Has("code") || query.Has("token") || query.Has("state") {
		return url.Values{}
	}
	return query
}

// maxKeptQuery is in bytes; every language repeats the query.
const maxKeptQuery = 500
