package mail

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"time"
)

//go:embed pages
var pageFiles embed.FS

// pages are the pages of an [Inbox].
type pages struct {
	list, mail *template.Template
	// policy allows only the style sheet and the frame that shows a mail.
	policy string
}

// listPage is the data of pages/list.html.
type listPage struct {
	Messages []entry
	// To is the recipient that the list is filtered by; "" shows all mails.
	To string
	At time.Time
}

// newPages parses the embedded pages; a mistake in them shows in the first test.
func newPages() *pages {
	style, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		panic("mail: the style sheet is embedded: " + err.Error()) // unreachable
	}
	shared := template.Must(template.New("").Funcs(template.FuncMap{
		"date":  func(t time.Time) string { return t.UTC().Format("2 January 2006 at 15:04 UTC") },
		"path":  pathOf,
		"clock": func(t time.Time) string { return t.Format("2 Jan 15:04:05") },
		"style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // the style sheet is embedded in this binary
	}).ParseFS(pageFiles, "pages/*.html"))
	sum := sha256.Sum256(style)
	return &pages{
		list: shared.Lookup("list.html"),
		mail: shared.Lookup("mail.html"),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
			"frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
	}
}

func (i *Inbox) html(w http.ResponseWriter, r *http.Request, page *template.Template, data any) {
	var out bytes.Buffer
	if err := page.Execute(&out, data); err != nil {
		i.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", i.pages.policy)
	i.write(w, r, out.Bytes())
}

func (i *Inbox) json(w http.ResponseWriter, r *http.Request, value any) {
	out, err := json.Marshal(value)
	if err != nil {
		i.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	i.write(w, r, out)
}

func (i *Inbox) write(w http.ResponseWriter, r *http.Request, body []byte) {
	if _, err := w.Write(body); err != nil {
		i.log.DebugContext(r.Context(), "the inbox could not write its response", "error", err)
	}
}

// fail answers 500 and logs the error, which the page does not show.
func (i *Inbox) fail(w http.ResponseWriter, r *http.Request, err error) {
	i.log.ErrorContext(r.Context(), "the inbox failed", "error", err)
	http.Error(w, "Something went wrong.", http.StatusInternalServerError)
}
