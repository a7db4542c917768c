package pages

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The inbox of a development service, whose routes the API has for programs.
const (
	inboxPath = "/_dev/mail"
	// inboxRefresh is in seconds: mails come while the page is open.
	inboxRefresh = "10"
)

// inboxArea shows the mails that a development service keeps instead of sending them.
func inboxArea() Area {
	return Area{Name: "inbox", Files: embedded, Routes: map[string]Handler{
		"GET " + inboxPath:                   listMails,
		"POST " + inboxPath:                  emptyInbox,
		"GET " + inboxPath + "/{id}":         showMail,
		"POST " + inboxPath + "/{id}/delete": deleteMail,
	}}
}

// keptMail is a mail as the API shows it.
type keptMail struct {
	ID        string    `json:"id"`
	Event     string    `json:"event"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	HTML      string    `json:"html"`
	Links     []string  `json:"links"`
	Unread    bool      `json:"unread"`
	CreatedAt time.Time `json:"created_at"`
}

// Path returns the path of the page of a mail.
func (m keptMail) Path() string { return inboxPath + "/" + url.PathEscape(m.ID) }

// inboxPage is the data of inbox/list.
type inboxPage struct {
	Mails []keptMail
	// Search is what was searched for, and To the recipient that a link has asked for.
	Search, To string
	Unread     int
}

// mails asks the API.
func (v *Visit) mails(query url.Values) ([]keptMail, error) {
	var answer struct {
		Messages []keptMail `json:"messages"`
	}
	err := v.Get(inboxPath+".json?"+query.Encode(), &answer)
	return answer.Messages, err
}

func listMails(v *Visit) error {
	asked := v.R.URL.Query()
	page := inboxPage{Search: asked.Get("q"), To: asked.Get("to")}
	var err error
	if page.Mails, err = v.mails(url.Values{"q": {page.Search}, "to": {page.To}}); err != nil {
		return err
	}
	for _, m := range page.Mails {
		if m.Unread {
			page.Unread++
		}
	}
	if page.Search == "" { // it would be typed into a page that is replaced
		v.W.Header().Set("Refresh", inboxRefresh)
	}
	return v.Show(http.StatusOK, "inbox/list", page)
}

// showMail shows one mail, which is read from then on. Its HTML is in a frame that runs no
// script.
func showMail(v *Visit) error {
	found, err := v.mails(url.Values{"id": {v.R.PathValue("id")}})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errNotFound
	}
	m := found[0]
	if m.Unread {
		if err := v.Post(m.Path()+"/read", nil, nil); err != nil {
			return err
		}
	}
	h := v.W.Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; frame-src 'self'")
	return v.Show(http.StatusOK, "inbox/mail", m)
}

func deleteMail(v *Visit) error {
	if err := v.Delete(inboxPath+"/"+url.PathEscape(v.R.PathValue("id")), nil); err != nil {
		return err
	}
	v.Notice("inbox.deleted", "")
	return v.Redirect(inboxPath)
}

func emptyInbox(v *Visit) error {
	if err := v.Delete(inboxPath, nil); err != nil {
		return err
	}
	v.Notice("inbox.emptied", "")
	return v.Redirect(inboxPath)
}

// forPrograms reports whether a request for the landing page or the inbox comes from a
// program, which the API answers: curl, the JSON of the inbox, a client that deletes.
func forPrograms(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	switch {
	case r.URL.Path == "/":
		return !strings.Contains(accept, "text/html")
	case r.URL.Path == inboxPath || strings.HasPrefix(r.URL.Path, inboxPath+"/"):
		return strings.Contains(accept, "application/json") || r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/read")
	}
	return false
}
