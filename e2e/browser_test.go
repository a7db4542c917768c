package e2e_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the store of these tests
)

// TestCertifiedProvider signs people in with a headless Chromium, at providers
// of the certified implementation oidc-provider: as Google with its endpoints
// overridden, and as an OpenID provider found by discovery, both for customers
// and for users. Of ours are the providers' login form and the storefront's
// page, and nothing else between Everlatch and the person.
func TestCertifiedProvider(t *testing.T) {
	t.Parallel()
	w := startBrowserWorld(t)

	identities := map[string]string{}
	for _, at := range w.places() {
		first := w.signsInTwice(t, at)
		// One person at one provider is one identity, whatever they come as.
		if known, ok := identities[at.provider]; ok {
			require.Equal(t, known, first, at)
		}
		identities[at.provider] = first
	}
	require.NotEqual(t, identities["google"], identities["oidc"], "nothing is linked by an e-mail address alone")

	// Each provider, actor type and method once.
	for _, at := range []place{w.places()[0], w.places()[3]} {
		w.saysNo(t, at)
		w.bringsWhatAnotherBegan(t, at)
		w.hasNotProvedTheAddress(t, at)
	}
}

// place is a storefront or dashboard, and how it signs users in.
type place struct {
	*storefront

	provider, button, consent string
}

func (p place) String() string { return p.ActorType + " at " + p.provider }

func (w *browserWorld) places() []place {
	google := place{w.shop, "google", "Continue with Google Authentication", "google would tell it: email, profile, openid"}
	oidc := place{w.shop, "oidc", "Continue with Certified", "oidc would tell it: openid, email, profile"}
	asUser := func(p place) place { p.storefront = w.admin; return p }
	return []place{google, oidc, asUser(google), asUser(oidc)}
}

// signsInTwice signs in by hand, with a typing error; repeats the callback; and
// signs in a second time, without a prompt of the provider. It returns the
// identity.
func (w *browserWorld) signsInTwice(t *testing.T, at place) string {
	t.Helper()
	ada := w.browser("ada", at)
	ada.leave(t, at)
	ada.do(t, nil, "see", "Sign in at "+at.provider)
	ada.picture(t, "is asked for a password")
	ada.login(t, "ada", "not "+w.People["ada"].Password)
	ada.do(t, nil, "see", "That is not your password.")
	ada.login(t, "ada", w.People["ada"].Password)
	ada.do(t, nil, "see", at.consent)
	ada.picture(t, "is asked for consent")
	ada.click(t, "Allow")
	first := w.signedIn(t, ada, at, "ada")
	ada.picture(t, "is signed in")
	exchanges, rows := w.exchanges(t, at.provider), w.rows(t)
	require.Equal(t, w.secretIn(at), exchanges[len(exchanges)-1])

	ada.do(t, nil, "reload")
	status, body := ada.answer(t)
	require.Equal(t, 401, status, "a callback is good once: %v", body)
	require.Equal(t, "No state provided, or session expired", body["message"])
	require.Equal(t, exchanges, w.exchanges(t, at.provider), "and the code is not even tried")
	require.Equal(t, rows, w.rows(t))

	ada.leave(t, at)
	again := w.signedIn(t, ada, at, "ada")
	require.Equal(t, first, again)
	return first
}

// secretIn is what an exchange must look like: the client's secret is where the
// provider wants it, and never in the address.
func (w *browserWorld) secretIn(at place) tokenRequest {
	if at.provider == "google" {
		return tokenRequest{Outcome: "success", URL: "/token", SecretIn: "form"}
	}
	return tokenRequest{Outcome: "success", URL: "/token", SecretIn: "header"}
}

// signedIn waits for the token on the storefront's page, looks at its claims
// and at the browser's cookie, and returns the identity.
func (w *browserWorld) signedIn(t *testing.T, b browser, at place, who string) string {
	t.Helper()
	status, body := b.answer(t)
	require.Equal(t, 200, status, "%s: %v", at, body)
	token, _ := body["token"].(string)
	got, person := claims(t, token), w.People[who].Claims
	require.Equal(t, at.ActorType, got["actor_type"])
	require.Equal(t, at.provider, got["auth_provider"])
	require.Empty(t, got["actor_id"], "there is no account yet")
	want := object{"email": person["email"], "name": person["name"], "given_name": person["given_name"], "picture": person["picture"]}
	if at.provider == "google" {
		want["family_name"] = person["family_name"]
		if person["email"] == "ada@example.com" { // the one with an account of an organization
			want["hd"] = "example.com"
		}
	}
	require.Equal(t, want, got["user_metadata"], "%s", at)
	require.Contains(t, w.rows(t), fmt.Sprint(" ", at.provider, " ", person["sub"], " "), "known by the subject, for ever")

	var cookies []struct {
		Name, Path, SameSite string
		HTTPOnly             bool `json:"httpOnly"`
	}
	b.do(t, &cookies, "cookies")
	kept := false
	for _, c := range cookies {
		if c.Name == "everlatch.browser" {
			kept = c.Path == "/auth" && c.SameSite == "Lax" && c.HTTPOnly
		}
	}
	require.True(t, kept, "the browser keeps the cookie that tells it from others: %v", cookies)
	return identityOf(t, token)
}

