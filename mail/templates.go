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

// The HTML layout of all mails, and the name of the template it includes.
const (
	layoutFile  = "layout.html"
	contentName = "content"
)

var contentCall = regexp.MustCompile(`\{\{-?\s*template\s+"` + contentName + `"`)

// templates are all templates of a [Mailer].
type templates struct {
	// layers are the folder's templates, if there is a folder, and the built-in ones.
	layers []layer
	// layout is cloned for each HTML template.
	layout *htmltemplate.Template
}

// layer holds the templates of one folder, by file name without ".txt" or ".html".
type layer struct {
	texts map[string]textTemplate
	pages map[string]*htmltemplate.Template
}

type textTemplate struct{ subject, body *texttemplate.Template }

// loadTemplates reads, parses and executes all templates. Its error lists every
// problem, each with the name of its file.
func loadTemplates(folder string, actorTypes []string) (*templates, error) {
	embedded, err := fs.Sub(builtIn, "templates")
	if err != nil {
		return nil, err // unreachable
	}
	sources := []fs.FS{embedded}
	if folder != "" {
		sources = []fs.FS{os.DirFS(folder), embedded}
	}
	t := &templates{layout: htmltemplate.New(layoutFile).Funcs(functions)}
	var problems []error
	// In reverse, so that the folder's layout replaces the built-in one.
	for _, source := range slices.Backward(sources) {
		problems = append(problems, t.readLayout(source))
	}
	for _, source := range sources {
		l, err := t.readLayer(source, actorTypes)
		t.layers = append(t.layers, l)
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return t, t.tryOut(actorTypes)
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

func (t *templates) readLayer(source fs.FS, actorTypes []string) (layer, error) {
	l := layer{texts: map[string]textTemplate{}, pages: map[string]*htmltemplate.Template{}}
	entries, err := fs.ReadDir(source, ".")
	if err != nil {
		return l, fmt.Errorf("templates: %w", err)
	}
	var problems []error
	for _, entry := range entries {
		file := entry.Name()
		// Skip files of other tools: .gitkeep, and ..data in Kubernetes mounts.
		if file == layoutFile || strings.HasPrefix(file, ".") {
			continue
		}
		if !isTemplateName(file, actorTypes) {
			problems = append(problems, fmt.Errorf(
				"templates: %s is not a template: expected layout.html, or <mail>[.<actor type>].txt or .html, where a mail is one of %s and an actor type one of %s",
				file, strings.Join(templateNames, ", "), strings.Join(actorTypes, ", ")))
			continue
		}
		problems = append(problems, t.readFile(source, file, &l))
	}
	return l, errors.Join(problems...)
}

func isTemplateName(file string, actorTypes []string) bool {
	ext := path.Ext(file)
	stem := strings.TrimSuffix(file, ext)
	if ext != ".txt" && ext != ".html" {
		return false
	}
	return slices.ContainsFunc(templateNames, func(name string) bool {
		actorType, specific := strings.CutPrefix(stem, name+".")
		return stem == name || specific && slices.Contains(actorTypes, actorType)
	})
}

func (t *templates) readFile(source fs.FS, file string, l *layer) error {
	text, err := readTemplate(source, file)
	if err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	if stem, ok := strings.CutSuffix(file, ".txt"); ok {
		l.texts[stem], err = parseText(file, text)
		return err
	}
	page, err := t.parsePage(file, text)
	l.pages[strings.TrimSuffix(file, ".html")] = page
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
	return textTemplate{s, b}, errors.Join(subjectErr, bodyErr)
}
