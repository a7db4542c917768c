package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/pages/pagestest"
)

const account = "/ui/customer/account"

// newAccount is a world whose API knows a customer with everything that an account can have.
func newAccount(t *testing.T, change ...func(*pages.Options)) *world {
	t.Helper()
	w := newWorld(t, change...)
	for route, body := range map[string]string{
		"GET /store/customers/me": `{"customer":{"id":"cus_1","email":"ada@example.com","first_name":"Ada","last_name":"Lovelace","company_name":null,"phone":"+44 1",
			"created_at":"2025-03-01T10:00:00Z","metadata":{"a":1}}}`,
		"GET /store/customers/me/addresses": `{"addresses":[{"id":"cuaddr_1","address_name":"Home","first_name":"Ada","last_name":"Lovelace","address_1":"12 St James Square",
			"city":"London","postal_code":"SW1Y","country_code":"gb","is_default_shipping":true,"is_default_billing":false}],"count":1}`,
		"GET /store/customers/me/addresses/cuaddr_1": `{"address":{"id":"cuaddr_1","address_name":"Home","address_1":"12 St James Square","city":"London","country_code":"gb","is_default_shipping":true}}`,
		"GET /auth/identities": `{"provider_identities":[
			{"id":"pi_1","provider":"emailpass","entity_id":"ada@example.com","user_metadata":null,"created_at":"2025-03-01T10:00:00Z"},
			{"id":"pi_2","provider":"google","entity_id":"10769150350006150715113082367","user_metadata":{"email":"ada@gmail.example"},"created_at":"2026-01-05T10:00:00Z"},
			{"id":"pi_3","provider":"passkey","entity_id":"AAAA","user_metadata":{"label":"My phone"},"created_at":"2026-10-05T10:00:00Z","last_used_at":"2026-11-28T10:00:00Z"},
			{"id":"pi_4","provider":"passkey","entity_id":"BBBB","user_metadata":{"label":"My key"},"created_at":"2026-10-05T10:00:00Z","last_used_at":null}]}`,
		"GET /auth/customer/providers": `{"providers":[{"id":"emailpass","display_name":"Email/Password","flow":"credentials"},{"id":"google","display_name":"Google","flow":"redirect"},
			{"id":"github","display_name":"GitHub","flow":"redirect"},{"id":"passkey","display_name":"Passkey","flow":"credentials"},{"id":"emailcode","display_name":"Code","flow":"credentials"}]}`,
		"GET /auth/mfa/factors": `{"mfa_factors":[{"id":"mf_1","provider":"totp","status":"enabled","metadata":{"label":"Aegis"},"created_at":"2026-02-01T10:00:00Z"},
			{"id":"mf_2","provider":"totp","status":"pending","metadata":null,"created_at":"2026-02-02T10:00:00Z"}]}`,
		"GET /auth/sessions": `{"sessions":[{"id":"s_2","current":false,"auth_provider":"google","device":"Safari on iPhone","network":"198.51.100.0/24","created_at":"2026-11-01T08:00:00Z","last_used_at":"2026-11-29T08:00:00Z"},
			{"id":"s_1","current":true,"auth_provider":"emailpass","device":"Firefox on Linux","network":"192.0.2.0/24","created_at":"2026-11-20T08:00:00Z","last_used_at":"2026-11-30T08:00:00Z"}]}`,
		"GET /auth/language": `{"language":"de","languages":["ar","de","en","es","fr","ja","pl"]}`,
		"GET /auth/activity": `{"activities":[
			{"id":"e_5","name":"auth.email_change_requested","data":{"email":"new@example.com","former_email":"ada@example.com","expires_at":"2026-12-01T09:00:00Z"},"created_at":"2026-11-30T09:00:00Z"},
			{"id":"e_4","name":"auth.login_succeeded","data":{"provider":"emailpass","device":"Firefox on Linux","network":"192.0.2.0/24"},"created_at":"2026-11-20T08:00:00Z"},
			{"id":"e_6","name":"auth.login_succeeded","data":{"provider":"emailpass","network":"192.0.2.0/24"},"created_at":"2026-11-19T09:00:00Z"},
			{"id":"e_3","name":"auth.login_failed","data":{"provider":"emailpass"},"created_at":"2026-11-19T08:00:00Z"},
			{"id":"e_2","name":"auth.mfa_enabled","data":{"provider":"totp"},"created_at":"2026-02-01T10:00:00Z"},
			{"id":"e_1","name":"auth.of_the_future","data":{},"created_at":"2026-01-01T10:00:00Z"}]}`,
	} {
		w.api.On(route, http.StatusOK, body)
	}
	return w
}