// saysNo cancels at the provider, on either of its pages.
func (w *browserWorld) saysNo(t *testing.T, at place) {
	t.Helper()
	exchanges, rows := w.exchanges(t, at.provider), w.rows(t)
	grace := w.browser("grace", at)
	message := object{"google": "The person said no, read more at: undefined", "oidc": "Authentication failed"}
	grace.leave(t, at)
	grace.click(t, "Cancel")
	w.refused(t, grace, at, message)
	grace.leave(t, at)
	grace.login(t, "grace", w.People["grace"].Password)
	grace.click(t, "Deny")
	w.refused(t, grace, at, message)
	grace.picture(t, "said no")
	require.Equal(t, exchanges, w.exchanges(t, at.provider))
	require.Equal(t, rows, w.rows(t), "and nothing has changed")
}

// bringsWhatAnotherBegan is login CSRF: Grace stops her browser before the
// callback and makes other browsers open it. That must not sign them in, and must
// not use the state (docs/weak-spots.md#w44).
func (w *browserWorld) bringsWhatAnotherBegan(t *testing.T, at place) {
	t.Helper()
	grace := w.browser("grace", at) // has been here, and been given a cookie
	grace.do(t, nil, "hold", at.API+"/auth/"+at.ActorType+"/"+at.provider+"/callback")
	grace.leave(t, at)
	grace.click(t, "Allow")
	var callback string
	grace.do(t, &callback, "held")
	require.Contains(t, callback, "code=")

	exchanges, rows := w.exchanges(t, at.provider), w.rows(t)
	noState := object{at.provider: "No state provided, or session expired"}
	ada, stranger := w.browser("ada", at), w.browser("a stranger", at)
	ada.open(t, callback)
	w.refused(t, ada, at, noState)
	ada.picture(t, "was led to a strange callback")
	stranger.open(t, callback)
	w.refused(t, stranger, at, noState)
	require.Equal(t, exchanges, w.exchanges(t, at.provider))
	require.Equal(t, rows, w.rows(t))

	grace.open(t, callback)
	w.signedIn(t, grace, at, "grace")
}

// hasNotProvedTheAddress types Ada's address into an account of her own.
func (w *browserWorld) hasNotProvedTheAddress(t *testing.T, at place) {
	t.Helper()
	rows := w.rows(t)
	mallory := w.browser("mallory", at)
	mallory.leave(t, at)
	mallory.login(t, "mallory", w.People["mallory"].Password)
	mallory.click(t, "Allow")
	w.refused(t, mallory, at, object{
		"google": "Email not verified, cannot proceed with authentication", "oidc": "Authentication failed",
	})
	require.Equal(t, rows, w.rows(t))
}

// refused waits for a 401 with the message that belongs to the provider.
func (w *browserWorld) refused(t *testing.T, b browser, at place, messages object) {
	t.Helper()
	status, body := b.answer(t)
	require.Equal(t, 401, status, "%s: %v", at, body)
	require.Equal(t, messages[at.provider], body["message"], at)
}

// browser returns the browser of a user; each place has its own.
func (w *browserWorld) browser(who string, at place) browser {
	return browser{w.chromium, who + " as " + at.String()}
}

// leave presses the storefront's button, which leads to the provider.
func (b browser) leave(t *testing.T, at place) {
	t.Helper()
	b.open(t, at.url)
	b.click(t, at.button)
}

// login fills the provider's form in.
func (b browser) login(t *testing.T, login, password string) {
	t.Helper()
	b.do(t, nil, "fill", "Login", login)
	b.do(t, nil, "fill", "Password", password)
	b.click(t, "Sign in")
}

// answer waits until the callback page shows the response.
func (b browser) answer(t *testing.T) (status int, body object) {
	t.Helper()
	var a struct {
		Status int    `json:"status"`
		Body   object `json:"body"`
	}
	require.NoError(t, json.Unmarshal([]byte(b.text(t, "#answer")), &a))
	return a.Status, a.Body
}

// rows is what the store knows of people, but for the deliveries of their
// events, which go on meanwhile.
func (w *browserWorld) rows(t *testing.T) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "everlatch.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	defer db.Close()
	var all strings.Builder
	for _, what := range []string{
		"* FROM auth_identity", "* FROM provider_identity", "* FROM actor_link", "* FROM customer", `* FROM "user"`, "id, name FROM event",
	} {
		dump(t, &all, db, "SELECT "+what+" ORDER BY 1, 2")
	}
	return all.String()
}

func dump(t *testing.T, to io.Writer, db *sql.DB, query string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		fmt.Fprintln(to, query, values)
	}
	require.NoError(t, rows.Err())
}
