package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// hostedPage is one that TestPagesInChromium looks at.
type hostedPage struct {
	path string
	// as is whose session opens it: "", customer or user.
	as string
	// status is 200 if 0.
	status int
}

// key is the same for pages that differ in an id, in what they search for or in who opens
// them.
func (p hostedPage) key() string {
	path, _, _ := strings.Cut(p.path, "?")
	return someID.ReplaceAllString(path, "*")
}

var someID = regexp.MustCompile(`[a-z]+_[0-9A-Za-z]{20,}|[^/]+@[^/]+|[a-z]+:[^/]+`)

// setting is how a browser of a visitor is set.
type setting struct {
	Script   bool   `json:"script"`
	Width    int    `json:"width"`
	Scheme   string `json:"scheme"`
	Language string `json:"language"`
}

func (s setting) String() string {
	script := "with"
	if !s.Script {
		script = "without"
	}
	return fmt.Sprintf("%s JavaScript, %d px, %s, %s", script, s.Width, s.Scheme, s.Language)
}

// settings are all of them. Any one and the one at the same distance from the end differ in
// everything.
func settings() (all []setting) {
	for _, script := range []bool{true, false} {
		for _, width := range []int{360, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				for _, language := range []string{"en", "ar"} {
					all = append(all, setting{script, width, scheme, language})
				}
			}
		}
	}
	return all
}

// settingsFor are those that the n-th page is looked at in: all of them, or one, so that two
// pages already have every value, and sixteen every combination.
func settingsFor(n int) []setting {
	all := settings()
	if *everySetting {
		return all
	}
	one := (*settingSeed + n/2*5) % len(all)
	if n%2 == 1 {
		one = len(all) - 1 - one
	}
	return all[one : one+1]
}

// cookie is one that the browser has on its first visit.
type cookie struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	URL   string `json:"url"`
}

// order is a line for browser/pages.mjs.
type order struct {
	setting

	URL     string   `json:"url"`
	Cookies []cookie `json:"cookies"`
	Status  int      `json:"status,omitempty"`
	// Hostile says that the URL has input that must stay text, which is all that is asked.
	Hostile bool `json:"hostile,omitempty"`
	// Picture is the file of a screenshot, "" for none; Whole is one of the whole page.
	Picture string `json:"picture,omitempty"`
	Whole   bool   `json:"whole,omitempty"`
}

// looked is its answer.
type looked struct {
	Complaints []string `json:"complaints"`
	Links      []string `json:"links"`
	Path       string   `json:"path"`
	Bytes      int      `json:"bytes"`
	FirstByte  float64  `json:"first_byte"` // ms
}

// hostedPages is a service with a customer, an administrator and something to show, and a
// Chromium that looks at its pages.
type hostedPages struct {
	*process
	*script

	sessions map[string]string
	shots    int
}

// order is one for a page in a setting.
func (h *hostedPages) order(page hostedPage, s setting) order {
	o := order{setting: s, URL: h.base + page.path, Cookies: []cookie{}, Status: page.status}
	if value := h.sessions[page.as]; value != "" {
		o.Cookies = append(o.Cookies, cookie{Name: "connect.sid", Value: value, URL: h.base})
	}
	return o
}

// look gives orders to the browser and returns its answers.
func (h *hostedPages) look(t *testing.T, orders ...order) []looked {
	t.Helper()
	for _, o := range orders {
		line, err := json.Marshal(o)
		require.NoError(t, err)
		_, err = h.in.Write(append(line, '\n'))
		require.NoError(t, err)
	}
	answers := make([]looked, len(orders))
	for i := range answers {
		h.read(t, &answers[i])
	}
	return answers
}

// inspect looks at pages, of which the first one is the n-th of all, in all their settings.
// It returns where each leads.
func (h *hostedPages) inspect(t *testing.T, n int, pages []hostedPage) (links [][]string) {
	t.Helper()
	var orders []order
	var of []int
	for i, page := range pages {
		for _, s := range settingsFor(n + i) {
			o := h.order(page, s)
			o.Picture, o.Whole = filepath.Join(t.ArtifactDir(), fmt.Sprintf("%03d.png", h.shots+len(orders))), true
			orders, of = append(orders, o), append(of, i)
		}
	}
	links = make([][]string, len(pages))
	for i, got := range h.look(t, orders...) {
		page := pages[of[i]]
		t.Logf("%s %s, %s: %d bytes, first byte after %.0f ms, picture %d", page.as, page.path, orders[i].setting, got.Bytes, got.FirstByte, h.shots+i)
		for _, complaint := range got.Complaints {
			t.Errorf("%s %s, %s: %s", page.as, page.path, orders[i].setting, complaint)
		}
		links[of[i]] = append(links[of[i]], got.Links...)
	}
	h.shots += len(orders)
	return links
}

// follow adds the pages that a page leads to, unless one like them is known.
func (h *hostedPages) follow(t *testing.T, all []hostedPage, known map[string]bool, from hostedPage, links []string) []hostedPage {
	t.Helper()
	for _, link := range links {
		next := hostedPage{path: link, as: from.as}
		if known[next.key()] {
			continue
		}
		known[next.key()] = true
		a := h.call(t, http.MethodGet, link, nil, "Accept", "text/html", "Cookie", "connect.sid="+h.sessions[from.as])
		if a.status == http.StatusOK && strings.Contains(string(a.raw), "/ui/static/") {
			all = append(all, next)
		}
	}
	return all
}

// staysText opens a page with hostile input, as a client that reads the answer like a browser.
// It returns an order for Chromium to do the same.
func (h *hostedPages) staysText(t *testing.T, n int, page hostedPage) order {
	t.Helper()
	path, _, _ := strings.Cut(page.path, "?")
	page.path, page.status = path+"?"+hostileQuery(), -1
	a := h.call(t, http.MethodGet, page.path, nil, "Accept", "text/html", "Cookie", "connect.sid="+h.sessions[page.as])
	require.Less(t, a.status, 500, path)
	require.True(t, strings.HasPrefix(a.header.Get("Location")+"/", "/"), "%s leads to %s", path, a.header.Get("Location"))
	root, err := html.Parse(bytes.NewReader(a.raw))
	require.NoError(t, err)
	for node := range root.Descendants() {
		require.NotEqual(t, "img", node.Data, "%s: input has become an element", path)
		for _, attribute := range node.Attr {
			require.NotEqual(t, "onerror", attribute.Key, path)
		}
	}
	o := h.order(page, settingsFor(n)[0])
	o.Script, o.Hostile = true, true
	return o
}

// session is the value of the cookie of a session of an account.
func (p *process) session(t *testing.T, token string) string {
	t.Helper()
	a := p.call(t, http.MethodPost, "/auth/session", nil, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	return cookieValue(a)
}

// hostileInput closes attributes, elements, templates and directions.
const hostileInput = "\"'></title></textarea><img src=x onerror=alert(1)><script>alert(1)</script>{{.}}\u202e"

// hostileQuery has it in every parameter that a page may read.
func hostileQuery() string {
	query := url.Values{}
	for _, name := range []string{
		"q", "email", "token", "code", "state", "error", "error_description", "provider", "method", "return_to", "lang", "name", "status", "id", "offset", "span",
		"attention", "type", "code_challenge", "code_challenge_method", "actor_type", "to", "from", "event", "days",
	} {
		query.Set(name, hostileInput)
	}
	return query.Encode()
}