// everyAccountPage are the pages of a customer.
var everyAccountPage = []string{
	"", "/language", "/addresses", "/addresses/new", "/addresses/cuaddr_1", "/security", "/email", "/password", "/add/github", "/add/passkey", "/ways/pi_1", "/ways/pi_3",
	"/factors/new", "/factors/passkey", "/factors/mf_1", "/recovery-codes", "/sessions", "/activity", "/data", "/delete",
}

func TestEveryAccountPageInEveryLanguage(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	for _, tag := range everyLanguage {
		w.Header.Set("Accept-Language", tag)
		for _, path := range everyAccountPage {
			p := w.Open(account + path)
			require.Equal(t, http.StatusOK, p.Status, path)
			require.Equal(t, account+path, p.Path)
			require.NotEmpty(t, p.Title(), path)
			require.NotRegexp(t, `\baccount\.[a-z]`, p.Text(), "a message is missing on %s in %s", path, tag)
			require.NotContains(t, p.Text(), "<no value>", path)
		}
	}
}

func TestVisitorsWhoAreNotSignedInReturn(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	refuse := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Everlatch-Reason", "unauthenticated")
		w.WriteHeader(http.StatusUnauthorized)
	}
	for _, route := range []string{
		"GET /store/customers/me", "GET /store/customers/me/addresses", "GET /auth/identities", "GET /auth/mfa/factors", "GET /auth/sessions", "GET /auth/activity", "GET /auth/language",
		"GET /store/customers/me/addresses/cuaddr_1", "GET /auth/export", "DELETE /auth/sessions", "POST /store/customers/me/addresses",
		"DELETE /store/customers/me/addresses/cuaddr_1", "POST /auth/mfa/recovery-codes",
	} {
		w.api.Handle(route, refuse)
	}
	for _, path := range append(everyAccountPage, "/data/download") {
		if path == "/addresses/new" || path == "/factors/new" || path == "/factors/passkey" { // forms that say nothing about an account
			continue
		}
		p := w.Open(account + path)
		require.Equal(t, "/ui/customer", p.Path, path)
		require.Contains(t, p.Title(), "Sign in", path)
	}
	for path, values := range map[string]url.Values{
		"": {}, "/addresses/new": {"address_1": {"a"}, "city": {"b"}}, "/addresses/cuaddr_1/remove": {}, "/sessions/end-others": {}, "/recovery-codes": {}, "/delete": {"sure": {"true"}},
	} {
		require.Equal(t, "/ui/customer", w.Post(account+path, values).Path, path)
	}

	w.api.On("POST /auth/customer/emailpass", http.StatusOK, `{"token":"x.eyJhY3Rvcl9pZCI6ImN1c18xIn0.x"}`)
	w.api.On("POST /auth/session", http.StatusOK, `{}`)
	signIn := w.Open(account + "/sessions")
	w.api.On("GET /auth/sessions", http.StatusOK, `{"sessions":[]}`)
	w.api.On("GET /auth/customer/providers", http.StatusOK, `{"providers":[{"id":"emailpass","identifier":"emailpass","flow":"credentials"}]}`)
	back := signIn.Submit("/ui/customer", map[string]string{"email": "ada@example.com", "password": "correct horse"})
	require.Equal(t, account+"/sessions", back.Path, "where they were going")
}

func TestFormsOfTheAccountRefuseOtherSites(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	for _, path := range []string{
		"", "/addresses/new", "/addresses/cuaddr_1", "/addresses/cuaddr_1/remove", "/email", "/password", "/add/github", "/add/passkey/options", "/ways/pi_1", "/ways/pi_1/remove",
		"/factors/new", "/factors/passkey", "/factors/passkey/options", "/factors/mf_1", "/factors/mf_1/remove", "/recovery-codes", "/sessions/end", "/sessions/end-others", "/delete", "/confirm",
	} {
		p := w.Post(account+path, url.Values{}, "Origin", "https://evil.example")
		require.Equal(t, http.StatusForbidden, p.Status, path)
	}
	require.Empty(t, w.api.Calls())
}

