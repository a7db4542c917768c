package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/githubtest"
)

// TestJavaScriptSDK makes every call of the Medusa JS SDK that is about
// identities, accounts, keys and roles (docs/contract.md#s8), in each of its modes: in Node.js with
// tokens, as a storefront's server does; and on a page of another origin in
// Chromium with tokens and with a session, whose cookies and preflights are real.
func TestJavaScriptSDK(t *testing.T) {
	t.Parallel()
	w := startSDKWorld(t)
	for _, mode := range w.modes(t) { //nolint:paralleltest // one GitHub and one Chromium
		t.Run(mode.name, func(t *testing.T) {
			m := sdkMode{sdkWorld: w, sdkKind: mode, called: map[string]bool{}}
			m.registers(t)
			m.livesSomewhere(t)
			m.verifies(t)
			m.hasSecondFactor(t)
			m.isMailedCodes(t)
			m.forgets(t)
			m.comesFromGithub(t)
			m.isUser(t)
			m.invites(t)
			m.grantsRoles(t)
			m.signsUpAsUser(t)
			m.usesAPIKey(t)
			m.keepsKeys(t)
			m.keepsCustomers(t)
			m.definesRoles(t)
			m.hasForgottenNothing(t)
		})
	}
}

// hasForgottenNothing compares the calls that were made with those that the SDK
// has.
func (m sdkMode) hasForgottenNothing(t *testing.T) {
	t.Helper()
	var offered, left []string
	require.NoError(t, json.Unmarshal(m.sdk(t, "anybody", object{}).must(t, "offers"), &offered))
	require.Greater(t, len(offered), 80)
	for _, call := range offered {
		if !m.called[call] {
			left = append(left, call)
		}
	}
	require.Empty(t, left)
}

// sdkWorld is one service for all modes.
type sdkWorld struct {
	*process

	github      *githubtest.Server
	page        string // where the SDK is loaded in Chromium
	publishable string
	secret      string
}

// sdkKind is a way to run the SDK.
type sdkKind struct {
	name    string
	session bool
	// shop and admin are the auth of the SDK's configuration.
	shop, admin object
	ask         func(t *testing.T, who string, call []any) sdkAnswer
	people      int // whom GitHub knows: one number for each mode
}

// sdkMode is one of them at work.
type sdkMode struct {
	*sdkWorld
	sdkKind

	called map[string]bool
}

func startSDKWorld(t *testing.T) *sdkWorld {
	t.Helper()
	browserTools(t, "sdk")
	w := &sdkWorld{github: newGithub(t), page: servePage(t)}
	w.process = startDev(t, devOptions{
		config: strings.Replace(socialConfig(w.github), "providers:\n", "providers:\n    - {resolve: emailcode, options: {register: true}}\n", 1) + "admin: {sign_up_domains: [example.com], reset_tokens: all}\nrbac: {enabled: true}\n",
		env:    []string{"STORE_CORS=" + w.page, "ADMIN_CORS=" + w.page},
	})
	w.command(t, "user", "create", "-e", "root@example.com", "-p", password)
	root := w.loginUser(t, "root@example.com")
	key := func(kind string) string {
		made := w.call(t, "POST", "/admin/api-keys", object{"type": kind, "title": kind}, bearer(root)...)
		require.Equal(t, 200, made.status, "%s", made.raw)
		return made.str(t, "api_key.token")
	}
	w.publishable, w.secret = key("publishable"), key("secret") // a secret key has the permissions of its owner
	return w
}

