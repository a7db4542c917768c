package pages_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/pages/pagestest"
)

// newAttacked is a world in which every page shows its form: a customer is signed in, and
// all that can wait between two pages does. Every change is answered by answer.
func newAttacked(t *testing.T, answer http.HandlerFunc) (*world, pages.Options) {
	t.Helper()
	var options pages.Options
	w := newAccount(t, development, func(o *pages.Options) {
		o.ReturnTo = []string{pagestest.Storefront}
		options = *o
	})
	w.rules("courier", `{"open":true,"fields":[{"name":"plate","kind":"string"},{"name":"vans","kind":"integer"},{"name":"kind","kind":"string","enum":["a"]}]}`)
	w.api.On("GET /_dev/mail.json", http.StatusOK, twoMails)
	w.api.On("GET /courier/me", http.StatusOK, `{"courier":{"id":"c_1","email":"c@example.com","full_name":"C","vans":2,"night":true,"created_at":"2025-03-01T10:00:00Z"}}`)
	w.api.Otherwise(answer)
	for _, actorType := range options.ActorTypes {
		w.SetCookie(&http.Cookie{Name: "everlatch.pending", Path: "/ui/" + actorType, Value: pending(t)})
	}
	w.SetCookie(&http.Cookie{Name: "connect.sid", Path: "/", Value: "s3ssion"})
	return w, options
}

// pending is the cookie of everything that may wait.
func pending(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(pages.Pending{
		Token: token(`{"actor_id":""}`), Link: token(`{"provider":"emailpass","email":"ada@example.com"}`), Email: "ada@example.com",
		Challenge: &pages.Challenge{ID: "mfc_1", Methods: []string{"totp", "email_otp", "recovery_code", "webauthn"}}, Prompted: "email_otp", Linking: "google",
		ReturnTo: pagestest.Storefront, CodeChallenge: "x", ChallengeMethod: "S256",
	})
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString(text)
}

// TestHostileInputInEveryField finds every form and attacks it, once with an API that does
// everything and once with one that refuses everything. A new page is found by itself: by its
// route, or by a link.
func TestHostileInputInEveryField(t *testing.T) {
	t.Parallel()

	for name, answer := range map[string]http.HandlerFunc{
		"done": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write([]byte(full))
		},
		"refused": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, `{"type":"invalid_data","message":"No."}`, http.StatusBadRequest)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w, options := newAttacked(t, answer)
			if name == "done" {
				w.api.On("POST /auth/mfa/challenges", http.StatusOK, `{"mfa_challenge":{"id":"mfc_1","methods":["totp"]}}`)
			}
			attack := pagestest.Attack{
				Languages: everyLanguage, Parameters: pagestest.Parameters(t, "."), Blind: true,
				Faulted: func(where, what string) { t.Errorf("%s: %s", where, what) },
			}
			attack.All(w.Browser, options.Patterns(), examples)
		})
	}
}

// examples are values for what is in braces in the patterns of routes.
var examples = map[string][]string{
	"{actor_type}": {"customer", "user", "courier"}, "{provider}": {"google", "passkey"}, "{what}": {"reset", "registration"}, "{id}": {"unknown"},
}

// TestEveryRouteIsProtected looks at the first answer of every route, for a visitor with
// everything and for one with nothing, with https and without.
func TestEveryRouteIsProtected(t *testing.T) {
	t.Parallel()

	everything, options := newAttacked(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(full)) })
	everything.api.On("POST /auth/session", http.StatusOK, `{"user":{}}`, "Set-Cookie", "connect.sid=s3ssion; Path=/; HttpOnly; SameSite=Lax")
	nothing := newWorld(t, development, func(o *pages.Options) { o.TrustProxy = true })
	nothing.Header.Set("X-Forwarded-Proto", "https")
	for _, visitor := range []*world{everything, nothing} {
		secure := visitor == nothing
		visitor.Every(options.Patterns(), examples, func(route string, p *pagestest.Page) {
			require.Empty(t, p.Unprotected(secure), route)
		})
	}
}

// TestEveryPageIsSmall counts a page with its style sheets and scripts.
func TestEveryPageIsSmall(t *testing.T) {
	t.Parallel()

	w, options := newAttacked(t, http.NotFound)
	var start []string
	w.Every(options.Patterns(), examples, func(route string, p *pagestest.Page) {
		if path, get := strings.CutPrefix(route, "GET "); get && p.Status == http.StatusOK {
			start = append(start, path)
		}
	})
	all := w.Walk(start)
	require.Greater(t, len(all), 50)
	for _, p := range all {
		require.LessOrEqual(t, p.Weight(), 30_000, p.Path)
	}
}
