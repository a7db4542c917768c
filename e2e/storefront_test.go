package e2e_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/freeport"
)

// settingsOf reads the configuration of an example, with other addresses in it.
func settingsOf(t *testing.T, name string, addresses ...string) string {
	t.Helper()
	text, err := os.ReadFile("../examples/" + name + "/everlatch.yaml")
	require.NoError(t, err)
	return strings.NewReplacer(addresses...).Replace(string(text))
}

// visit goes to an address as a browser does, and returns the parameters that it
// brings back.
func visit(t *testing.T, address string) url.Values {
	t.Helper()
	client := &http.Client{
		Transport:     httpClient.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Get(address)
	require.NoError(t, err)
	defer resp.Body.Close()
	back, err := resp.Location()
	require.NoError(t, err, "status %d", resp.StatusCode)
	return back.Query()
}

// TestStorefrontLogin does what docs/guides/storefront-login.md says, as its
// reader does: the program, its configuration, and a browser.
func TestStorefrontLogin(t *testing.T) {
	t.Parallel()
	c := startChromium(t)
	reader, stranger := browser{c, "reader"}, browser{c, "stranger"}
	free := freeport.Addresses(t, 2)
	shop, google := strings.Replace(free[0], "127.0.0.1", "localhost", 1), strings.Replace(free[1], "127.0.0.1", "localhost", 1)
	startDev(t, devOptions{
		config:  settingsOf(t, "storefront-login", "localhost:8000", shop, "localhost:9901", google),
		env:     []string{"STORE_CORS=http://" + shop},
		example: "storefront-login",
	})

	reader.open(t, "http://"+shop)
	reader.press(t, "Continue with Google")
	reader.await(t, "Sign in with a stand-in for Google")
	theirs := reader.eval(t, `document.querySelector("a[href*='as=ada']").href`)
	stranger.open(t, theirs)
	stranger.await(t, "That did not work")
	stranger.await(t, "No state provided, or session expired") // docs/weak-spots.md#w44: and it is as it was
	reader.press(t, "Ada Lovelace")
	reader.await(t, "Hello, Ada Lovelace")
	require.Empty(t, reader.eval(t, `document.cookie + JSON.stringify(localStorage).slice(2)`), "nothing is where scripts can read it")
	reader.open(t, theirs)
	reader.await(t, "That did not work")
	require.Equal(t, "http://"+shop+"/callback/google", reader.eval(t, `location.href`), "the code has left the address")
	reader.press(t, "Start again")

	reader.await(t, "Hello, Ada Lovelace")
	reader.press(t, "Sign out")
	reader.press(t, "Continue with Google")
	reader.press(t, "Cancel")
	reader.await(t, "You cancelled the sign-in.")
	reader.press(t, "Start again")
	reader.press(t, "Continue with Google")
	reader.press(t, "Mallory")
	reader.await(t, "not verified")
	reader.press(t, "Start again")
	reader.press(t, "Continue with Google")
	reader.press(t, "Ada Lovelace")
	reader.await(t, "Hello, Ada Lovelace")
}

// TestSeveralOpenIDProviders does what docs/guides/several-openid-providers.md
// says.
func TestSeveralOpenIDProviders(t *testing.T) {
	t.Parallel()
	free := freeport.Addresses(t, 2)
	acme, globex := strings.Replace(free[0], "127.0.0.1", "localhost", 1), strings.Replace(free[1], "127.0.0.1", "localhost", 1)
	p := startDev(t, devOptions{
		config:  settingsOf(t, "several-openid-providers", "localhost:9901", acme, "localhost:9902", globex),
		example: "several-openid-providers",
	})
	signIn := func(actorType, provider, who string) answer {
		location := p.call(t, "POST", "/auth/"+actorType+"/"+provider, object{}, namesItself...).str(t, "location")
		return p.call(t, "GET", "/auth/"+actorType+"/"+provider+"/callback?"+visit(t, location+"&as="+who).Encode(), nil, namesItself...)
	}

	ada := claims(t, signIn("customer", "acme", "ada").str(t, "token"))
	require.Equal(t, object{
		"email": "ada@acme.example", "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "groups": []any{"buyers"},
	}, ada["user_metadata"])
	grace := claims(t, signIn("supplier", "globex", "grace").str(t, "token"))
	require.Equal(t, object{"email": "grace@globex.example", "name": "Grace Hopper"}, grace["user_metadata"])

	for who, why := range map[string]string{
		"bob": "the e-mail address is not of an allowed domain", "carol": "the provider does not vouch for the e-mail address",
	} {
		refused := signIn("customer", "acme", who)
		require.Equal(t, 401, refused.status)
		require.Equal(t, "Authentication failed", refused.str(t, "message"))
		require.Contains(t, p.logText(), `provider=acme answer="Authentication failed" cause="`+why+`"`, "people are not told, operators are")
	}
	require.Equal(t, 400, p.call(t, "GET", "/auth/customer/globex", nil).status)
	require.Equal(t, 400, p.call(t, "GET", "/auth/user/acme", nil).status)

	// docs/weak-spots.md#w44: a response of Acme is not valid at Globex.
	back := visit(t, p.call(t, "POST", "/auth/customer/acme", object{}, namesItself...).str(t, "location")+"&as=ada").Encode()
	require.Equal(t, 401, p.call(t, "GET", "/auth/supplier/globex/callback?"+back, nil, namesItself...).status)
	require.Equal(t, 200, p.call(t, "GET", "/auth/customer/acme/callback?"+back, nil, namesItself...).status)
}

// TestWebhookReceiver does what docs/guides/webhook-receiver.md says: the shop
// gets the events, also those of the time when it was closed.
func TestWebhookReceiver(t *testing.T) {
	t.Parallel()
	free := freeport.Addresses(t, 1)
	o := devOptions{
		dir: filepath.Join(t.TempDir(), "data"), config: settingsOf(t, "webhook-receiver", "127.0.0.1:8080", free[0]), example: "webhook-receiver",
	}
	join := func(p *process, email string) {
		body := object{"email": email, "password": password, "actor": object{}}
		require.Equal(t, 200, p.call(t, "POST", "/auth/customer/emailpass/register", body).status)
	}
	arrived := func(p *process, event string) func() bool {
		return func() bool { return strings.Contains(p.logText(), "  "+event+"  map[") }
	}

	p := startDev(t, o)
	join(p, "joan@example.com")
	require.Eventually(t, arrived(p, "auth.actor_linked"), waitFor, tick)
	require.Contains(t, p.logText(), "The shop is on http://"+free[0])
	p.stop(t)

	o.env = []string{"SHOP=closed"}
	p = startDev(t, o)
	join(p, "karen@example.com")
	require.Eventually(t, func() bool {
		return strings.Contains(p.command(t, "event", "list", "--status", "dead"), "cannot be reached: connection refused")
	}, 2*waitFor, 10*tick)
	p.stop(t)

	o.env = nil
	p = startDev(t, o)
	p.command(t, "event", "release", "--all")
	require.Eventually(t, arrived(p, "customer.created"), waitFor, tick)
}