func TestProfile(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	p := w.Open(account)
	form, _ := p.Form("")
	require.Equal(t, map[string]string{"first_name": "Ada", "last_name": "Lovelace", "company_name": "", "phone": "+44 1"}, form)
	w.api.On("POST /store/customers/me", http.StatusOK, `{"customer":{}}`)
	w.api.Calls()

	saved := p.Submit("", map[string]string{"first_name": "Augusta", "phone": "", "metadata": "x", "email": "evil@example.com"})
	calls := w.api.Calls()
	require.Equal(t, []string{"GET /store/customers/me", "POST /store/customers/me"}, pagestest.Routes(calls)[:2])
	require.Equal(t, map[string]any{"first_name": "Augusta", "phone": nil}, calls[1].Body, "what was changed, and nothing that the form doesn't have")
	require.Contains(t, saved.Text(), "Your profile has been saved.")
	require.NotContains(t, w.Open(account).Text(), "Your profile has been saved.", "said once")

	w.api.Calls()
	w.Open(account).Submit("", nil)
	require.NotContains(t, pagestest.Routes(w.api.Calls()), "POST /store/customers/me", "nothing has changed")
}

func TestProfileShowsRefusalsAndNoMarkup(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	w.api.On("POST /store/customers/me", http.StatusBadRequest, `{"type":"invalid_data","message":"too long"}`, "Everlatch-Reason", "value_too_big; field=first_name; most=3")
	p := w.Open(account).Submit("", map[string]string{"first_name": hostile})
	require.Equal(t, http.StatusBadRequest, p.Status)
	form, _ := p.Form("")
	require.Equal(t, hostile, form["first_name"], "what was typed stays")
	require.Contains(t, p.Text(), "First name :", "the summary leads to the field")
	requireHarmless(t, p, "profile")
}

func TestProfileOfOtherActorTypes(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.api.On("GET /admin/users/me", http.StatusOK, `{"user":{"id":"user_1","email":"root@example.com","first_name":null,"last_name":"R","created_at":"2025-03-01T10:00:00Z"}}`)
	w.api.On("POST /admin/users/user_1", http.StatusForbidden, `{"type":"forbidden","message":"You may not."}`)
	p := w.Open("/ui/user/account")
	require.NotContains(t, p.Links(), "/ui/user/account/addresses")
	refused := p.Submit("", map[string]string{"first_name": "Root"})
	require.Equal(t, http.StatusForbidden, refused.Status)
	require.Contains(t, refused.Text(), "You may not.")

	w.rules("courier", `{"open":true,"fields":[{"name":"email","kind":"email","required":true},{"name":"full_name","kind":"string","required":true,"max_length":20},
		{"name":"vans","kind":"integer"},{"name":"night","kind":"boolean"},{"name":"zone","kind":"string","enum":["North","South"]},{"name":"plate","kind":"string","immutable":true},
		{"name":"since","kind":"time"},{"name":"tags","kind":"list"}]}`)
	w.api.On("GET /courier/me", http.StatusOK, `{"courier":{"id":"c_1","email":"c@example.com","full_name":"C","vans":2000000,"night":true,"zone":null,"plate":"B-AB 12","since":"2026-01-02T03:04:00Z","tags":[],"approved":false,"created_at":"2025-03-01T10:00:00Z"}}`)
	w.api.On("POST /courier/me", http.StatusOK, `{}`)
	p = w.Open("/ui/courier/account")
	form, _ := p.Form("")
	require.Equal(t, map[string]string{"full_name": "C", "vans": "2000000", "night": "true", "zone": "", "plate": "B-AB 12", "since": "2026-01-02T03:04"}, form, "what sign-up asks for, and nothing that administrators decide")
	require.Contains(t, p.Text(), "Full name")
	require.Regexp(t, `name="full_name"[^>]* required[^>]* maxlength="20"`, p.HTML)
	require.Regexp(t, `name="vans"`, p.HTML)
	require.Regexp(t, `name="plate"[^>]* readonly`, p.HTML)
	w.api.Calls()
	p.Submit("", map[string]string{"vans": "3", "zone": "North", "plate": "X", "since": "2026-01-02T05:00"})
	require.Equal(t, map[string]any{"vans": 3.0, "zone": "North", "since": "2026-01-02T05:00:00Z"}, w.writes()[0].Body)
	require.Equal(t, http.StatusUnprocessableEntity, p.Submit("", map[string]string{"full_name": " "}).Status, "a required field stays filled")
	require.Empty(t, w.writes())
}

