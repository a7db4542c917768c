package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	hosted "github.com/everlatch/everlatch/pages"
)

// fewOfEverything allows three of everything that is limited by network.
const fewOfEverything = cheapHashes + `
    - resolve: emailcode
    - resolve: passkey
http: {trusted_proxies: [127.0.0.1/32]}
limits: {exempt_networks: [], sign_in: 3/1h, register: 3/1h, redirect: 3/1h, callback: 3/1h, reset: 3/1h, token: 3/1h,
  email_change: 3/1h, verification: 3/1h, second_factor: 3/1h}
`

// unlimited are the forms for visitors that need no limit.
var unlimited = map[string]string{
	"/sign-out": "ends a session, and there is none",
	"/continue": "goes on with a session, and there is none",
	"/complete": "makes an account for a token, whose signature is wrong",
	"/link":     "begins with a token, whose signature is wrong",
	// Where addresses need no proof, it asks what /sign-up/passkey/options asks.
	"/sign-up/passkey": "leads to the code that proves the address, and asks nothing",
}

// formsForVisitors are the paths of all forms below /ui/{actor_type}, as the source has them.
func formsForVisitors(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../pages/*.go")
	require.NoError(t, err)
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range formRoute.FindAllStringSubmatch(string(text), -1) {
			if !strings.HasSuffix(file, "_test.go") {
				out = append(out, strings.ReplaceAll(found[1], "{provider}", "emailpass"))
			}
		}
	}
	require.Greater(t, len(out), 20)
	slices.Sort(out)
	return slices.Compact(out)
}

var formRoute = regexp.MustCompile(`"POST /ui/\{actor_type\}([^"]*)"`)

// TestFormsForVisitorsAreLimited sends every form as a visitor who has what waits for it,
// until it is refused: the pages count like the API.
func TestFormsForVisitorsAreLimited(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: fewOfEverything})
	for n, form := range formsForVisitors(t) {
		if unlimited[form] != "" {
			continue
		}
		var got []int
		for i := range 10 {
			b := p.browser(t)
			b.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.0.7", n))
			b.SetCookie(&http.Cookie{Name: "everlatch.pending", Path: "/ui/customer", Value: everythingWaits(t)})
			page := b.Post("/ui/customer"+form, url.Values{
				"email": {fmt.Sprintf("visitor%d@example.com", i)}, "password": {"correct horse battery"}, "code": {"123456"}, "method": {"totp"}, "credential": {"{}"},
			})
			got = append(got, page.Status)
		}
		require.Contains(t, got, http.StatusTooManyRequests, "POST /ui/customer%s", form)
		require.Equal(t, http.StatusTooManyRequests, got[len(got)-1], "POST /ui/customer%s", form)
	}
}

// everythingWaits is the cookie of a visitor with a token, a link and a challenge, none of them real.
func everythingWaits(t *testing.T) string {
	t.Helper()
	token := func(payload string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
	}
	text, err := json.Marshal(hosted.Pending{
		Token: token(`{"actor_id":""}`), Link: token(`{"provider":"emailpass","email":"ada@example.com"}`), Email: "ada@example.com",
		Challenge: &hosted.Challenge{ID: "mfc_1", Methods: []string{"totp", "webauthn", "recovery_code"}}, Linking: "google",
	})
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString(text)
}

// TestFormsSayTheSameOfEveryAddress compares what forms with an address answer for one with an
// account and for one without, apart from the address, before and after they are limited.
func TestFormsSayTheSameOfEveryAddress(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: fewOfEverything})
	p.signUp(t)
	for n, form := range []string{"", "/another", "/code", "/forgot"} {
		var seen []string
		for i, email := range []string{"ada@example.com", "bob@example.com"} {
			b := p.browser(t)
			b.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.7", n, i))
			answers := ""
			for range 5 {
				page := b.Post("/ui/customer"+form, url.Values{"email": {email}, "password": {"wrong password"}})
				answers += fmt.Sprintln(page.Status, page.Path, strings.ReplaceAll(page.HTML, email, "@"))
			}
			seen = append(seen, answers)
		}
		require.Equal(t, seen[0], seen[1], "POST /ui/customer%s", form)
	}
}
