package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/freeport"
)

// TestStorefrontAccounts does what docs/guides/storefront-accounts.md says, as
// its reader does: the pages with the Medusa JS SDK, and a browser.
func TestStorefrontAccounts(t *testing.T) {
	t.Parallel()
	const changed = "another good horse"
	c := startChromium(t, "sdk")
	reader, elsewhere := browser{c, "reader"}, browser{c, "elsewhere"}
	shop := "http://" + strings.Replace(freeport.Addresses(t, 1)[0], "127.0.0.1", "localhost", 1)
	p := startDev(t, devOptions{config: "mail: {urls: {customer: \"" + shop + "\"}}\n", env: []string{"STORE_CORS=" + shop}})
	serveAccounts(t, shop, strings.Replace(p.base, "127.0.0.1", "localhost", 1))

	reader.open(t, shop)
	reader.press(t, "Create an account")
	reader.fills(t, "First name", "Ada", "Last name", "Byron", "E-mail", "ada@example.com", "New password", "short")
	reader.click(t, "Register")
	reader.await(t, "at least 8 characters")
	reader.picture(t, "is told what is wrong")
	reader.fills(t, "New password", password)
	reader.click(t, "Register")
	reader.await(t, "Hello, Ada")
	require.Equal(t, "{}", reader.eval(t, `document.cookie + JSON.stringify(localStorage)`), "nothing is where scripts can read it")
	reader.fills(t, "First name", "Augusta", "Last name", "Lovelace")
	reader.click(t, "Save")
	reader.await(t, "Hello, Augusta")
	reader.do(t, nil, "reload")
	reader.await(t, "Hello, Augusta")
	reader.picture(t, "is signed in")
	reader.click(t, "Sign out")

	reader.await(t, "Create an account")
	reader.fills(t, "E-mail", "ada@example.com", "Password", "not "+password)
	reader.click(t, "Sign in")
	reader.await(t, "Wrong email address or password.")
	reader.press(t, "Create an account")
	reader.fills(t, "First name", "Eve", "Last name", "Else", "E-mail", "ada@example.com", "New password", changed)
	reader.click(t, "Register")
	reader.await(t, "This email address already has an account.")

	elsewhere.open(t, shop)
	elsewhere.fills(t, "E-mail", "ada@example.com", "Password", password)
	elsewhere.click(t, "Sign in")
	elsewhere.await(t, "Hello, Augusta")

	reader.open(t, shop+"/forgot")
	reader.fills(t, "E-mail", "ada@example.com")
	reader.click(t, "Send me a link")
	reader.await(t, "Check your email")
	link := at[string](t, p.mailTo(t, "ada@example.com", "auth.password_reset", 1), "links.0")
	reader.open(t, link)
	require.Equal(t, shop+"/reset-password", reader.eval(t, `location.href`), "the token has left the address")
	reader.fills(t, "New password", changed)
	reader.click(t, "Set password")
	reader.await(t, "You have been signed out everywhere.")
	reader.picture(t, "has a new password")
	elsewhere.do(t, nil, "reload")
	elsewhere.await(t, "Create an account")
	elsewhere.open(t, link)
	elsewhere.fills(t, "New password", "yet another horse")
	elsewhere.click(t, "Set password")
	elsewhere.await(t, "This link has been used or has expired.")
	reader.press(t, "Sign in")
	reader.fills(t, "E-mail", "ada@example.com", "Password", changed)
	reader.click(t, "Sign in")
	reader.await(t, "Hello, Augusta")
}

// fills types texts into the fields of labels.
func (b browser) fills(t *testing.T, labelsAndTexts ...string) {
	t.Helper()
	for i := 0; i+1 < len(labelsAndTexts); i += 2 {
		b.do(t, nil, "fill", labelsAndTexts[i], labelsAndTexts[i+1])
	}
}

// serveAccounts does what `npm start` does in the folder of the example, at
// other addresses, with the packages of the folder sdk, which are the same.
func serveAccounts(t *testing.T, shop, api string) {
	t.Helper()
	const folder = "../examples/storefront-accounts"
	manifest, err := os.ReadFile(folder + "/package.json")
	require.NoError(t, err)
	packages, err := filepath.Abs("sdk/node_modules")
	require.NoError(t, err)
	start := at[string](t, answer{raw: manifest}.json(t), "scripts.start")
	start = strings.NewReplacer("http://localhost:9000", api, "localhost:8000", strings.TrimPrefix(shop, "http://")).Replace(start)
	start += " --log-level=warning --alias:@medusajs/js-sdk=" + packages + "/@medusajs/js-sdk"
	cmd := exec.CommandContext(context.Background(), "sh", "-c", "exec "+packages+"/.bin/"+start)
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		in.Close() // which ends it
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		resp, err := httpClient.Get(shop)
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil
	}, waitFor, tick, "no shop at %s", shop)
}
