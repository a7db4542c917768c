package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// guideModule is the module that docs/guides/passkeys.md tells its reader to save.
func guideModule(t *testing.T, api string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/guides/passkeys.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "```js\n")
	require.True(t, found)
	module, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	return strings.Replace(module, "http://localhost:9000", api, 1)
}

// passkeyShop is a storefront with the module of the guide, and a Chromium with a device.
type passkeyShop struct {
	browser

	p      *process
	device string
}

// startPasskeyShop serves the page of two shops: one that may use passkeys, and a stranger's.
func startPasskeyShop(t *testing.T) (shop *passkeyShop, stranger string) {
	t.Helper()
	c := startChromium(t)
	var api string
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/passkeys.js" {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, guideModule(t, api))
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>Shop</title><script type="module">window.shop = await import("/passkeys.js"); document.body.append("ready")</script>`)
	})
	own, other := httptest.NewServer(page), httptest.NewServer(page)
	t.Cleanup(own.Close)
	t.Cleanup(other.Close)
	local := func(s *httptest.Server) string { return strings.Replace(s.URL, "127.0.0.1", "localhost", 1) }
	p := startDev(t, devOptions{
		config: "auth:\n  providers: [{resolve: emailpass}, {resolve: passkey}]\n  webauthn:\n    origins: [" + local(own) + "]\n" +
			"compat:\n  customer_email: free\n",
		env: []string{"STORE_CORS=" + local(own) + "," + local(other)},
	})
	api = p.base
	shop = &passkeyShop{browser: browser{c, "ada"}, p: p}
	shop.open(t, local(own))
	shop.await(t, "ready")
	shop.do(t, &shop.device, "authenticator", `{"protocol":"ctap2","transport":"internal","hasResidentKey":true,"hasUserVerification":true,`+
		`"isUserVerified":true,"automaticPresenceSimulation":true}`)
	return shop, local(other)
}

// run calls a function of the guide's module and returns its answer, or what it throws as
// "error".
func (s *passkeyShop) run(t *testing.T, call string) object {
	t.Helper()
	var out object
	text := s.eval(t, `(async () => { try { return JSON.stringify(await shop.`+call+`) } catch (e) { return JSON.stringify({error: e.message}) } })()`)
	require.NoError(t, json.Unmarshal([]byte(text), &out), text)
	return out
}

func (s *passkeyShop) devtools(t *testing.T, into any, method string, params object) {
	t.Helper()
	params["authenticatorId"] = s.device
	raw, err := json.Marshal(params)
	require.NoError(t, err)
	s.do(t, into, "devtools", "WebAuthn."+method, string(raw))
}

// token returns the claims of the token in an answer.
func tokenOf(t *testing.T, answer object) object {
	t.Helper()
	token, ok := answer["token"].(string)
	require.True(t, ok, "%v", answer)
	return claims(t, token)
}

// TestPasskeysInChromium does what docs/guides/passkeys.md says, with Chromium's virtual
// authenticator.
func TestPasskeysInChromium(t *testing.T) {
	t.Parallel()
	s, stranger := startPasskeyShop(t)

	joined := tokenOf(t, s.run(t, `signUp("ada@example.com", {email: "ada@example.com"})`))
	require.Equal(t, "passkey", joined["auth_provider"])
	require.NotEmpty(t, joined["actor_id"])
	require.Contains(t, s.run(t, `signUp("ada@example.com")`), "token", "another account on the same device is another passkey")

	var kept struct {
		Credentials []struct {
			CredentialID string `json:"credentialId"`
			UserHandle   string `json:"userHandle"`
			SignCount    int    `json:"signCount"`
			PrivateKey   string `json:"privateKey"`
			RPID         string `json:"rpId"`
		} `json:"credentials"`
	}
	s.devtools(t, &kept, "getCredentials", object{})
	require.Len(t, kept.Credentials, 2)
	require.Equal(t, "localhost", kept.Credentials[0].RPID)

	answer := s.run(t, `signIn()`)
	signedIn := tokenOf(t, answer)
	require.NotNil(t, signedIn["mfa_challenge_completed_at"], "the device has verified its user: two factors")
	token, _ := answer["token"].(string)
	require.Contains(t, s.run(t, `addPasskey("`+token+`", "Phone")`)["error"], "already registered", "one for each device")

	var second string
	s.do(t, &second, "authenticator", `{"protocol":"ctap2","transport":"usb","hasResidentKey":true,"hasUserVerification":true,`+
		`"isUserVerified":true,"automaticPresenceSimulation":true}`)
	s.devtools(t, nil, "setAutomaticPresenceSimulation", object{"enabled": false}) // the key is touched, the phone is not
	added := s.run(t, `addPasskey("`+token+`", "Key")`)
	require.Contains(t, added, "provider_identity", "%v", added)
	s.devtools(t, nil, "removeVirtualAuthenticator", object{})
	s.device = second
	require.Equal(t, signedIn["auth_identity_id"], tokenOf(t, s.run(t, `signIn()`))["auth_identity_id"], "by either passkey")

	s.oneAnswer(t)
	s.copiedKey(t)

	s.open(t, stranger)
	s.await(t, "ready")
	require.Contains(t, s.run(t, `signIn()`)["error"], "not accepted", "a page of another origin gets nothing")
}

// oneAnswer sends one answer fifty times at once.
func (s *passkeyShop) oneAnswer(t *testing.T) {
	t.Helper()
	begun := s.p.call(t, "POST", "/auth/customer/passkey", object{})
	options, err := json.Marshal(begun.json(t)["options"])
	require.NoError(t, err)
	text := s.eval(t, `(async () => JSON.stringify(await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(`+string(options)+`)})))()`)
	var credential object
	require.NoError(t, json.Unmarshal([]byte(text), &credential))

	var mu sync.Mutex
	tokens := map[string]int{}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			got := s.p.call(t, "POST", "/auth/customer/passkey/callback", object{"credential": credential})
			mu.Lock()
			defer mu.Unlock()
			text, _ := got.json(t)["token"].(string)
			tokens[fmt.Sprint(got.status, " ", text)]++
		})
	}
	wg.Wait()
	require.Len(t, tokens, 1, "one answer, one token")
	credential["authenticatorAttachment"] = "cross-platform-2"
	require.Equal(t, 401, s.p.call(t, "POST", "/auth/customer/passkey/callback", object{"credential": credential}).status, "nor does another request with it count")
}

// copiedKey signs in with a copy of the key.
func (s *passkeyShop) copiedKey(t *testing.T) {
	t.Helper()
	s.rewind(t)
	require.Contains(t, s.run(t, `signIn()`)["error"], "a copy of it may be in use")
	require.Contains(t, s.p.command(t, "event", "list"), "auth.passkey_cloned")
}

// rewind puts a copy of the key with an old counter in the place of the original.
func (s *passkeyShop) rewind(t *testing.T) {
	t.Helper()
	var kept struct {
		Credentials []object `json:"credentials"`
	}
	s.devtools(t, &kept, "getCredentials", object{})
	require.Len(t, kept.Credentials, 1)
	original := kept.Credentials[0]
	s.devtools(t, nil, "removeCredential", object{"credentialId": original["credentialId"]})
	original["signCount"] = 0
	s.devtools(t, nil, "addCredential", object{"credential": original})
}
