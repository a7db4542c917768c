package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// factorsLeftOut are what the sample of the groups mfa and options leaves out about second
// factors.
func factorsLeftOut() map[string]func(t *testing.T, w *world) {
	return map[string]func(t *testing.T, w *world){
		// Here it replaces the factor that waits (docs/weak-spots.md#w67): another user tries it.
		"mfa/enroll-second-while-pending": func(t *testing.T, w *world) {
			t.Helper()
			stranger := w.register(t, "mfa-pending@example.com", password)
			w.addApp(t, stranger, "authmfa_replaced", object{"provider": "totp"})
			w.restore = w.inPlaceOf(t, "mfa/enroll-second-while-pending", stranger)
		},
		"mfa/list-pending": func(_ *testing.T, w *world) { w.restore() },
		"mfa/old-token-refresh": func(t *testing.T, w *world) {
			t.Helper()
			w.enableApp(t, w.tokenOf(t, "mfa/old-token-refresh"), firstPhone)
		},
		"mfa/pending-session-delete": func(t *testing.T, w *world) {
			t.Helper()
			p, pending := w.cast.ofEmail("m1@example.com"), recordedToken{text: "of the session", payload: object{"actor_type": "user"}}
			a := w.call(t, "POST", "/auth/session", nil, bearer(w.challenge(t, p, pending, ""))...)
			require.Equal(t, 200, a.status, "%s", a.raw)
			w.sessions["TE_YtmMvAU1u3qekryT2CsKDlwHvGuhM"] = parseCookie(a.header.Get("Set-Cookie"))
		},
		"mfa/completed-session-admin-me": func(t *testing.T, w *world) {
			t.Helper()
			a := w.call(t, "POST", "/auth/session", nil, bearer(w.tokenOf(t, "mfa/completed-token-list"))...)
			require.Equal(t, 200, a.status, "%s", a.raw)
			w.sessions["XGadv8lviccMHYXvTyBRIzJ_ueb_jYSr"] = parseCookie(a.header.Get("Set-Cookie"))
		},
		"mfa/too-many-attempts-4": func(t *testing.T, w *world) {
			t.Helper()
			require.Equal(t, map[string]int{"Invalid MFA challenge code": 2}, messages(t, w.wrongAnswers(t, "mfa/too-many-attempts-4", 2)))
		},
		"mfa/attempts-race-20-then-right-code": func(t *testing.T, w *world) {
			t.Helper()
			said := messages(t, w.wrongAnswers(t, "mfa/attempts-race-20-then-right-code", 20))
			require.Equal(t, 4, said["Invalid MFA challenge code"], "%v", said)
		},
		"mfa/recovery-code-upper-case-and-spaces": func(t *testing.T, w *world) {
			t.Helper()
			const code = "8E8C-ED44-3913-1EC9-48A1-8CCB-CC3E-AA78"
			w.codes[code] = strings.ToUpper(w.codes[strings.ToLower(code)])
		},
		"mfa/verification-confirm-with-mfa-pending-token": func(t *testing.T, w *world) {
			t.Helper()
			token := w.tokenOf(t, "mfa/verification-confirm-with-mfa-pending-token")
			a := w.call(t, "POST", "/auth/verification/request", object{"entity_id": "m1@example.com", "entity_type": "email"}, bearer(token)...)
			require.Equal(t, 201, a.status, "%s", a.raw)
			w.learnCode(t, "m1@example.com", "email", "Mxnntz5wQekfjOxoaWCGiaYSLLNqi0oi5jubzwo0ns0")
		},
		"mfa/totp-window-step--2": func(t *testing.T, w *world) {
			t.Helper()
			w.addApp(t, w.tokenOf(t, "mfa/totp-window-step--2"), watch, object{"provider": "totp"})
		},
		"mfa/totp-window-step-0": func(t *testing.T, w *world) {
			t.Helper()
			w.enableApp(t, w.tokenOf(t, "mfa/totp-window-step-0"), watch)
		},
		"options/verify-6-digits-refused": func(t *testing.T, w *world) {
			t.Helper()
			w.addApp(t, w.tokenOf(t, "options/verify-6-digits-refused"), eightDigits, object{"provider": "totp", "label": "a@b.c"})
		},
		"options/login-after-disable": func(t *testing.T, w *world) {
			t.Helper()
			a := w.call(t, "DELETE", "/auth/mfa/factors/"+w.ids[eightDigits],
				object{"method": "totp", "code": codeOfDigits(t, w.secrets[eightDigits], 1, 8)}, bearer(w.tokenOf(t, "options/verify-8-digits"))...)
			require.Equal(t, 200, a.status, "%s", a.raw)
		},
	}
}
