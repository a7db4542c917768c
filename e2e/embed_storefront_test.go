package e2e_test

import (
	"context"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/freeport"
)

// startStorefront serves examples/storefront beside a dev service, and returns both. The
// JS SDK is the one of e2e/sdk, which has the same version.
func startStorefront(t *testing.T) (p *process, shop string) {
	t.Helper()
	free := freeport.Addresses(t, 1)
	shop = "http://" + strings.Replace(free[0], "127.0.0.1", "localhost", 1)
	p = startDev(t, devOptions{config: cheapHashes, env: []string{"STORE_CORS=" + shop}})
	bundle := filepath.Join(t.TempDir(), "medusa.js")
	esbuild := exec.CommandContext(t.Context(), "node_modules/.bin/esbuild", "../../examples/storefront/sdk.mjs", "--bundle", "--format=esm", "--log-level=warning",
		"--alias:@medusajs/js-sdk=./node_modules/@medusajs/js-sdk", "--outfile="+bundle)
	esbuild.Dir = "sdk"
	out, err := esbuild.CombinedOutput()
	require.NoError(t, err, "%s", out)

	cmd := exec.CommandContext(context.Background(), buildExample(t, "storefront"),
		"--http", free[0], "--api", strings.Replace(p.base, "127.0.0.1", "localhost", 1), "--folder", "../examples/storefront", "--sdk", bundle)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		answer, err := httpClient.Get(shop)
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, waitFor, tick)
	return p, shop
}

// TestStorefrontsOwnFormsInChromium signs up, in and out, and in with a second factor, on
// the forms of the demo storefront.
func TestStorefrontsOwnFormsInChromium(t *testing.T) {
	t.Parallel()
	c := startChromium(t, "sdk")
	p, shop := startStorefront(t)
	b := browser{c, "own forms"}
	b.open(t, shop)
	b.await(t, "Hosted pages")
	b.do(t, nil, "tap", `[role=tab] >> text="Sign up"`)
	for label, value := range map[string]string{"First name": "Ada", "Last name": "Lovelace", "Email": "ada@example.com", "Password": password} {
		b.do(t, nil, "fill", label, value)
	}
	b.picture(t, "sign up")
	b.click(t, "Create account")
	b.await(t, "Hello, Ada")
	b.picture(t, "signed in")
	b.click(t, "Sign out")
	signsIn := func(with string) {
		t.Helper()
		b.await(t, "The shop's own forms")
		b.do(t, nil, "fill", "Email", "ada@example.com")
		b.do(t, nil, "fill", "Password", with)
		b.click(t, "Sign in")
	}
	signsIn("wrong")
	b.await(t, "Invalid email or password")
	signsIn(password)
	b.await(t, "Hello, Ada")
	b.click(t, "Sign out")

	token := p.call(t, "POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": password}).str(t, "token")
	_, secret := p.enables(t, token)
	signsIn(password)
	b.await(t, "Enter the code from your authenticator app.")
	b.do(t, nil, "fill", "Code", totpCode(t, secret, 1))
	b.click(t, "Continue")
	b.await(t, "Hello, Ada")
	b.click(t, "Sign out")

	b.do(t, nil, "tap", `[role=tab] >> text="Reset"`)
	b.do(t, nil, "fill", "Email", "ada@example.com")
	b.click(t, "Send me a link")
	b.await(t, "a link is on its way")
	p.mailTo(t, "ada@example.com", "auth.password_reset", 1)
}

// TestStorefrontWithHostedPagesInChromium signs in on the hosted pages and returns to the
// demo storefront with a code: first with a password, then as the account that the browser
// is signed in to, which is asked before.
func TestStorefrontWithHostedPagesInChromium(t *testing.T) {
	t.Parallel()
	c := startChromium(t, "sdk")
	p, shop := startStorefront(t)
	registered := p.call(t, "POST", "/auth/customer/emailpass/register", object{
		"email": "grace@example.com", "password": password, "actor": object{"first_name": "Grace"},
	})
	require.Equal(t, 200, registered.status, "%s", registered.raw)
	b := browser{c, "hosted pages"}
	b.open(t, shop)
	b.press(t, "Sign in with hosted pages")
	b.await(t, "Sign in")
	require.NotContains(t, b.eval(t, `location.href`), "challenge", "what the shop has sent along left the address")
	signsIn := func() {
		t.Helper()
		b.do(t, nil, "fill", "Email", "grace@example.com")
		b.do(t, nil, "tap", "input[type=password]")
		b.do(t, nil, "fill", "Password", password)
		b.picture(t, "hosted sign-in")
		b.click(t, "Sign in")
	}
	signsIn()
	b.await(t, "Hello, Grace")
	require.Equal(t, shop+"/", b.eval(t, `location.href`), "the code left the address")
	b.picture(t, "returned")

	b.eval(t, `sessionStorage.clear() ?? ""`)
	b.open(t, shop)
	b.press(t, "Sign in with hosted pages")
	b.await(t, "Continue as grace@example.com")
	b.picture(t, "continue")
	b.press(t, "Use another account")
	signsIn()
	b.await(t, "Hello, Grace")

	b.eval(t, `sessionStorage.clear() ?? ""`)
	b.open(t, shop)
	b.press(t, "Sign in with hosted pages")
	b.press(t, "Continue as")
	b.await(t, "Hello, Grace")
	b.click(t, "Sign out") // which ends the session of the hosted pages as well
	b.await(t, "Hosted pages")
	b.press(t, "Sign in with hosted pages")
	b.do(t, nil, "tap", "input[type=password]")
}
