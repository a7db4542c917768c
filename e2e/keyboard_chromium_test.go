package e2e_test

import (
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
