package mail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	texttemplate "text/template"
)

//go:embed templates
var builtIn embed.FS

// The HTML layout of all mails, the name of the template it includes, and the folder of
// messages, which [LoadLanguages] reads.
const (
	layoutFile     = "layout.html"
	contentName    = "content"
	messagesFolder = "messages"
)

var (
	contentCall = regexp.MustCompile(`\{\{-?\s*template\s+"` + contentName + `"`)
	// messageCall finds templates that are written in messages, and so in every language.
	messageCall = regexp.MustCompile(`\{\{[^{}]*\b(t|rich)\s+["$.(]`)
)

// templates are all templates of a [Mailer].
type templates struct {
	// layers are the folder's templates, if there is a folder, and the built-in ones.
	layers []layer
	// layout is cloned for each HTML template.
	layout     *htmltemplate.Template
	languages  *Languages
	actorTypes []string
}

// layer holds the templates of one folder, by file name without ".txt" or ".html".
type layer struct {
	texts map[string]textTemplate
	pages map[string]pageTemplate
}

// textTemplate is the subject and the text of a mail. language is the only one that it is
// written in, "" if it is written in messages.
type textTemplate struct {
	subject, body *texttemplate.Template
	language      string
}

// pageTemplate is the HTML of a mail, with the same language.
type pageTemplate struct {
	*htmltemplate.Template
	language string
}

// loadTemplates reads, parses and executes all templates. Its error lists every
// problem, each with the name of its file.
func loadTemplates(folder string, actorTypes []string, languages *Languages) (*templates, error) {
	embedded, err := fs.Sub(builtIn, "templates")
	if err != nil {
		return nil, err // unreachable
	}
	sources := []fs.FS{embedded}
	if folder != "" {
		sources = []fs.FS{os.DirFS(folder), embedded}
	}
	t := &templates{layout: htmltemplate.New(layoutFile).Funcs(functions), languages: languages, actorTypes: actorTypes}
	var problems []error
	// In reverse, so that the folder's layout replaces the built-in one.
	for _, source := range slices.Backward(sources) {
		problems = append(problems, t.readLayout(source))
	}
	for _, source := range sources {
		l, err := t.readLayer(source)
		t.layers = append(t.layers, l)
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if folder == "" { // tests have executed the built-in ones
		return t, nil
	}
	return t, t.tryOut()
}

// readLayout parses a folder's layout, if there is one. Definitions that it does
// not replace stay in force.
func (t *templates) readLayout(source fs.FS) error {
	text, err := readTemplate(source, layoutFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !contentCall.MatchString(text) {
		err = fmt.Errorf("templates: %s: {{template %q .}} is missing", layoutFile, contentName)
	}
	if err == nil {
		_, err = t.layout.Parse(text)
	}
	return err
}

func (t *templates) readLayer(source fs.FS) (layer, error) {
	l := layer{texts: map[string]textTemplate{}, pages: map[string]pageTemplate{}}
	entries, err := fs.ReadDir(source, ".")
	if err != nil {
		return l, fmt.Errorf("templates: %w", err)
	}
	var problems []error
	for _, entry := range entries {
		file := entry.Name()
		// Skip files of other tools: .gitkeep, and ..data in Kubernetes mounts.
		if file == layoutFile || file == messagesFolder && entry.IsDir() || strings.HasPrefix(file, ".") {
			continue
		}
		language, ok := t.parseName(file)
		if !ok {
			problems = append(problems, fmt.Errorf(
				"templates: %s is not a template: expected layout.html, or <mail>[.<actor type>][.<language>].txt or .html, where a mail is one of %s, an actor type one of %s, and a language one of %s",
				file, strings.Join(templateNames, ", "), strings.Join(t.actorTypes, ", "), strings.Join(t.languages.Tags(), ", ")))
			continue
		}
		problems = append(problems, t.readFile(source, file, language, &l))
	}
	return l, errors.Join(problems...)
}

// parseName returns the language in the name of a template, "" for none, and reports whether
// it is a name of one.
func (t *templates) parseName(file string) (language string, ok bool) {
	ext := path.Ext(file)
	if ext != ".txt" && ext != ".html" {
		return "", false
	}
	stem := strings.TrimSuffix(file, ext)
	if slices.Contains(templateNames, stem) {
		return "", true
	}
	general, last := cutLast(stem)
	switch {
	case slices.Contains(t.actorTypes, last):
		return "", slices.Contains(templateNames, general)
	case !t.languages.Has(last):
		return "", false
	case slices.Contains(templateNames, general):
		return last, true
	}
	name, actorType := cutLast(general)
	return last, slices.Contains(t.actorTypes, actorType) && slices.Contains(templateNames, name)
}

// cutLast cuts a name at its last dot.
func cutLast(name string) (before, after string) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return name, ""
}

func (t *templates) readFile(source fs.FS, file, language string, l *layer) error {
	text, err := readTemplate(source, file)
	if err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	if language == "" && !messageCall.MatchString(text) {
		language = t.languages.of("").Tag()
	}
	if stem, ok := strings.CutSuffix(file, ".txt"); ok {
		parsed, err := parseText(file, text)
		parsed.language = language
		l.texts[stem] = parsed
		return err
	}
	page, err := t.parsePage(file, text)
	l.pages[strings.TrimSuffix(file, ".html")] = pageTemplate{page, language}
	return err
}

// readTemplate reads a file, without a byte order mark and with "\n" line endings.
func readTemplate(source fs.FS, file string) (string, error) {
	content, err := fs.ReadFile(source, file)
	return strings.ReplaceAll(strings.TrimPrefix(string(content), "\uFEFF"), "\r\n", "\n"), err
}

// parsePage parses the HTML that goes inside the layout.
func (t *templates) parsePage(file, text string) (*htmltemplate.Template, error) {
	if strings.TrimSpace(text) == "" {
		return nil, fmt.Errorf("templates: %s is empty", file)
	}
	page, err := t.layout.Clone()
	if err != nil {
		return nil, err
	}
	content, err := page.New(file).Parse(text)
	if err != nil {
		return nil, err
	}
	_, err = page.AddParseTree(contentName, content.Tree)
	return page, err
}

// parseText parses a subject and a text. They are separated before they are
// executed, so that no value from an event can cross from one into the other.
func parseText(file, text string) (textTemplate, error) {
	first, rest, _ := strings.Cut(text, "\n")
	subject, ok := strings.CutPrefix(first, "Subject:")
	if !ok || strings.TrimSpace(subject) == "" {
		return textTemplate{}, fmt.Errorf("templates: %s: the first line must be: Subject: …", file)
	}
	if blank, _, _ := strings.Cut(rest, "\n"); strings.TrimSpace(blank) != "" || strings.TrimSpace(rest) == "" {
		return textTemplate{}, fmt.Errorf("templates: %s: a blank line and the text must follow the subject", file)
	}
	parse := func(text string) (*texttemplate.Template, error) {
		return texttemplate.New(file).Funcs(functions).Parse(text)
	}
	s, subjectErr := parse(subject)
	// An empty first line stands for the subject, so that errors name the right line.
	b, bodyErr := parse("\n" + rest)
	return textTemplate{subject: s, body: b}, errors.Join(subjectErr, bodyErr)
}
