package pages

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// shared are the templates that every page uses.
var shared = []string{"layout.html", "parts.html"}

// templates are those of all pages, by the area and the name of the file without its
// extension, such as signin/sign_in.
type templates struct {
	pages map[string]*template.Template
	// ready are clones with the functions of a language: pages has them unexecuted,
	// because a template that was executed cannot be cloned.
	mu    sync.Mutex
	ready map[[2]string]*template.Template
	// blocks are the names of the blocks that pages have.
	blocks map[string]bool
}

// blockName finds the names of blocks in a template.
var blockName = regexp.MustCompile(`\.Block "([^"]+)"`)

// newTemplates parses every page of every area: the shared templates, area.html of the
// area, if it has one, and the page, each from the folder where that has it.
func newTemplates(areas []Area, folder string, l *languages) (*templates, error) {
	t := &templates{pages: map[string]*template.Template{}, ready: map[[2]string]*template.Template{}}
	functions := l.byTag[l.Fallback().Tag()].functions()
	base := template.New("").Funcs(functions)
	t.blocks = map[string]bool{}
	var errs []error
	for _, name := range shared {
		errs = append(errs, t.parse(base, embedded, folder, name))
	}
	for _, area := range areas {
		errs = append(errs, t.addArea(base, area, folder))
	}
	return t, errors.Join(errs...)
}

func (t *templates) addArea(base *template.Template, area Area, folder string) error {
	files, err := fs.Glob(area.Files, "templates/"+area.Name+"/*.html")
	if err != nil {
		return fmt.Errorf("templates of %s: %w", area.Name, err)
	}
	common, err := base.Clone()
	if err != nil {
		return fmt.Errorf("templates of %s: %w", area.Name, err)
	}
	const ofArea = "area.html"
	if _, err := fs.Stat(area.Files, "templates/"+area.Name+"/"+ofArea); err == nil {
		if err := t.parse(common, area.Files, folder, area.Name+"/"+ofArea); err != nil {
			return err
		}
	}
	for _, name := range area.Blocks {
		t.blocks[name] = true
	}
	var errs []error
	for _, file := range files {
		name := path.Base(file)
		if name == ofArea {
			continue
		}
		page, err := common.Clone()
		if err == nil {
			err = t.parse(page, area.Files, folder, area.Name+"/"+name)
		}
		t.pages[area.Name+"/"+strings.TrimSuffix(name, ".html")] = page
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// parse adds a template of the folder, or the built-in one.
func (t *templates) parse(to *template.Template, files fs.FS, folder, name string) error {
	text, err := []byte(nil), fs.ErrNotExist
	if folder != "" {
		text, err = fs.ReadFile(os.DirFS(folder), "templates/"+name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		text, err = fs.ReadFile(files, "templates/"+name)
	}
	if err == nil {
		_, err = to.Parse(string(text))
	}
	for _, found := range blockName.FindAllSubmatch(text, -1) {
		t.blocks[string(found[1])] = true
	}
	return named(name, err)
}

// checkBlocks refuses what would fill blocks that no page has.
func (t *templates) checkBlocks(filled map[string][]BlockFunc) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(filled)) {
		if !t.blocks[name] {
			errs = append(errs, fmt.Errorf("no page has a block %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(t.blocks)), ", ")))
		}
	}
	return errors.Join(errs...)
}

func named(name string, err error) error {
	if err != nil {
		return fmt.Errorf("template %s: %w", name, err)
	}
	return nil
}

// of returns a page in a language.
func (t *templates) of(page string, l *pageLanguage) (*template.Template, error) {
	key := [2]string{page, l.Tag()}
	t.mu.Lock()
	defer t.mu.Unlock()
	if ready := t.ready[key]; ready != nil {
		return ready, nil
	}
	found := t.pages[page]
	if found == nil {
		return nil, fmt.Errorf("there is no page %s", page)
	}
	ready, err := found.Clone()
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", page, err)
	}
	t.ready[key] = ready.Funcs(l.functions())
	return ready, nil
}

// functions are what templates call besides those of package template.
func (l *pageLanguage) functions() template.FuncMap {
	return template.FuncMap{
		"t": l.text, "date": l.date, "moment": l.moment, "number": l.number, "has": l.has, "device": l.device, "wrap": wrap, "icon": icon,
	}
}

// View is what templates see.
type View struct {
	// Data is the page's own.
	Data any
	// Brand and Logo are the service's, StyleSheet and Script the paths of static files.
	Brand, Logo, Icon, StyleSheet, Script string
	// Language and Direction are for the element html, Languages for the choice.
	Language, Direction string
	Languages           []languageLink
	// ActorType is that of the path, and Here the path itself.
	ActorType, Here string
	// Notice says what was done before, Inbox is the path of the mails of dev.
	Notice, Inbox string

	visit *Visit
}

// Path returns the path of a page of the actor type; "" is the sign-in page.
func (v View) Path(page string) string { return v.visit.Path(page) }

// Static returns the path of a static file, such as admin.css.
func (v View) Static(name string) string { return v.visit.site.static.urls[name] }

// Block returns what options of the program put at a place of the page.
func (v View) Block(name string, data ...any) (template.HTML, error) {
	b := Block{Name: name, ActorType: v.ActorType, Language: v.Language}
	if len(data) > 0 {
		b.Data = data[0]
	}
	var out template.HTML
	for _, fill := range v.visit.site.opts.Blocks[name] {
		part, err := fill(v.visit.Context(), b)
		if err != nil {
			return "", fmt.Errorf("block %s: %w", name, err)
		}
		out += part
	}
	return out, nil
}

// Show answers with a page, such as signin/sign_in.
func (v *Visit) Show(status int, page string, data any) error {
	t, err := v.site.templates.of(page, v.language)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "layout", v.view(data)); err != nil {
		return fmt.Errorf("page %s: %w", page, err)
	}
	h := v.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.language.Tag())
	h.Add("Vary", "Accept-Language, Cookie")
	v.W.WriteHeader(status)
	if _, err := v.W.Write(out.Bytes()); err != nil {
		v.site.opts.Log.DebugContext(v.Context(), "page not written", slog.Any("error", err))
	}
	return nil
}

