package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMedusaDashboard drives the Medusa admin dashboard, as its packages build
// it, with headless Chromium. It lies on an origin of its own, as files do, and
// each person has a browser of their own. Whatever goes wrong behind a page is
// looked at, not only what the page shows.
func TestMedusaDashboard(t *testing.T) {
	t.Parallel()
	w := startDashboard(t)
	for _, tt := range []struct { //nolint:paralleltest // one Chromium
		name string
		run  func(*testing.T)
	}{
		{"sign in", w.signsIn},
		{"wrong password", w.hasAWrongPassword},
		{"every page", w.opensEveryPage},
		{"invite a colleague", w.invitesAColleague},
		{"invited elsewhere", w.acceptsInABrowserOfAColleague},
		{"reset a password", w.resetsAPassword},
		{"change the profile", w.changesTheProfile},
		{"sign out", w.signsOut},
		{"keys and customers", w.keepsKeysAndCustomers},
		{"second factor", w.hasASecondFactor},
	} {
		t.Run(tt.name, tt.run)
	}
}

// dashboard is one service, and the dashboard before it.
type dashboard struct {
	*process

	url      string
	chromium *chromium
}

// backend stands in the files that were built for the address of the service,
// which is not known by then: see dashboard/package.json.
const backend = "http://everlatch.invalid"

func startDashboard(t *testing.T) *dashboard {
	t.Helper()
	const files = "dashboard/.medusa/admin"
	if _, err := os.Stat(files + "/index.html"); err != nil {
		const needs = "needs the Medusa dashboard; make dashboard-test builds it"
		require.NotEqual(t, "true", os.Getenv("CI"), needs)
		fmt.Fprintln(os.Stderr, "*** SKIPPED: "+t.Name()+" "+needs+".")
		t.Skip(needs)
	}
	w := &dashboard{chromium: startChromium(t)}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) { w.serve(out, r, files) }))
	t.Cleanup(server.Close)
	w.url = server.URL + "/app"
	w.process = startDev(t, devOptions{
		config: fmt.Sprintf("mail: {brand: Analytical Engines, urls: {user: %q}}\n", w.url),
		env:    []string{"ADMIN_CORS=" + server.URL},
	})
	w.command(t, "user", "create", "-e", "root@example.com", "-p", password)
	return w
}

// serve answers with a file, and with the page where there is none: the paths
// of a dashboard are its own.
func (w *dashboard) serve(out http.ResponseWriter, r *http.Request, files string) {
	name := filepath.Join(files, filepath.FromSlash(path.Clean("/"+strings.TrimPrefix(r.URL.Path, "/app"))))
	if path.Ext(name) == "" {
		name = files + "/index.html"
	}
	text, err := os.ReadFile(name)
	if err != nil {
		http.NotFound(out, r)
		return
	}
	out.Header().Set("Content-Type", map[string]string{".js": "text/javascript", ".css": "text/css", ".html": "text/html"}[path.Ext(name)])
	_, _ = out.Write(bytes.ReplaceAll(text, []byte(backend), []byte(w.base)))
}

// browser returns a new browser of a user, without cookies.
func (w *dashboard) browser(t *testing.T, who string) browser {
	t.Helper()
	b := browser{w.chromium, strings.TrimPrefix(t.Name(), "TestMedusaDashboard/") + " " + who}
	b.do(t, nil, "resize", "1300", "850")
	return b
}

func (b browser) tap(t *testing.T, selector string) { t.Helper(); b.do(t, nil, "tap", selector) }

// atHome is the page that follows a sign-in.
const atHome = "Your orders will show up here."

// signIn fills the dashboard's form in.
func (b browser) signIn(t *testing.T, email, password string) {
	t.Helper()
	b.do(t, nil, "type", "Email", email)
	b.do(t, nil, "type", "Password", password)
	b.press(t, "Continue with Email")
}

// root is the first administrator, signed in.
func (w *dashboard) root(t *testing.T) browser {
	t.Helper()
	root := w.browser(t, "root")
	root.open(t, w.url+"/login")
	root.signIn(t, "root@example.com", password)
	root.await(t, atHome)
	root.complains(t)
	return root
}

// noCloud is what the dashboard asks for and neither Medusa nor Everlatch lets
// another origin see.
const noCloud = "no answer to GET /cloud/auth"

// madeID is the id of a record in a path.
var madeID = regexp.MustCompile(`\b[a-z]+_[0-9A-HJKMNP-TV-Z]{26}\b`)

// complains looks at what has gone wrong behind the page, beside noCloud.
func (b browser) complains(t *testing.T, about ...string) {
	t.Helper()
	var all []string
	b.do(t, &all, "complaints")
	for i, c := range all {
		all[i] = madeID.ReplaceAllString(c, ":id")
	}
	all = slices.DeleteFunc(all, func(c string) bool { return c == noCloud })
	require.ElementsMatch(t, about, all, b.name)
}

// mailed opens the link of a mail, as the dev inbox shows it, and returns its
// token.
func (w *dashboard) mailed(t *testing.T, b browser, to, event, page string) string {
	t.Helper()
	mail := w.mailTo(t, to, event, 1)
	b.open(t, w.base+"/_dev/mail")
	b.tap(t, fmt.Sprintf("a[href='/_dev/mail/%s']", mail["id"]))
	b.await(t, "Links")
	b.picture(t, "reads the mail")
	link, err := url.Parse(b.eval(t, `document.querySelector("h2 ~ ul a").href`))
	require.NoError(t, err)
	require.Equal(t, w.url+page, link.Scheme+"://"+link.Host+link.Path)
	b.open(t, link.String())
	return link.Query().Get("token")
}
