// Package messages holds texts in several languages: those of the hosted pages and of
// mails. A file is TOML, as go-i18n reads it, and is named after its subject and its
// language: signin.de.toml. The key of a message is its id: "signin.title".
//
// The forms of a plural follow the rules of the language (CLDR). Which languages there are is
// decided by the files: a folder of an operator may add one.
package messages

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	"golang.org/x/text/language"
)

// English is the language of messages that another one lacks.
const English = "en"

// File is one file of messages. Its name tells the language.
type File struct {
	Name    string
	Content []byte
}

// Glob reads the files that match a pattern (see [fs.Glob]), by their names without folders.
func Glob(fsys fs.FS, pattern string) (out []File, err error) {
	paths, err := fs.Glob(fsys, pattern)
	for _, name := range paths {
		content, readErr := fs.ReadFile(fsys, name)
		out, err = append(out, File{path.Base(name), content}), errors.Join(err, readErr)
	}
	return out, err
}

// Catalog is the messages of all languages. It is safe for concurrent use.
type Catalog struct {
	byTag map[string]*Language
	// tags are those of the languages, sorted; accepting has the same with the fallback
	// first, as matcher has them.
	tags, accepting []string
	matcher         language.Matcher
	ids             map[string]bool
}

// Language is one language of a [Catalog].
type Language struct {
	tag       string
	localizer *i18n.Localizer
	catalog   *Catalog
}

// New reads files; a message of a later one takes precedence. The fallback is for people who
// accept none of the languages, [English] if empty. The error names the file that is wrong.
func New(files []File, fallback string) (*Catalog, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	c := &Catalog{byTag: map[string]*Language{}, ids: map[string]bool{}}
	found := map[string]bool{English: true}
	for _, file := range files {
		parsed, err := bundle.ParseMessageFileBytes(file.Content, file.Name)
		if err != nil {
			return nil, fmt.Errorf("messages %s: %w", file.Name, err)
		}
		if parsed.Tag == language.Und {
			return nil, fmt.Errorf("messages %s: the name has no language, such as %s.de.toml", file.Name, strings.TrimSuffix(file.Name, ".toml"))
		}
		found[parsed.Tag.String()] = true
		for _, m := range parsed.Messages {
			c.ids[m.ID] = true
		}
	}
	c.tags = slices.Sorted(maps.Keys(found))
	fallback = cmp.Or(fallback, English)
	if !found[fallback] {
		return nil, fmt.Errorf("there are no messages in the default language %q; there are in %s", fallback, strings.Join(c.tags, ", "))
	}
	c.accepting = append([]string{fallback}, slices.DeleteFunc(slices.Clone(c.tags), func(tag string) bool { return tag == fallback })...)
	matched := make([]language.Tag, len(c.accepting))
	for i, tag := range c.accepting {
		matched[i] = language.Make(tag)
		c.byTag[tag] = &Language{tag: tag, localizer: i18n.NewLocalizer(bundle, tag, English), catalog: c}
	}
	c.matcher = language.NewMatcher(matched)
	return c, nil
}

// Tags returns the languages (BCP 47), sorted.
func (c *Catalog) Tags() []string { return slices.Clone(c.tags) }

// Language returns a language by its tag, or nil.
func (c *Catalog) Language(tag string) *Language { return c.byTag[tag] }

// Fallback returns the language of people who accept none.
func (c *Catalog) Fallback() *Language { return c.byTag[c.accepting[0]] }

// maxAccept bounds how much of a header is read, in bytes: matching takes longer the more
// languages it names.
const maxAccept = 256

// Accepted returns the best language for a header Accept-Language (RFC 9110, 12.5.4), or nil
// if it accepts none that there is.
func (c *Catalog) Accepted(header string) *Language {
	if len(header) > maxAccept {
		header = header[:max(strings.LastIndexByte(header[:maxAccept], ','), 0)]
	}
	var known []string // one unknown language would spoil all
	for entry := range strings.SplitSeq(header, ",") {
		if _, _, err := language.ParseAcceptLanguage(entry); err == nil {
			known = append(known, entry)
		}
	}
	accepted, _, err := language.ParseAcceptLanguage(strings.Join(known, ","))
	if err != nil || len(accepted) == 0 {
		return nil
	}
	_, index, confidence := c.matcher.Match(accepted...)
	if confidence == language.No {
		return nil
	}
	return c.byTag[c.accepting[index]]
}

// Tag returns the language's BCP 47 tag, such as "de".
func (l *Language) Tag() string { return l.tag }

// Has reports whether a message exists.
func (l *Language) Has(id string) bool { return l.catalog.ids[id] }

// Text returns a message in which names stand for values, which are given in pairs: "Brand",
// "Shop". The value of "Count" chooses the form of the plural. An unknown message is its id,
// which tests find.
func (l *Language) Text(id string, pairs ...any) string {
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	text, err := l.localize(id, data, nil)
	if err != nil && text == "" {
		return id
	}
	return text
}

// Fill does the same with the values of a map, and with an error for an unknown message and
// for a name without a value.
func (l *Language) Fill(id string, data map[string]any) (string, error) {
	text, err := l.localize(id, data, strict)
	if text != "" { // in English, if the language lacks it
		return text, nil
	}
	if err == nil {
		err = errors.New("it is empty")
	}
	return "", fmt.Errorf("message %s in %s: %w", id, l.tag, err)
}

// strict refuses a name without a value.
var strict = &template.TextParser{Option: "missingkey=error"}

func (l *Language) localize(id string, data map[string]any, parser *template.TextParser) (string, error) {
	config := &i18n.LocalizeConfig{MessageID: id, PluralCount: data["Count"]}
	if parser != nil {
		config.TemplateParser = parser
	}
	if len(data) > 0 {
		config.TemplateData = data
	}
	return l.localizer.Localize(config)
}
