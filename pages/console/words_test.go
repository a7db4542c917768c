package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

const toldFlow = `{"flow":{"id":"password-reset/1","workflow":"PasswordReset","title":"Password reset","status":"completed","outcome":"used"},
"now":"Waits until 2026-11-30 12:00:00 UTC.","now_code":"waits","now_params":{"until":"2026-11-30T12:00:00Z"},"moments":[
{"at":"2026-11-30T10:00:00.000Z","text":"asked for customer: a mail with a link was ordered","code":"asked_mailed","params":{"actor_type":"customer"}},
{"at":"2026-11-30T10:00:01.000Z","text":"crm gave up: 404","code":"delivery_dead","params":{"subscriber":"crm","error":"404"}},
{"at":"2026-11-30T10:01:00.000Z","text":"link used with a new password: refused (password common)","code":"update_complete","params":{"refused":"password_common"}},
{"at":"2026-11-30T10:02:00.000Z","text":"something of my own","code":"","params":{}},
{"at":"2026-11-30T10:03:00.000Z","text":"ended: used","code":"ended","params":{"outcome":"used"}}]}`

// What happened is told in the reader's language.
func TestATimelineIsTranslated(t *testing.T) {
	t.Parallel()

	for language, want := range map[string][]string{
		"en": {"Password reset", "Used", "Requested: an email with a link is sent", "crm: given up. 404", "Link used with a new password: refused", "Ended: Used", "Waits until"},
		"de": {
			"Zurücksetzen des Passworts", "Benutzt", "Angefordert: eine E-Mail mit einem Link wird gesendet", "crm: aufgegeben. 404",
			"Link mit neuem Passwort benutzt: abgelehnt", "Ende: Benutzt", "Wartet bis",
		},
		"ja": {"パスワードのリセット", "使用済み", "crm: 断念。404", "終了: 使用済み"},
	} {
		w := newWorld(t)
		w.fill()
		w.api.On("GET /admin/flows/password-reset/1", http.StatusOK, toldFlow)
		w.Header.Set("Accept-Language", language)
		p := w.Open("/console/flows/one?id=password-reset%2F1")
		for _, text := range append(want, "password_common", "something of my own") {
			require.Contains(t, p.Text(), text, language)
		}
		for _, english := range []string{"a mail with a link was ordered", "gave up"} {
			require.NotContains(t, p.Text(), english, language)
		}
	}
}

func TestWhatNeedsAttentionIsTranslated(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	w.api.On("GET /admin/flows", http.StatusOK, `{"flows":[{"id":"deliver/1","workflow":"DeliverEvent","title":"Event delivery to crm","status":"completed","outcome":"dead",
		"why":"crm did not take user.created: 404","advice":"Mend it.","why_code":"dead_letter","why_params":{"subscriber":"crm","event":"user.created","error":"404"}}],"count":1}`)
	w.Header.Set("Accept-Language", "fr")
	p := w.Open("/console/flows?attention=true")
	for _, text := range []string{"Livraison d’un événement", "crm n’a pas accepté user.created", "puis retentez la livraison"} {
		require.Contains(t, p.Text(), text)
	}
}

func TestAnAddressIsEdited(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	const person = "/console/people/customer/cus_1"
	require.Contains(t, w.Open(person).Links(), person+"/addresses/cuaddr_1")
	w.api.On("POST /admin/customers/cus_1/addresses/cuaddr_1", http.StatusOK, `{}`)
	p := w.Open(person+"/addresses/cuaddr_1").Submit("", map[string]string{"address_1": "Allee 2"})
	require.Equal(t, person, p.Path, p.Text())
	body := changes(w.api.Calls())[0].Body
	require.Equal(t, "Allee 2", body["address_1"])
	require.Equal(t, "Berlin", body["city"])
	require.Equal(t, true, body["is_default_shipping"])

	require.Equal(t, http.StatusUnprocessableEntity, w.Post(person+"/addresses/new", url.Values{"address_1": {"Allee 3"}}).Status, "a city is missing")
	w.api.On("POST /admin/customers/cus_1/addresses", http.StatusBadRequest, `{"type":"invalid_data","message":"Too many addresses."}`)
	p = w.Post(person+"/addresses/new", url.Values{"address_1": {"Allee 3"}, "city": {"Berlin"}})
	require.Equal(t, http.StatusBadRequest, p.Status)
	require.Contains(t, p.Text(), "Too many addresses.")
	require.Equal(t, http.StatusNotFound, w.Open("/console/people/user/user_2/addresses/new").Status)
	require.Equal(t, http.StatusNotFound, w.Open("/console/people/courier/courier_1/profile").Status)
}

