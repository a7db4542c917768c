package pages

import (
	"context"
	"net/http"
	"net/url"
)

// Visit is one request of a visitor, with what a page needs to answer it.
type Visit struct {
	W http.ResponseWriter
	R *http.Request
	// ActorType is that of the path, "" where it has none.
	ActorType string

	site     *Site
	language *pageLanguage
	// pending is what waits from now on, nil where the request has not changed it.
	pending *Pending
}

func (s *Site) visit(w http.ResponseWriter, r *http.Request) *Visit {
	v := &Visit{W: w, R: r, ActorType: r.PathValue("actor_type"), site: s}
	v.language = v.chooseLanguage()
	return v
}

// Context is that of the request.
func (v *Visit) Context() context.Context { return v.R.Context() }

// Value returns a field of the form or, without one, a parameter of the query.
func (v *Visit) Value(name string) string { return v.R.FormValue(name) }

// Path returns the path of a page of the visit's actor type, such as sign-up; "" is the
// sign-in page.
func (v *Visit) Path(page string) string {
	path := Prefix + url.PathEscape(v.ActorType)
	if page == "" {
		return path
	}
	return path + "/" + page
}

// Redirect leads the browser to a page of this service. 303 makes it a GET, so that a form
// is not sent twice.
func (v *Visit) Redirect(path string) error {
	if !ownPath(path) {
		return errNotFound // a mistake in a handler never becomes an open redirect
	}
	http.Redirect(v.W, v.R, path, http.StatusSeeOther) //nolint:gosec // the path is checked above
	return nil
}

// Leave leads the browser to another service. The policy of pages forbids that a form
// leads there, so a page of its own does.
func (v *Visit) Leave(to string) error {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return errNotFound
	}
	return v.Show(http.StatusOK, "base/leave", struct{ URL, Host string }{to, u.Host})
}

// ownPath reports whether a redirect stays on this service. Browsers read a second slash,
// and a backslash like one, as the beginning of a host.
func ownPath(path string) bool {
	if path == "" || path[0] != '/' || len(path) > 1 && (path[1] == '/' || path[1] == '\\') {
		return false
	}
	for _, c := range []byte(path) {
		if c < ' ' || c == 0x7f || c == '\\' {
			return false
		}
	}
	u, err := url.Parse(path)
	return err == nil && u.Host == "" && u.Scheme == ""
}

// T returns a message in the language of the visit. Pairs of names and values fill its
// placeholders; Count chooses the plural form.
func (v *Visit) T(id string, pairs ...any) string { return v.language.text(id, pairs...) }

// Language returns the tag of the language of the visit, such as de.
func (v *Visit) Language() string { return v.language.Tag() }
