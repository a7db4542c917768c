package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tabTo presses Tab until the element with a label or text has the focus.
func (b browser) tabTo(t *testing.T, name string) { t.Helper(); b.do(t, nil, "tabTo", name) }

// keys types with the keyboard, and presses the key after it, such as Enter.
func (b browser) keys(t *testing.T, text, key string) { t.Helper(); b.do(t, nil, "keys", text, key) }

// TestKeyboardAloneInChromium signs up, out, in and out again, without a mouse: once with
// JavaScript and once without it.
func TestKeyboardAloneInChromium(t *testing.T) {
	t.Parallel()
	c := startChromium(t)
	p := startDev(t, devOptions{config: cheapHashes})
	for name, email := range map[string]string{"by the keyboard": "ada@example.com", "by the keyboard, without JavaScript": "grace@example.com"} {
		b := browser{c, name}
		b.open(t, p.base+"/ui/customer/sign-up")
		b.tabTo(t, "Email")
		b.keys(t, email, "")
		b.tabTo(t, "Password")
		b.keys(t, "short", "Enter")
		b.await(t, "Use at least 8 characters")
		b.picture(t, "a password that is too short")
		b.tabTo(t, "Password") // the link in the summary of what is wrong
		b.keys(t, "", "Enter")
		b.keys(t, password, "Enter")
		b.await(t, email)
		b.picture(t, "signed up")
		b.tabTo(t, "Sign out")
		b.keys(t, "", "Enter")
		b.await(t, "You have signed out.")

		b.tabTo(t, "Email")
		b.keys(t, email, "")
		b.tabTo(t, "Password")
		b.keys(t, password, "Enter")
		b.await(t, email)
		require.Equal(t, "/ui/customer/account", b.eval(t, "location.pathname"))
	}
}

// TestSecondFactorByKeyboardInChromium sets up a second factor, signs in with it, and, as an
// administrator, searches for a customer and disables their sign-in: without a mouse.
func TestSecondFactorByKeyboardInChromium(t *testing.T) {
	t.Parallel()
	c := startChromium(t)
	p := startDev(t, devOptions{config: cheapHashes})
	p.signUp(t)
	p.root(t)
	const email = "ada@example.com"
	b := browser{c, "a customer with a keyboard"}
	b.open(t, p.base+"/ui/customer")
	b.signInByKeys(t, email)
	b.enter(t, "Sign-in and security")
	b.enter(t, "Add Authenticator app")
	b.enter(t, "Continue")
	b.await(t, "Scan this code")
	b.picture(t, "a second factor by keyboard")
	secret := strings.ReplaceAll(b.text(t, "#key"), " ", "")
	b.tabTo(t, "Code")
	b.keys(t, totpCode(t, secret, 0), "Enter")
	b.await(t, "Two-step verification is on.")
	b.enter(t, "Sign out")
	b.await(t, "You have signed out.")
	b.do(t, nil, "back")
	b.await(t, "Sign in")
	require.NotContains(t, b.text(t, "body"), "Recovery codes", "the back button shows nothing of the account")

	b.open(t, p.base+"/ui/customer")
	b.signInByKeys(t, email)
	b.await(t, "authenticator app")
	b.keys(t, totpCode(t, secret, 1), "Enter") // the field has the focus
	b.await(t, "Recovery codes")               // where the back button led to

	root := browser{c, "an administrator with a keyboard"}
	root.open(t, p.base+"/ui/user?return_to=/console/people")
	root.signInByKeys(t, "root@example.com")
	root.await(t, "Email, name or id")
	root.tabTo(t, "Email, name or id")
	root.keys(t, email, "Enter")
	root.enter(t, email)
	root.enter(t, "Disable")
	root.await(t, "Disable this sign-in?")
	root.tabTo(t, "Reason")
	root.keys(t, "lost the phone", "Enter")
	root.await(t, "Disabled. All sessions have ended.")
	root.picture(t, "disabled by keyboard")
	require.Equal(t, 401, p.call(t, "POST", "/auth/customer/emailpass", object{"email": email, "password": password}).status)
}

// signInByKeys fills in the sign-in page with the keyboard.
func (b browser) signInByKeys(t *testing.T, email string) {
	t.Helper()
	b.tabTo(t, "Email")
	b.keys(t, email, "")
	b.tabTo(t, "Password")
	b.keys(t, password, "Enter")
}

// enter tabs to a link or button and presses it.
func (b browser) enter(t *testing.T, name string) {
	t.Helper()
	b.await(t, name)
	b.tabTo(t, name)
	b.keys(t, "", "Enter")
}
