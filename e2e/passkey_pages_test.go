package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// passkeyPages are the hosted pages of a service in a Chromium with a device.
type passkeyPages struct {
	passkeyShop
}

func (s *passkeyPages) visit(t *testing.T, path string) {
	t.Helper()
	s.open(t, strings.Replace(s.p.base, "127.0.0.1", "localhost", 1)+path) // the domain of its passkeys
}

func (s *passkeyPages) fill(t *testing.T, label, text string) {
	t.Helper()
	s.do(t, nil, "fill", label, text)
}

// touch says whether the device answers by itself, as one does whose owner touches it.
func (s *passkeyPages) touch(t *testing.T, touched bool) {
	t.Helper()
	s.devtools(t, nil, "setAutomaticPresenceSimulation", object{"enabled": touched})
}

func startPasskeyPages(t *testing.T, name, config string) *passkeyPages {
	t.Helper()
	c := startChromium(t)
	s := &passkeyPages{passkeyShop{browser: browser{c, name}}}
	s.p = startDev(t, devOptions{config: config})
	s.visit(t, "/ui/customer")
	s.do(t, &s.device, "authenticator", `{"protocol":"ctap2","transport":"internal","hasResidentKey":true,"hasUserVerification":true,`+
		`"isUserVerified":true,"automaticPresenceSimulation":true}`)
	return s
}

const passkeyProviders = "auth:\n  providers: [{resolve: emailpass}, {resolve: passkey}]\n"

// TestPasskeysOnPagesInChromium signs up with a passkey alone, signs in by the autofill of the
// address, and adds, names and removes another one.
func TestPasskeysOnPagesInChromium(t *testing.T) {
	t.Parallel()
	const email = "ada@example.com"
	s := startPasskeyPages(t, "ada", passkeyProviders+"compat:\n  customer_email: free\n")
	s.visit(t, "/ui/customer/sign-up")
	s.press(t, "Use a passkey instead")
	s.fill(t, "Email", email)
	s.picture(t, "sign-up with a passkey")
	s.press(t, "Create account")
	s.await(t, email)
	require.Equal(t, accountPath, s.eval(t, "location.pathname"))

	s.touch(t, false)
	s.press(t, "Sign out")
	s.await(t, "You have signed out.")
	s.touch(t, true) // the passkey is chosen in the autofill
	s.visit(t, "/ui/customer")
	s.await(t, email)
	require.Equal(t, accountPath, s.eval(t, "location.pathname"))
	s.visit(t, accountPath+"/security")
	s.await(t, "Last used on")
	s.picture(t, "security")

	s.visit(t, accountPath+"/add/passkey")
	s.press(t, "Add a passkey")
	s.await(t, "The passkey was not made.") // the device has one
	s.touch(t, false)
	var key string
	s.do(t, &key, "authenticator", `{"protocol":"ctap2","transport":"usb","hasResidentKey":true,"hasUserVerification":true,"isUserVerified":true,"automaticPresenceSimulation":true}`)
	s.fill(t, "Name", "Key")
	s.press(t, "Add a passkey")
	s.await(t, "You can now sign in with this: Passkey")
	s.await(t, "Not used yet")
	s.eval(t, `(document.evaluate("//li[contains(., 'Key')]//a[contains(., 'Manage')]", document, null, 9).singleNodeValue.click(), "")`)
	s.await(t, "Remove this way to sign in")
	s.fill(t, "Name", "My key")
	s.press(t, "Save")
	s.await(t, "The name has been saved.")
	s.await(t, "My key")
	s.eval(t, `(document.evaluate("//li[contains(., 'My key')]//a[contains(., 'Manage')]", document, null, 9).singleNodeValue.click(), "")`)
	s.await(t, "Remove this way to sign in")
	s.device = key
	s.touch(t, false) // what began with a passkey ends, and the sign-in page asks for one
	s.press(t, "Remove this way to sign in")
	s.await(t, "Removed: Passkey")
}

// TestPasskeyFactorOnPagesInChromium adds a passkey as a second factor, signs in with it, and
// confirms with it who they are.
func TestPasskeyFactorOnPagesInChromium(t *testing.T) {
	t.Parallel()
	const email = "grace@example.com"
	s := startPasskeyPages(t, "grace", passkeyProviders)
	s.p.register(t, email, password)
	s.touch(t, false) // no passkey is chosen in the autofill
	s.visit(t, "/ui/customer")
	s.fill(t, "Email", email)
	s.fill(t, "Password", password)
	s.press(t, "Sign in")
	s.press(t, "Create account") // the identity has none yet
	s.await(t, "Sign out")
	s.visit(t, accountPath+"/factors/passkey")
	s.touch(t, true)
	s.fill(t, "Name", "Laptop")
	s.picture(t, "a second factor")
	s.press(t, "Add it")
	s.await(t, "Two-step verification is on.")

	s.touch(t, false)
	s.press(t, "Sign out")
	s.await(t, "You have signed out.")
	s.fill(t, "Email", email)
	s.fill(t, "Password", password)
	s.press(t, "Sign in")
	s.await(t, "Use the passkey that protects your account.")
	s.touch(t, true)
	s.press(t, "Use a passkey")
	s.await(t, "Sign out")

	s.visit(t, accountPath+"/confirm?to="+accountPath+"/sessions&by=factor")
	s.picture(t, "confirm")
	s.press(t, "Use a passkey")
	s.await(t, "Thank you. You can go on now.")
	require.Equal(t, accountPath+"/sessions", s.eval(t, "location.pathname"))

	s.visit(t, accountPath+"/security")
	s.eval(t, `(document.evaluate("//li[contains(., 'Laptop')]//a", document, null, 9).singleNodeValue.click(), "")`)
	s.await(t, "Remove this second step")
	s.press(t, "Remove this second step")
	s.await(t, "The second step has been removed.")
}