func TestAddresses(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	list := w.Open(account + "/addresses")
	require.Contains(t, list.Text(), "Home Ada Lovelace 12 St James Square SW1Y London United Kingdom Delivery")
	missing := w.Open(account+"/addresses/new").Submit("", map[string]string{"address_name": hostile, "country_code": "Germany"})
	require.Contains(t, missing.Text(), "Choose a country from the list.")
	require.Equal(t, http.StatusUnprocessableEntity, missing.Status)
	require.Contains(t, missing.Text(), "Street and number : Fill in this field.")
	requireHarmless(t, missing, "address")

	w.api.On("POST /store/customers/me/addresses", http.StatusOK, `{"customer":{}}`)
	w.api.Calls()
	added := w.Open(account+"/addresses/new").Submit("", map[string]string{"address_1": "Main 1", "city": "Bonn", "country_code": "DE", "is_default_billing": "true"})
	require.Contains(t, added.Text(), "The address has been added.")
	body := w.api.Calls()[0].Body
	require.Equal(t, "de", body["country_code"])
	require.Equal(t, true, body["is_default_billing"])
	require.Equal(t, false, body["is_default_shipping"])
	require.Nil(t, body["company"])

	w.api.On("POST /store/customers/me/addresses/cuaddr_1", http.StatusOK, `{"customer":{}}`)
	one := w.Open(account + "/addresses/cuaddr_1")
	require.Contains(t, one.Submit("", map[string]string{"city": "York"}).Text(), "The address has been saved.")
	w.api.On("DELETE /store/customers/me/addresses/cuaddr_1", http.StatusOK, `{}`)
	require.Contains(t, one.Submit(account+"/addresses/cuaddr_1/remove", nil).Text(), "The address has been removed.")

	w.api.On("POST /store/customers/me/addresses", http.StatusBadRequest, `{"message":"full"}`, "Everlatch-Reason", "too_many_addresses; most=20")
	full := w.Open(account+"/addresses/new").Submit("", map[string]string{"address_1": "Main 1", "city": "Bonn"})
	require.Contains(t, full.Text(), "You can have 20 addresses.")
	require.Equal(t, http.StatusNotFound, w.Open(account+"/addresses/cuaddr_2").Status)
}

func TestCountriesInTheLanguageOfTheReader(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	for tag, want := range map[string][2]string{
		"en": {"United Kingdom", "Afghanistan"}, "de": {"Vereinigtes Königreich", "Afghanistan"}, "ja": {"イギリス", ""}, "ar": {"المملكة المتحدة", ""},
	} {
		w.Header.Set("Accept-Language", tag)
		p := w.Open(account + "/addresses/cuaddr_1")
		form, _ := p.Form("")
		require.Equal(t, "gb", form["country_code"])
		require.Contains(t, p.HTML, `<option value="gb" selected>`+want[0]+`</option>`, tag)
		require.Equal(t, 251, strings.Count(p.HTML, "<option "), "ISO 3166-1, Kosovo and none")
		if want[1] != "" {
			require.Regexp(t, `<option value=""></option><option value="af">`+want[1], p.HTML, "in the order of the language")
		}
	}
	w.Header.Set("Accept-Language", "de")
	require.Regexp(t, `Oman</option><option value="at">Österreich`, w.Open(account+"/addresses/new").HTML, "in the order of the language")

	w.api.On("GET /store/customers/me/addresses/cuaddr_1", http.StatusOK, `{"address":{"id":"cuaddr_1","address_1":"a","city":"b","country_code":"SU"}}`)
	form, _ := w.Open(account + "/addresses/cuaddr_1").Form("")
	require.Equal(t, "su", form["country_code"], "what an address has is kept")
}
