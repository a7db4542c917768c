package standin

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
)

// refused is the account that stands for a refusal.
const refused = "refuse"

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// ask shows who has an account, each with the address that signs them in.
func (p *provider) ask(w http.ResponseWriter, query url.Values) {
	as := func(id string) string {
		query.Set("as", id)
		return "/authorize?" + query.Encode()
	}
	type choice struct{ Name, Note, Href string }
	var people []choice
	for _, who := range p.People {
		name, _ := who.Claims["name"].(string)
		people = append(people, choice{name, who.Note, as(who.ID)})
	}
	p.show(w, http.StatusOK, map[string]any{"Name": p.Name, "People": people, "No": as(refused)})
}

// stop tells what is wrong with a request that cannot be answered by sending
// anybody back.
func (p *provider) stop(w http.ResponseWriter, problem string) {
	p.show(w, http.StatusBadRequest, map[string]any{"Name": p.Name, "Problem": problem})
}

func (p *provider) show(w http.ResponseWriter, status int, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_ = page.Execute(w, data) // the client may have disconnected
}
