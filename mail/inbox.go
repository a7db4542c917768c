package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

// InboxPath is where the pages of an [Inbox] are: the list is at this path, as
// JSON at InboxPath + ".json", and one mail is at InboxPath + "/" + its id.
const InboxPath = "/_dev/mail"

// How many mails a list shows by default, and at most with ?limit=.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

// Inbox is a [Sender] for development: it stores mails instead of sending them, and
// shows them as web pages. Anyone who can open the pages can use every link in
// every mail, so it is not for production.
//
// As an [http.Handler] it expects the full path; see [InboxPath].
type Inbox struct {
	box   Box
	now   func() time.Time
	log   *slog.Logger
	mux   *http.ServeMux
	pages *pages
}

var (
	_ Sender       = (*Inbox)(nil)
	_ http.Handler = (*Inbox)(nil)
)

// NewInbox returns an inbox that stores its mails in a box.
func NewInbox(box Box, now func() time.Time, log *slog.Logger) *Inbox {
	i := &Inbox{box: box, now: now, log: log, mux: http.NewServeMux(), pages: newPages()}
	i.mux.HandleFunc("GET "+InboxPath, i.list)
	i.mux.HandleFunc("GET "+InboxPath+".json", i.list)
	i.mux.HandleFunc("DELETE "+InboxPath, i.empty)
	i.mux.HandleFunc("GET "+InboxPath+"/{id}", i.show)
	i.mux.HandleFunc("GET "+InboxPath+"/{id}/html", i.body)
	i.mux.HandleFunc("POST "+InboxPath+"/{id}/read", i.read)
	i.mux.HandleFunc("DELETE "+InboxPath+"/{id}", i.remove)
	return i
}

// Send implements [Sender]. A mail that is already stored is not stored again.
func (i *Inbox) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return everlatch.Permanent(errors.New("this mail cannot be stored"))
	}
	if err := i.box.Keep(ctx, m.ID, i.now().UTC(), raw); err != nil {
		return fmt.Errorf("store the mail: %w", err)
	}
	return nil
}

// ServeHTTP implements [http.Handler].
func (i *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'")
	i.mux.ServeHTTP(w, r)
}

func (i *Inbox) list(w http.ResponseWriter, r *http.Request) {
	limit, ok := readLimit(r.URL.Query().Get("limit"))
	if !ok {
		http.Error(w, "limit must be a number from 1 to "+strconv.Itoa(maxLimit), http.StatusBadRequest)
		return
	}
	query := r.URL.Query()
	to, id, words := query.Get("to"), query.Get("id"), strings.Fields(strings.ToLower(query.Get("q")))
	entries, err := i.entries(r.Context(), limit, func(e entry) bool {
		return (to == "" || strings.EqualFold(e.To, to)) && (id == "" || e.ID == id) && e.has(words)
	})
	switch {
	case err != nil:
		i.fail(w, r, err)
	case wantsJSON(r):
		i.json(w, r, map[string]any{"messages": entries})
	default:
		i.html(w, r, i.pages.list, listPage{Messages: entries, To: to, At: i.now().UTC()})
	}
}

func (i *Inbox) show(w http.ResponseWriter, r *http.Request) {
	e, ok := i.one(w, r)
	switch {
	case !ok:
	case wantsJSON(r):
		i.json(w, r, map[string]any{"message": e})
	default:
		if err := i.box.MarkRead(r.Context(), e.ID); err != nil {
			i.fail(w, r, err)
			return
		}
		i.html(w, r, i.pages.mail, e)
	}
}

// read notes that a mail was opened.
func (i *Inbox) read(w http.ResponseWriter, r *http.Request) {
	if err := i.box.MarkRead(r.Context(), r.PathValue("id")); err != nil {
		i.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (i *Inbox) remove(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if err := i.box.Remove(r.Context(), id); err != nil {
		i.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// body serves the HTML of a mail as it was sent, for the frame on the page of show.
// It runs no script and loads nothing; its links open in a new window.
func (i *Inbox) body(w http.ResponseWriter, r *http.Request) {
	e, ok := i.one(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; "+
		"base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox")
	i.write(w, r, []byte(withBase(e.HTML)))
}

// withBase makes links open outside the frame. The doctype stays first.
func withBase(page string) string {
	const base = `<base target="_blank">`
	if at := strings.Index(page, "<head>"); at >= 0 {
		at += len("<head>")
		return page[:at] + base + page[at:]
	}
	return base + page
}

func (i *Inbox) empty(w http.ResponseWriter, r *http.Request) {
	if err := i.box.Empty(r.Context()); err != nil {
		i.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// one returns the mail that a request names, or answers 404.
func (i *Inbox) one(w http.ResponseWriter, r *http.Request) (entry, bool) {
	id := r.PathValue("id")
	found, err := i.entries(r.Context(), 1, func(e entry) bool { return e.ID == id })
	switch {
	case err != nil:
		i.fail(w, r, err)
	case len(found) == 0:
		http.Error(w, "Mail not found.", http.StatusNotFound)
	default:
		return found[0], true
	}
	return entry{}, false
}

// entries returns the latest wanted mails, at most limit, newest first. A mail that
// cannot be read is skipped and logged.
func (i *Inbox) entries(ctx context.Context, limit int, wanted func(entry) bool) ([]entry, error) {
	kept, err := i.box.Kept(ctx, maxLimit) // the wanted ones may be old
	if err != nil {
		return nil, err
	}
	out := []entry{}
	for _, k := range kept {
		e, err := k.entry()
		if err != nil {
			i.log.WarnContext(ctx, "a mail in the inbox cannot be read", "error", err)
			continue
		}
		if !wanted(e) {
			continue
		}
		e.Links = linksOf(e.Message)
		if out = append(out, e); len(out) == limit {
			break
		}
	}
	return out, nil
}

func readLimit(text string) (int, bool) {
	if text == "" {
		return defaultLimit, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0 && n <= maxLimit
}

func wantsJSON(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, ".json") || strings.Contains(r.Header.Get("Accept"), "application/json")
}

func pathOf(id string) string { return InboxPath + "/" + url.PathEscape(id) }
