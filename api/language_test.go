package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

const everyLanguage = `["ar","de","en","es","fr","ja","pl"]`

func TestLanguageOfMails(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	me := bearer(token)
	read := func() string {
		r := w.do("GET", "/auth/language", nil, me)
		require.Equal(t, 200, r.StatusCode)
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		return r.body
	}
	require.JSONEq(t, `{"language":null,"languages":`+everyLanguage+`}`, read())
	w.do("POST", "/auth/language", object{"language": "pl"}, me).is(t, `{"language":"pl","languages":`+everyLanguage+`}`)
	require.JSONEq(t, `{"language":"pl","languages":`+everyLanguage+`}`, read())
	require.Equal(t, "pl", w.do("GET", "/auth/export", nil, me).value(t, "language"))

	for _, body := range []any{object{"language": "nl"}, object{"language": "PL"}, object{"language": strings.Repeat("x", 5000)}, object{"language": 7}, object{}, object{"lang": "de"}} {
		require.Equal(t, 400, w.send(w.raw, "POST", "/auth/language", body, me).StatusCode)
	}
	refused := w.do("POST", "/auth/language", object{"language": "nl"}, me)
	require.Contains(t, refused.Header.Get("Everlatch-Reason"), "language_unknown")
	require.Contains(t, refused.body, "Choose one of these languages: ar, de, en")
	require.Equal(t, "pl", w.do("GET", "/auth/language", nil, me).value(t, "language"), "a refusal changes nothing")

	w.do("POST", "/auth/language", object{"language": nil}, me).is(t, `{"language":null,"languages":`+everyLanguage+`}`)
	require.Equal(t, 401, w.do("GET", "/auth/language", nil).StatusCode)
	require.Equal(t, 401, w.do("POST", "/auth/language", object{"language": "de"}).StatusCode)
}

// What is kept of a request is one of the languages of mails, never its header.
func TestLanguageOfRequests(t *testing.T) {
	t.Parallel()

	w := setup(t)
	for header, want := range map[string]string{
		"de-CH, de;q=0.9": "de", "nl": "", "": "", strings.Repeat("x", 3000): "", "fr\x7f": "", "*": "", "tlh, ja;q=0.1": "ja",
	} {
		email := fmt.Sprintf("person%d%s@example.com", len(header), want)
		r := w.send(w.raw, "POST", "/auth/customer/emailpass/register", object{"email": email, "password": "supersecret"}, with("Accept-Language", header))
		require.Equal(t, 200, r.StatusCode, r.body)
		got, err := w.store.Language(t.Context(), w.claims(r.text(t, "token")).AuthIdentityID)
		require.NoError(t, err)
		require.Equal(t, want, got, header)
	}
	events, _, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventIdentityRegistered}, store.Page{})
	require.NoError(t, err)
	for _, e := range events {
		require.Contains(t, []string{"", "de", "ja"}, e.Language)
	}
}
