package pages

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/everlatch/everlatch/internal/returnto"
)

// Prefix is the path of everything that the pages serve, apart from areas with a path of
// their own, such as the console.
const Prefix = "/ui/"

// maxForm bounds a form, in bytes.
const maxForm = 64 << 10

// Options are the settings of a [Site].
type Options struct {
	// API is the service that the pages call.
	API http.Handler
	// ActorTypes are the names of the actor types that have pages.
	ActorTypes []string
	// Now is the clock, and Log where faults go.
	Now func() time.Time
	Log *slog.Logger

	// PublishableKey returns the key that /store demands, "" for none.
	PublishableKey func(ctx context.Context) string
	// TrustProxy says that a proxy in front reports protocol and host (X-Forwarded-*).
	TrustProxy bool
	// HSTS is how long browsers remember to use https only; 0 says nothing.
	HSTS time.Duration

	// Brand is the name of the service, Logo the URL of its logo, "" for none, and Accent
	// the colour of buttons and links as #rrggbb, "" for the built-in one.
	Brand, Logo, Accent string
	// Language is the language of visitors who accept none of those that exist; "" is
	// English.
	Language string
	// Folder holds templates and messages that replace the built-in ones at the same
	// relative path; "" is none.
	Folder string
	// ReturnTo are the storefronts to which a sign-in may lead back: origins, perhaps with
	// a path.
	ReturnTo []string
	// Inbox is the path of the page with all mails of a development service, "" for none.
	Inbox string
	// Home, if set, shows the landing page of a development service at /.
	Home *Home

	// Blocks are what fills the named blocks of the templates.
	Blocks map[string][]BlockFunc
	// Areas are added to the built-in ones.
	Areas []Area
}

// Area is a set of pages with templates and messages of their own.
type Area struct {
	// Name is the folder of its templates, templates/<name>/, and the first part of the
	// names of its messages and message files, messages/<name>.<language>.toml.
	Name string
	// Files hold both.
	Files fs.FS
	// Routes are its pages, by the patterns of [http.ServeMux].
	Routes map[string]Handler
	// Blocks are the names of blocks that its templates put together. Those that templates
	// name are known.
	Blocks []string
}

// Handler answers one request. An error is shown as a page: a [*RefusalError] of the API with
// its status and its words, everything else as an internal error.
type Handler func(v *Visit) error

// BlockFunc fills a named block of a template with HTML that is safe to show.
type BlockFunc func(ctx context.Context, b Block) (template.HTML, error)

// Block is where a [BlockFunc] is shown.
type Block struct {
	// Name is the name of the block, such as login.after.
	Name string
	// ActorType is that of the page, "" where it has none, and Language its language.
	ActorType, Language string
	// Data depends on the block: docs/guides/brand-and-translate.md lists it.
	Data any
}

// Site serves the pages. It keeps nothing between two requests, so that any process can
// answer the next one.
type Site struct {
	opts Options
	mux  *http.ServeMux
	// elsewhere says that some pages are outside of [Prefix].
	elsewhere bool
	languages *languages
	templates *templates
	static    *static
	headers   headers
	returnTo  returnto.List
	crossSite *http.CrossOriginProtection
	countries countries
}

// New returns a site, or an error that lists everything that is wrong with its options,
// templates and messages.
func New(o Options) (*Site, error) {
	if o.API == nil || o.Now == nil || o.Log == nil {
		return nil, errors.New("pages: API, Now or Log is missing")
	}
	s := &Site{opts: o, mux: http.NewServeMux(), crossSite: http.NewCrossOriginProtection()}
	areas := o.areas()
	accentErr := checkAccent(o.Accent)
	logo, logoErr := imageSource(o.Logo)
	var returnsErr, languagesErr, templatesErr error
	if s.returnTo, returnsErr = returnto.Parse(o.ReturnTo); returnsErr != nil {
		returnsErr = fmt.Errorf("return_to: %w", returnsErr)
	}
	s.static = newStatic(o.Accent)
	s.headers = newHeaders(logo, o.HSTS)
	s.languages, languagesErr = newLanguages(areas, o.Folder, o.Language)
	if languagesErr == nil {
		if s.templates, templatesErr = newTemplates(areas, o.Folder, s.languages); templatesErr == nil {
			templatesErr = s.templates.checkBlocks(o.Blocks)
		}
	}
	if err := errors.Join(accentErr, logoErr, languagesErr, templatesErr, returnsErr); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, area := range areas {
		for pattern, handle := range area.Routes {
			s.mux.Handle(pattern, s.page(handle))
			s.elsewhere = s.elsewhere || !strings.HasPrefix(pattern[strings.LastIndexByte(pattern, ' ')+1:], Prefix)
		}
	}
	s.mux.Handle(Prefix, s.page(notFound))
	return s, nil
}

// areas are the built-in ones and those that are added.
func (o Options) areas() []Area {
	return slices.Concat([]Area{baseArea(), signInArea(), accountArea(), returnArea()}, developmentAreas(o), o.Areas)
}

// Serves reports whether a request is for a page. A path outside of [Prefix] may be one of
// the API for other clients, so it is a page for browsers alone.
func (s *Site) Serves(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, Prefix) {
		return true
	}
	if !s.elsewhere {
		return false // nearly all requests are for the API
	}
	_, pattern := s.mux.Handler(r)
	if pattern == "" {
		return false
	}
	return !forPrograms(r)
}

// hasPage reports whether a path, perhaps with a query, is one of the pages' own routes.
func (s *Site) hasPage(path string) bool {
	u, err := url.Parse(path)
	if err != nil {
		return false
	}
	_, pattern := s.mux.Handler(&http.Request{Method: http.MethodGet, URL: u})
	return pattern != "" && pattern != Prefix
}

// ServeHTTP implements [http.Handler].
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.headers.set(w.Header(), secure(r, s.opts.TrustProxy))
	if strings.HasPrefix(r.URL.Path, staticPath) { // static is no actor type
		s.static.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// page wraps a handler with everything that pages have in common.
func (s *Site) page(handle Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		v := s.visit(w, r)
		if err := s.answer(v, handle); err != nil {
			v.fail(err) //nolint:contextcheck // a visit has the context of its request
		}
	})
}

// answer runs a handler. A panic becomes an error, so that the visitor gets a page and not an
// answer that ends early.
func (s *Site) answer(v *Visit, handle Handler) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	switch {
	case s.fromHere(v.R) != nil:
		return &RefusalError{Status: http.StatusForbidden, Reason: reasonCrossSite}
	case v.ActorType != "" && !slices.Contains(s.opts.ActorTypes, v.ActorType):
		return errNotFound
	case v.R.ParseForm() != nil || !readable(v.R.Form):
		return &RefusalError{Status: http.StatusBadRequest, Reason: reasonForm}
	}
	return handle(v)
}

// readable reports whether all values are UTF-8, which browsers send, because pages are. Others
// would be shown as they are, but passed on with replacements.
func readable(form url.Values) bool {
	for name, values := range form {
		if !utf8.ValidString(name) || slices.ContainsFunc(values, func(value string) bool { return !utf8.ValidString(value) }) {
			return false
		}
	}
	return true
}

// fromHere refuses a form that another site has sent. A proxy in front may have another
// host than the one that this process sees.
func (s *Site) fromHere(r *http.Request) error {
	err := s.crossSite.Check(r)
	host := r.Header.Get("X-Forwarded-Host")
	if err == nil || !s.opts.TrustProxy || host == "" {
		return err
	}
	outside := *r
	outside.Host = host
	return s.crossSite.Check(&outside)
}

func notFound(*Visit) error { return errNotFound }
