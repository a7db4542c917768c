package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// browserTools returns where Node.js and Chromium are, or skips where they, or
// npm's packages of the folder browser and of more folders, are not. CI always
// has them: .ci/run installs them.
func browserTools(t *testing.T, folders ...string) (node, chromium string) {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && chromium == "" {
			chromium = path
		}
	}
	node, _ = exec.LookPath("node")
	installed := true
	for _, folder := range append(folders, "browser") {
		_, err := os.Stat(folder + "/node_modules/.package-lock.json")
		installed = installed && err == nil
	}
	if node != "" && chromium != "" && installed {
		return node, chromium
	}
	needs := "needs Node.js 20 or newer, Chromium, and `npm ci` in e2e/" + strings.Join(append(folders, "browser"), " and e2e/") +
		"; make's targets whose names end in -test do the last"
	require.NotEqual(t, "true", os.Getenv("CI"), "%s %s: CI must not leave it out", t.Name(), needs)
	fmt.Fprintln(os.Stderr, "*** SKIPPED: "+t.Name()+" "+needs+".")
	t.Skip(needs)
	return "", ""
}

// script is a running script of Node.js.
type script struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// startScript starts a script that ends when its input does.
func startScript(t *testing.T, node, path string, args ...string) *script {
	t.Helper()
	dir, name := filepath.Split(path)
	log, err := os.Create(filepath.Join(t.ArtifactDir(), name+".log"))
	require.NoError(t, err)
	t.Cleanup(func() { log.Close() })
	cmd := exec.CommandContext(t.Context(), node, append([]string{name}, args...)...)
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = dir, log, 10*time.Second
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Cancel = in.Close // t.Context ends before the clean-ups
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("log of %s:\n%s", name, text)
		}
	})
	return &script{in: in, out: bufio.NewReader(out)}
}

// read decodes the next line that the script prints.
func (s *script) read(t *testing.T, into any) {
	t.Helper()
	line, err := s.out.ReadBytes('\n')
	require.NoError(t, err, "the script has ended")
	require.NoError(t, json.Unmarshal(line, into), "%s", line)
}

// storefront serves a page with a button for each provider, and the callback
// page.
type storefront struct {
	ActorType, Name, Method string
	API                     string
	url                     string
}

// start serves the page; API is filled in before anybody opens it.
func (s *storefront) start(t *testing.T) {
	t.Helper()
	page, err := template.ParseFiles("browser/storefront.html")
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = page.Execute(w, s) }))
	t.Cleanup(server.Close)
	s.url = server.URL
}

func (s *storefront) callback(provider string) string { return s.url + "/callback/" + provider }

// certified is the other side: the providers, and who has an account there.
type certified struct {
	Providers map[string]struct {
		URL    string `json:"url"`
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	} `json:"providers"`
	People map[string]struct {
		Password string `json:"password"`
		Claims   object `json:"claims"`
	} `json:"people"`
}

// browserWorld is Everlatch between storefronts and certified providers, and
// browsers before it.
type browserWorld struct {
	*process
	certified

	shop, admin *storefront
	chromium    *chromium
}

func startBrowserWorld(t *testing.T) *browserWorld {
	t.Helper()
	node, path := browserTools(t)
	w := &browserWorld{
		shop:  &storefront{ActorType: "customer", Name: "Shop", Method: "GET"},
		admin: &storefront{ActorType: "user", Name: "Admin", Method: "POST"},
	}
	var redirectURIs []string
	for _, s := range []*storefront{w.shop, w.admin} {
		s.start(t)
		redirectURIs = append(redirectURIs, s.callback("google"), s.callback("oidc"))
	}
	startScript(t, node, "browser/provider.mjs", redirectURIs...).read(t, &w.certified)
	w.process = startDev(t, devOptions{config: w.config(), env: []string{"STORE_CORS=" + w.shop.url, "ADMIN_CORS=" + w.admin.url}})
	w.shop.API, w.admin.API = w.base, w.base
	w.chromium = &chromium{script: startScript(t, node, "browser/chromium.mjs", path)}
	return w
}

// config has the shop's page as the default callback URL, and the dashboard's as
// one that a request may name (docs/weak-spots.md#w46).
func (w *browserWorld) config() string {
	google, oidc := w.Providers["google"], w.Providers["oidc"]
	options := func(provider string) string {
		c := w.Providers[provider]
		return fmt.Sprintf(`client_id: %q, client_secret: %q, callback_url: %q, allowed_callback_urls: [%q, %q], allow_private: true`,
			c.ID, c.Secret, w.shop.callback(provider), w.shop.callback(provider), w.admin.callback(provider))
	}
	return fmt.Sprintf(`auth:
  providers:
    - resolve: google
      options: {%s, authorization_endpoint: "%[2]s/auth", token_endpoint: "%[2]s/token", jwks_uri: "%[2]s/jwks"}
    - resolve: oidc
      id: oidc
      options: {%s, issuer: %q, display_name: Certified, claim_mappings: {given_name: given_name, picture: picture}}
http: {auth_methods_per_actor: {customer: [google, oidc], user: [google, oidc]}}
`, options("google"), google.URL, options("oidc"), oidc.URL)
}

// tokenRequest is what came to a provider's token endpoint.
type tokenRequest struct {
	Outcome  string `json:"outcome"`
	URL      string `json:"url"`
	SecretIn string `json:"secret_in"`
}

func (w *browserWorld) exchanges(t *testing.T, provider string) (all []tokenRequest) {
	t.Helper()
	resp, err := httpClient.Get(w.Providers[provider].URL + "/exchanges")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&all))
	return all
}
