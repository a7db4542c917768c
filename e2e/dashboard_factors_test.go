package e2e_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// firstDigit is the label of the first field for a code. The others get the digits that
// follow, and the last one sends the code.
const firstDigit = "One-time password 1"

// hasASecondFactor enables an authenticator app, signs in with a code and with a recovery
// code, and disables the app long afterwards, all in the dashboard as it is.
func (w *dashboard) hasASecondFactor(t *testing.T) {
	const email = "hedy@example.com"
	w.command(t, "user", "create", "-e", email, "-p", password)
	hedy := w.browser(t, "hedy")
	hedy.open(t, w.url+"/login")
	hedy.signIn(t, email, password)
	hedy.await(t, atHome)
	secret, recovery := w.enablesAnApp(t, hedy, email)

	hedy.tap(t, "button:has-text('"+email+"')")
	hedy.do(t, nil, "choose", "Log out")
	hedy.await(t, "Welcome to Medusa")
	hedy.do(t, nil, "complaints") // what the page had asked for is refused meanwhile
	hedy.signIn(t, email, password)
	hedy.await(t, "Enter the 6-digit code from your authenticator app.")
	hedy.picture(t, "is asked for a code")
	hedy.do(t, nil, "fill", firstDigit, wrongFor(t, secret))
	hedy.await(t, "Invalid MFA challenge code")
	hedy.picture(t, "has a wrong code")
	hedy.do(t, nil, "fill", firstDigit, codeOf(t, secret, 0))
	hedy.await(t, atHome)

	w.losesThePhone(t, email, recovery)
	w.agesSecondFactors(t)
	w.disablesTheApp(t, hedy, secret)
	again := w.browser(t, "hedy again")
	again.open(t, w.url+"/login")
	again.signIn(t, email, password)
	again.await(t, atHome)
	again.complains(t)
}

// enablesAnApp adds an authenticator app on the page of the profile, and returns its
// secret and the recovery codes that are shown.
func (w *dashboard) enablesAnApp(t *testing.T, hedy browser, email string) (secret string, recovery []string) {
	t.Helper()
	hedy.open(t, w.url+"/settings/profile")
	hedy.await(t, "No authentication method enabled")
	hedy.picture(t, "has no second factor")
	hedy.click(t, "Enable")
	hedy.await(t, "Scan the QR code with your authenticator app")
	secret = hedy.eval(t, `document.querySelector("[role=dialog] .font-mono span").textContent`)
	require.Regexp(t, "^"+patterns["<base32>"]+"$", secret)
	hedy.picture(t, "scans the code")
	hedy.complains(t)
	hedy.do(t, nil, "fill", firstDigit, wrongFor(t, secret))
	hedy.await(t, "Invalid TOTP code")
	hedy.complains(t, "400 POST /auth/mfa/factors/:id/verify")
	awaitQuietStep(t)
	hedy.do(t, nil, "fill", firstDigit, codeOf(t, secret, -1))
	hedy.await(t, "Copy and store these recovery codes")
	recovery = strings.Fields(hedy.eval(t, `[...document.querySelectorAll("[role=dialog] .font-mono")].map((e) => e.textContent).join(" ")`))
	require.Len(t, recovery, 10)
	hedy.picture(t, "is shown recovery codes")
	hedy.click(t, "Complete")
	hedy.do(t, nil, "see", "Enabled")
	hedy.picture(t, "has enabled it")
	hedy.complains(t)
	w.mailTo(t, email, "auth.mfa_enabled", 1)
	return secret, recovery
}

// agesSecondFactors lets the time pass in which a second factor stands for another one.
func (w *dashboard) agesSecondFactors(t *testing.T) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "everlatch.db")+"?_txlock=immediate&_pragma=busy_timeout(5000)&_time_format=sqlite")
	require.NoError(t, err)
	defer db.Close()
	done, err := db.ExecContext(t.Context(), `UPDATE session SET mfa_completed_at = $1 WHERE mfa_completed_at IS NOT NULL`, time.Now().Add(-11*time.Minute).UTC())
	require.NoError(t, err)
	aged, err := done.RowsAffected()
	require.NoError(t, err)
	require.Positive(t, aged)
}

// wrongFor is a code that an authenticator app doesn't show around now.
func wrongFor(t *testing.T, secret string) string {
	t.Helper()
	for _, code := range []string{"000000", "111111", "222222", "333333", "444444", "555555"} {
		shown := false
		for steps := -2; steps <= 2; steps++ {
			shown = shown || codeOf(t, secret, steps) == code
		}
		if !shown {
			return code
		}
	}
	require.Fail(t, "five steps show six codes")
	return ""
}

// losesThePhone signs in with a recovery code on another device, which works once.
func (w *dashboard) losesThePhone(t *testing.T, email string, recovery []string) {
	t.Helper()
	elsewhere := w.browser(t, "hedy elsewhere")
	for i, tt := range []struct{ code, shows string }{
		{strings.ToUpper(recovery[0]), atHome},
		{recovery[0], "Invalid MFA challenge code"},
	} {
		elsewhere.open(t, w.url+"/login")
		elsewhere.signIn(t, email, password)
		elsewhere.await(t, "Lost access to your authenticator app?")
		elsewhere.press(t, "Use a recovery code")
		elsewhere.do(t, nil, "type", "Recovery code", tt.code)
		elsewhere.press(t, "Verify")
		elsewhere.await(t, tt.shows)
		elsewhere.picture(t, []string{"is in with a recovery code", "has used it before"}[i])
	}
	w.mailTo(t, email, "auth.mfa_recovery_code_used", 1)
}

// disablesTheApp disables it when the second factor of the session is too old: the
// dashboard asks for a code (docs/weak-spots.md#w59).
func (w *dashboard) disablesTheApp(t *testing.T, hedy browser, secret string) {
	t.Helper()
	hedy.complains(t, "400 POST /auth/mfa/challenges/:id/verify")
	hedy.open(t, w.url+"/settings/profile")
	hedy.do(t, nil, "see", "Enabled")
	hedy.click(t, "Disable")
	hedy.await(t, "You are about to disable two-factor authentication for your account.")
	hedy.picture(t, "is asked whether she means it")
	hedy.tap(t, "[role=alertdialog] button:has-text('Disable')")
	hedy.await(t, "Enter the 6-digit code from your authenticator app to disable two-factor authentication.")
	hedy.picture(t, "is asked for a code to disable it")
	hedy.do(t, nil, "fill", firstDigit, wrongFor(t, secret))
	hedy.await(t, "Invalid MFA verification code")
	hedy.do(t, nil, "fill", firstDigit, codeOf(t, secret, 1))
	hedy.await(t, "Two-factor authentication disabled")
	hedy.await(t, "No authentication method enabled")
	hedy.picture(t, "has disabled it")
	hedy.complains(t, "401 DELETE /auth/mfa/factors/:id", "400 DELETE /auth/mfa/factors/:id")
}
