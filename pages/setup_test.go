package pages_test

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/pages/pagestest"
)

// everyLanguage are the languages that are complete.
var everyLanguage = []string{"ar", "de", "en", "es", "fr", "ja", "pl"}

// world is a site in front of a fake API, and a browser that visits it.
type world struct {
	*pagestest.Browser

	api  *pagestest.API
	site *pages.Site
}

func newWorld(t *testing.T, change ...func(*pages.Options)) *world {
	t.Helper()
	w := &world{api: &pagestest.API{}}
	o := pages.Options{
		API: w.api, ActorTypes: []string{"customer", "user", "courier"}, Brand: "Shop",
		Now: func() time.Time { return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) }, Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	w.site, err = pages.New(o)
	require.NoError(t, err)
	w.Browser = pagestest.NewBrowser(t, w.site)
	for _, actorType := range o.ActorTypes {
		w.api.On("GET /auth/"+actorType+"/providers", http.StatusOK, `{"providers":[
			{"id":"emailpass","identifier":"emailpass","display_name":"Email/Password Authentication","flow":"credentials"},
			{"id":"google","identifier":"google","display_name":"Google Authentication","flow":"redirect"},
			{"id":"emailcode","identifier":"emailcode","display_name":"Email","flow":"credentials"},
			{"id":"passkey","identifier":"passkey","display_name":"Passkey","flow":"credentials"}]}`)
	}
	w.rules("customer", `{"open":true,"confirmed_by_mail":false,"verified_first":false,"password":{"min_length":12,"max_length":256},"providers":[{"id":"google","name":"Google"}],"fields":[
		{"name":"email","kind":"email","required":true},{"name":"first_name","kind":"string","required":false}]}`)
	w.rules("user", `{"open":false,"confirmed_by_mail":false,"verified_first":false,"fields":[]}`)
	w.api.On("POST /auth/session", http.StatusOK, `{"user":{}}`, "Set-Cookie", "connect.sid=s3ssion; Path=/; HttpOnly")
	return w
}

// rules says how users of an actor type sign up.
func (w *world) rules(actorType, rules string) {
	w.api.On("GET /auth/"+actorType+"/sign-up", http.StatusOK, `{"sign_up":`+rules+`}`)
}

// writes are the calls that changed something, which leaves out what a page reads to be shown.
func (w *world) writes() []pagestest.Call {
	var out []pagestest.Call
	for _, c := range w.api.Calls() {
		if c.Method != http.MethodGet {
			out = append(out, c)
		}
	}
	return out
}

// token is a token with a payload that pages read and a signature that they do not.
func token(payload string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
}

// full is the answer to a sign-in to which nothing is missing.
var full = `{"token":"` + token(`{"actor_id":"cus_1"}`) + `"}`
