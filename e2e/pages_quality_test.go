package e2e_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	everySetting = flag.Bool("every-setting", false, "look at every page in every setting, for some minutes")
	settingSeed  = flag.Int("setting-seed", 1, "which setting the first page is looked at in")
)

// startHostedPages starts the service, or skips: see browserTools.
func startHostedPages(t *testing.T, config string) *hostedPages {
	t.Helper()
	node, path := browserTools(t)
	h := &hostedPages{process: startDev(t, devOptions{config: config}), sessions: map[string]string{}}
	h.sessions["user"] = h.session(t, h.root(t))
	h.sessions["customer"] = h.session(t, h.signUp(t))
	h.script = startScript(t, node, "browser/pages.mjs", path)
	return h
}

// knownPages are where the search for pages begins, and those to which no link leads.
func knownPages() []hostedPage {
	all := []hostedPage{
		{path: "/"},
		{path: "/ui/stranger", status: http.StatusNotFound},
		{path: "/ui/customer/callback/google?error=access_denied", status: http.StatusUnauthorized},
		{path: "/ui/customer?return_to=" + url.QueryEscape("https://evil.example/"), status: http.StatusBadRequest},
	}
	for _, page := range []string{
		"", "/sign-up", "/forgot", "/code", "/code/enter", "/sign-in-link?token=x", "/confirm-registration?token=x", "/complete", "/sent/reset", "/waiting",
		"/reset-password?token=x", "/verify", "/verify-email?code=x", "/confirm-email?token=x", "/undo-email?token=x", "/not-me?token=x", "/second-factor",
	} {
		all = append(all, hostedPage{path: "/ui/customer" + page})
		if *everySetting && page != "/sign-up" {
			all = append(all, hostedPage{path: "/ui/user" + page})
		}
	}
	all = append(all, hostedPage{path: "/ui/customer/account", as: "customer"}, hostedPage{path: "/console", as: "user"})
	all = append(all, hostedPage{path: "/ui/user"}, hostedPage{path: "/ui/user/invite?token=x"})
	return all
}

// TestFaultyPageInChromium makes sure that the checks see what they look for.
func TestFaultyPageInChromium(t *testing.T) {
	t.Parallel()
	node, path := browserTools(t)
	page, err := os.ReadFile("browser/faulty.html")
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(page)
	}))
	t.Cleanup(server.Close)
	h := &hostedPages{process: &process{base: server.URL}, script: startScript(t, node, "browser/pages.mjs", path)}
	seen := strings.Join(h.look(t, h.order(hostedPage{path: "/"}, settings()[1]))[0].Complaints, "\n")
	for _, fault := range []string{
		"lang is xx, not ar", "dir is , not rtl", "2 elements h1", "no title", "no label for q", "pixels wider than the screen", "base.title",
		"asks http://elsewhere.example", "console: said", "thrown: broken", "404 for /missing.js", "the focus does not show on <a href", "not in the order of the document",
		"axe color-contrast", "axe image-alt", "axe label", "axe tabindex",
	} {
		require.Contains(t, seen, fault)
	}
	hostile := h.order(hostedPage{path: "/", status: http.StatusNotFound}, settings()[0])
	hostile.Hostile = true
	require.Subset(t, h.look(t, hostile)[0].Complaints, []string{"input has become markup", "status 200 instead of 404"})
}

// TestPagesInChromium looks at every page: with axe-core, by the keyboard, at what it asks for
// and how large it is. docs/contributing/pages.md says more.
func TestPagesInChromium(t *testing.T) {
	t.Parallel()
	h := startHostedPages(t, cheapHashes)
	all, known := knownPages(), map[string]bool{}
	for _, page := range all {
		known[page.key()] = true
	}
	for done := 0; done < len(all); { // by rounds, each of the pages that the previous one leads to
		pages := all[done:]
		for i, links := range h.inspect(t, done, pages) {
			all = h.follow(t, all, known, pages[i], links)
		}
		done += len(pages)
	}
	t.Logf("%d pages", len(all))
	h.refuseHostileInput(t, all)
}

// refuseHostileInput gives every page hostile input: Chromium gets every eighth, or all.
func (h *hostedPages) refuseHostileInput(t *testing.T, all []hostedPage) {
	t.Helper()
	var orders []order
	for n, page := range all {
		o := h.staysText(t, n, page)
		if *everySetting || n%8 == *settingSeed%8 {
			orders = append(orders, o)
		}
	}
	for i, got := range h.look(t, orders...) {
		require.Empty(t, got.Complaints, orders[i].URL)
	}
}
