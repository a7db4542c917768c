package pages

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// english is the language of messages that another one lacks.
const english = "en"

// languages are the messages of all areas.
type languages struct {
	// byTag has every language, tags in the order in which they are offered.
	byTag map[string]*pageLanguage
	tags  []string
	// fallback is for visitors who accept none of them.
	fallback string
	matcher  language.Matcher
	// ids are those of all messages, areas the names of the areas.
	ids   map[string]bool
	areas []string
}

// pageLanguage is one language of the pages.
type pageLanguage struct {
	tag       string
	localizer *i18n.Localizer
	all       *languages
}

// messageFile is one file of messages.
type messageFile struct {
	path    string
	content []byte
}

// newLanguages reads the messages of areas, and then those of the folder, which take
// precedence and may add languages.
func newLanguages(areas []Area, folder, fallback string) (*languages, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	files, err := messageFiles(areas, folder)
	if err != nil {
		return nil, err
	}
	l := &languages{byTag: map[string]*pageLanguage{}, ids: map[string]bool{}}
	for _, area := range areas {
		l.areas = append(l.areas, area.Name)
	}
	found := map[string]bool{english: true}
	for _, file := range files {
		parsed, err := bundle.ParseMessageFileBytes(file.content, file.path)
		if err != nil {
			return nil, fmt.Errorf("messages %s: %w", file.path, err)
		}
		found[parsed.Tag.String()] = true
		for _, m := range parsed.Messages {
			l.ids[m.ID] = true
		}
	}
	l.tags = slices.Sorted(maps.Keys(found))
	l.fallback = cmp.Or(fallback, english)
	if !found[l.fallback] {
		return nil, fmt.Errorf("there are no messages in the default language %q; there are in %s", l.fallback, strings.Join(l.tags, ", "))
	}
	l.match()
	for _, tag := range l.tags {
		l.byTag[tag] = &pageLanguage{tag: tag, localizer: i18n.NewLocalizer(bundle, tag, english), all: l}
	}
	return l, nil
}

// match prepares the choice of a language. The first one is what the rest get.
func (l *languages) match() {
	tags := []language.Tag{language.Make(l.fallback)}
	for _, tag := range l.tags {
		if tag != l.fallback {
			tags = append(tags, language.Make(tag))
		}
	}
	l.matcher = language.NewMatcher(tags)
}

func messageFiles(areas []Area, folder string) (out []messageFile, err error) {
	for _, area := range areas {
		paths, err := fs.Glob(area.Files, "messages/"+area.Name+".*.toml")
		if err != nil {
			return nil, fmt.Errorf("messages of %s: %w", area.Name, err)
		}
		for _, name := range paths {
			content, err := fs.ReadFile(area.Files, name)
			if err != nil {
				return nil, fmt.Errorf("messages %s: %w", name, err)
			}
			out = append(out, messageFile{name, content})
		}
	}
	if folder == "" {
		return out, nil
	}
	own, err := fs.Glob(os.DirFS(folder), "messages/*.toml")
	for _, name := range own {
		content, readErr := fs.ReadFile(os.DirFS(folder), name)
		out, err = append(out, messageFile{path.Base(name), content}), errors.Join(err, readErr)
	}
	return out, err
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
	var known []string // one unknown language would spoil all
	for entry := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		if _, _, err := language.ParseAcceptLanguage(entry); err == nil {
			known = append(known, entry)
		}
	}
	accepted, _, err := language.ParseAcceptLanguage(strings.Join(known, ","))
	if err != nil || len(accepted) == 0 {
		return l.byTag[l.fallback]
	}
	_, index, confidence := l.matcher.Match(accepted...)
	if confidence == language.No || index == 0 {
		return l.byTag[l.fallback]
	}
	others := slices.DeleteFunc(slices.Clone(l.tags), func(tag string) bool { return tag == l.fallback })
	return l.byTag[others[index-1]]
}

// text returns a message. An unknown one is its id, which tests find.
func (l *pageLanguage) text(id string, pairs ...any) string {
	config := &i18n.LocalizeConfig{MessageID: id}
	if len(pairs) > 0 {
		data := make(map[string]any, len(pairs)/2)
		for i := 0; i+1 < len(pairs); i += 2 {
			name := fmt.Sprint(pairs[i])
			data[name] = pairs[i+1]
			if name == "Count" {
				config.PluralCount = pairs[i+1]
			}
		}
		config.TemplateData = data
	}
	text, err := l.localizer.Localize(config)
	if err != nil && text == "" {
		return id
	}
	return text
}

// has reports whether a message exists.
func (l *pageLanguage) has(id string) bool { return l.all.ids[id] }

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
	query := v.kept()
	out := make([]languageLink, len(l.tags))
	for i, tag := range l.tags {
		query.Set("lang", tag)
		out[i] = languageLink{tag, l.byTag[tag].text("base.language"), "?" + query.Encode(), tag == v.language.tag}
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