// What the API refuses to administrators alone is in the reader's language as well.
func TestARefusalIsTranslated(t *testing.T) {
	t.Parallel()

	const person = "/console/people/customer/cus_1"
	for language, want := range map[string][2]string{
		"en": {"Give a reason, and keep it short.", "You need these permissions: customer:delete"},
		"pl": {"Podaj powód, w kilku słowach.", "Potrzebne są uprawnienia: customer:delete"},
		"ja": {"理由を短く入力してください。", "次の権限が必要です: customer:delete"},
	} {
		w := newWorld(t)
		w.fill()
		w.Header.Set("Accept-Language", language)
		w.api.On("POST /admin/auth-identities/authid_1/disable", http.StatusBadRequest, `{"message":"Give a reason of at most 500 bytes."}`,
			"Everlatch-Reason", "explanation_invalid")
		p := w.Post(person+"/disable?identity=authid_1", url.Values{"confirmed": {"true"}, "identity": {"authid_1"}, "reason": {"理由"}})
		require.Contains(t, p.Text(), want[0])
		w.api.On("DELETE /admin/customers/cus_1", http.StatusForbidden, `{"message":"Insufficient permissions."}`,
			"Everlatch-Reason", "permissions_missing; policies=\"customer:delete\"")
		p = w.Post(person+"/delete", url.Values{"confirmed": {"true"}, "word": {"ada@example.com"}})
		require.Contains(t, p.Text(), want[1])
	}
}

func TestWhenAJobStartsIsTranslated(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	w.api.On("GET /admin/schedules", http.StatusOK, `{"schedules":[
		{"id":"a","spec":"every 22 minutes","next_run_at":"2026-11-30T12:10:00.000Z","runs":[]},{"id":"b","spec":"every hour","runs":[]},
		{"id":"c","spec":"at 03:00 every day, Europe/Berlin","paused":true,"note":"paused by configuration","runs":[]},
		{"id":"d","spec":"at 03:00 on Monday, UTC","note":"resumed by user_9","runs":[]},{"id":"e","spec":"every 2 days","note":"Wait for Bo.","runs":[]}],"count":5}`)
	for language, want := range map[string][]string{
		"en": {"Every 22 minutes", "Every hour", "At 03:00 every day, Europe/Berlin", "Paused by the configuration", "at 03:00 on Monday, UTC", "Resumed by user_9", "Every 2 days"},
		"pl": {"Co 22 minuty", "Co godzinę", "Codziennie o 03:00, Europe/Berlin", "Wstrzymane przez konfigurację", "Wznowione przez: user_9", "Co 2 dni"},
		"ja": {"22分ごと", "1時間ごと", "毎日 03:00（Europe/Berlin）", "設定により一時停止中", "user_9 が再開", "2日ごと"},
	} {
		w.Header.Set("Accept-Language", language)
		p := w.Open("/console/schedules")
		for _, text := range append(want, "Wait for Bo.") {
			require.Contains(t, p.Text(), text)
		}
		require.Contains(t, p.HTML, `<span lang="en" dir="auto">at 03:00 on Monday, UTC</span>`, "what has no words is marked as English")
		require.Contains(t, p.HTML, `datetime="2026-11-30T12:10:00Z"`, "the next start")
	}
}

// Times that the API may leave out are told where it has them.
func TestTimesThatMayBeMissing(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill()
	w.api.On("GET /admin/flows/password-reset/1", http.StatusOK, `{"flow":{"id":"password-reset/1","workflow":"PasswordReset","status":"completed",
		"started_at":"2026-11-30T10:00:00.000Z","closed_at":"2026-11-30T10:05:00.000Z"},"moments":[]}`)
	w.api.On("GET /admin/api-keys", http.StatusOK, `{"api_keys":[{"id":"apk_1","title":"ERP","type":"secret","last_used_at":"2026-11-30T10:05:00.000Z"}],"count":1}`)
	for _, path := range []string{"/console/flows/one?id=password-reset%2F1", "/console/keys"} {
		require.Contains(t, w.Open(path).HTML, `datetime="2026-11-30T10:05:00Z"`, path)
	}
}