func (v *Visit) view(data any) View {
	s := v.site
	out := View{
		Data: data, Brand: s.opts.Brand, Logo: s.opts.Logo, Icon: s.static.urls["icon.svg"], StyleSheet: s.static.urls[styleSheet], Script: s.static.urls[script],
		Language: v.Language(), Direction: v.language.direction(), Languages: v.languageLinks(),
		ActorType: v.ActorType, Here: v.R.URL.EscapedPath(), Inbox: s.opts.Inbox, visit: v,
	}
	if n := v.takeNotice(); n != nil {
		out.Notice = v.T(n.ID, "Value", n.Value)
	}
	return out
}

// fail shows an error. What is broken is in the log, not on the page.
func (v *Visit) fail(err error) {
	refused, ok := Refused(err)
	if !ok {
		v.site.opts.Log.ErrorContext(v.Context(), "a page failed", slog.String("path", v.R.URL.Path), slog.Any("error", err))
		refused = &RefusalError{Status: http.StatusInternalServerError}
	}
	v.retryAfter(refused)
	if err := v.Show(refused.Status, "base/error", v.explain(refused)); err != nil {
		v.site.opts.Log.ErrorContext(v.Context(), "the error page failed", slog.Any("error", err))
		http.Error(v.W, http.StatusText(refused.Status), refused.Status)
	}
}

func (v *Visit) retryAfter(r *RefusalError) {
	if r.RetryAfter > 0 {
		v.W.Header().Set("Retry-After", strconv.Itoa(int(r.RetryAfter/time.Second)))
	}
}

// wrap lets browsers begin a new line within an address, an id or the name of an event, where
// people would. What follows the underscore of an id is too long to begin one.
func wrap(text any) template.HTML {
	var b strings.Builder
	whole := []rune(said(text))
	for i, r := range whole {
		b.WriteString(template.HTMLEscapeString(string(r)))
		if i+1 < len(whole) && (strings.ContainsRune("@./", r) || r == '_' && (whole[i+1] < '0' || whole[i+1] > '9')) {
			b.WriteString("<wbr>")
		}
	}
	return template.HTML(b.String()) //nolint:gosec // each part is escaped
}

func said(text any) string {
	switch of := text.(type) {
	case string:
		return of
	case *string:
		if of != nil {
			return *of
		}
	}
	return ""
}
