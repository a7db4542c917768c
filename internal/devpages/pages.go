// Package devpages serves the pages that the links in mails lead to while a
// service is developed and has no storefront yet: choose a password, confirm or
// undo a new e-mail address, accept an invite, sign in. They only call the API,
// as a storefront does.
package devpages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

// Path is where the pages are. The base URL of the links in the mails of an actor
// type is Path + "/" + the actor type, after the address of the service.
const Path = "/_dev/pages"

// maxForm bounds a form, in bytes.
const maxForm = 64 << 10

// Pages serve everything below [Path].
type Pages struct {
	// API is the service that the pages call.
	API http.Handler
	// Inbox is the path of the page with all mails, "" for none.
	Inbox string
	// PublishableKey returns the key that /store demands, "" for none.
	PublishableKey func(r *http.Request) string
}

//go:embed page.html style.css
var files embed.FS

var (
	style  = read("style.css")
	page   = template.Must(template.New("").Parse(read("page.html")))
	policy = "default-src 'none'; style-src 'sha256-" + digest(style) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func read(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic("devpages: " + name + " is embedded: " + err.Error()) // unreachable
	}
	return string(text)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// view is what a page shows.
type view struct {
	step

	// Action is where the form is sent, Token or Code what it proves.
	Action, Token, Code string
	Inbox               string
	// Values are what was typed, without passwords.
	Values map[string]string
	// Done says what was done, Refusal why it was not.
	Done, Refusal string
	Style         template.CSS
}

// ServeHTTP implements [http.Handler]. The token of a link stays out of caches
// and of the addresses that other sites see.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	actorType, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Path+"/"), "/")
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	token := r.FormValue("token")
	s, found := stepOf(name, token)
	if !found || actorType == "" {
		http.NotFound(w, r)
		return
	}
	v := view{step: s, Action: r.URL.Path, Token: token, Code: r.FormValue("code"), Inbox: p.Inbox, Style: template.CSS(style)} //nolint:gosec // it is embedded
	if slices.ContainsFunc(s.Fields, func(f field) bool { return f.Name == "code" }) {
		v.Code = "" // the form has a field for it
	}
	browser := browserOf(w, r)
	v.Values = map[string]string{"email": claimsOf(token).Email}
	switch {
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		show(w, http.StatusOK, v)
	case r.Method != http.MethodPost:
		h.Set("Allow", "GET, HEAD, POST")
		http.Error(w, "Method not allowed.", http.StatusMethodNotAllowed)
	case http.NewCrossOriginProtection().Check(r) != nil:
		http.Error(w, "This form was sent by another site.", http.StatusForbidden)
	default:
		p.submit(w, &call{pages: p, request: r, actorType: actorType, token: v.Token, browser: browser}, v)
	}
}

// submit does what the form asks for, and shows the form again where the API
// refuses.
func (p *Pages) submit(w http.ResponseWriter, c *call, v view) {
	status := http.StatusOK
	if err := v.run(c); err != nil {
		refused := refusalIn(err)
		status, v.Refusal = refused.status, refused.message
	} else {
		v.Done = v.success
	}
	for _, f := range v.Fields {
		if f.Type != password {
			v.Values[f.Name] = c.value(f.Name)
		}
	}
	show(w, status, v)
}

func show(w http.ResponseWriter, status int, v view) {
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		http.Error(w, "Something went wrong.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // the browser may be gone
}