// servePage bundles the SDK as a storefront does, and serves it on a page.
func servePage(t *testing.T) string {
	t.Helper()
	bundle := filepath.Join(t.TempDir(), "page.js")
	cmd := exec.CommandContext(t.Context(), "node_modules/.bin/esbuild", "page.mjs", "--bundle", "--format=esm", "--log-level=warning", "--outfile="+bundle)
	cmd.Dir = "sdk"
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, bundle) })
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>SDK</title><script type="module" src="/page.js"></script>`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func (w *sdkWorld) modes(t *testing.T) []sdkKind {
	t.Helper()
	node, _ := browserTools(t, "sdk")
	inNode, c := startScript(t, node, "sdk/node.mjs"), startChromium(t)
	askNode := func(t *testing.T, who string, call []any) (answer sdkAnswer) {
		t.Helper()
		line, err := json.Marshal(append([]any{who}, call...))
		require.NoError(t, err)
		_, err = inNode.in.Write(append(line, '\n'))
		require.NoError(t, err)
		inNode.read(t, &answer)
		return answer
	}
	askPage := func(t *testing.T, who string, call []any) (answer sdkAnswer) {
		t.Helper()
		b := browser{c, t.Name() + " " + who}
		if call[0] == "new" {
			b.open(t, w.page)
		}
		args, err := json.Marshal(append([]any{who}, call...))
		require.NoError(t, err)
		b.do(t, &answer, "eval", "call(..."+string(args)+")")
		return answer
	}
	stored := func(method string) object { return object{"type": "jwt", "jwtTokenStorageMethod": method} }
	session := object{"type": "session"}
	return []sdkKind{
		{name: "jwt in Node", shop: stored("custom"), admin: stored("memory"), ask: askNode, people: 100},
		{name: "jwt in Chromium", shop: stored("local"), admin: stored("session"), ask: askPage, people: 200},
		{name: "session in Chromium", session: true, shop: session, admin: session, ask: askPage, people: 300},
	}
}

// sdkAnswer is what a call of the SDK returns, or throws.
type sdkAnswer struct {
	Value json.RawMessage `json:"value"`
	Error *fetchError     `json:"error"`
}

// fetchError is what applications look at when the SDK throws.
type fetchError struct {
	Name       string `json:"name"`
	Message    string `json:"message"`
	Status     int    `json:"status"`
	StatusText string `json:"statusText"`
}

// sdk is the SDK of one user.
type sdk struct {
	sdkMode

	who string
}

// sdk returns an SDK for a user, with options besides the address.
func (m sdkMode) sdk(t *testing.T, who string, config object) sdk {
	t.Helper()
	config["baseUrl"] = m.base
	if !m.session { // then it sends no cookies, and a storefront tells its browsers apart
		config["globalHeaders"] = object{namesItself[0]: namesItself[1]}
	}
	s := sdk{m, who}
	s.must(t, "new", config)
	return s
}

// shopper has the SDK of a storefront.
func (m sdkMode) shopper(t *testing.T, who string) sdk {
	t.Helper()
	return m.sdk(t, who, object{"auth": m.shop, "publishableKey": m.publishable})
}

// user has the SDK of a tool for administrators.
func (m sdkMode) user(t *testing.T, who string) sdk {
	t.Helper()
	return m.sdk(t, who, object{"auth": m.admin})
}

// must makes a call that goes well.
func (s sdk) must(t *testing.T, call string, args ...any) json.RawMessage {
	t.Helper()
	s.called[call] = true
	answer := s.ask(t, s.who, append([]any{call}, args...))
	require.Nil(t, answer.Error, "%s: %s%v", s.who, call, args)
	return answer.Value
}

// gets is a call whose answer is an object.
func (s sdk) gets(t *testing.T, call string, args ...any) (out object) {
	t.Helper()
	require.NoError(t, json.Unmarshal(s.must(t, call, args...), &out), call)
	return out
}

// at is what an answer has at a place such as customer.addresses.0.id.
func at[T any](t *testing.T, in any, place string) T {
	t.Helper()
	found := in
	for name := range strings.SplitSeq(place, ".") {
		switch v := found.(type) {
		case object:
			found = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			require.NoError(t, err, place)
			require.Less(t, i, len(v), "%s in %v", place, in)
			found = v[i]
		default:
			require.Fail(t, "nothing there", "%s in %v", place, in)
		}
	}
	out, ok := found.(T)
	require.True(t, ok, "%s in %v is %v", place, in, found)
	return out
}

// token is a call whose answer is a token.
func (s sdk) token(t *testing.T, call string, args ...any) (token string) {
	t.Helper()
	require.NoError(t, json.Unmarshal(s.must(t, call, args...), &token), call)
	return token
}

// refused makes a call that throws the error of the answer.
func (s sdk) refused(t *testing.T, status int, message, call string, args ...any) {
	t.Helper()
	answer := s.ask(t, s.who, append([]any{call}, args...))
	want := &fetchError{Name: "FetchError", Status: status, StatusText: http.StatusText(status), Message: message}
	require.Equal(t, want, answer.Error, "%s%v: %s", call, args, answer.Value)
}

// email is an address that each mode has for itself.
func (m sdkMode) email(name string) string { return fmt.Sprintf("%s-%d@example.com", name, m.people) }

// with is the header that carries a token which the SDK does not send by itself.
func with(token string) object { return object{"Authorization": "Bearer " + token} }
