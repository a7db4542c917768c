package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// codeProviders let people sign up with a code that is mailed to them, or with a passkey.
const codeProviders = `auth:
  providers:
    - resolve: emailpass
    - resolve: passkey
    - {resolve: emailcode, options: {register: true}}
`

// enterMailedCode asks for a code on the page that is shown, and enters it.
func (s *passkeyPages) enterMailedCode(t *testing.T, email string, n int) {
	t.Helper()
	s.fill(t, "Email", email)
	s.press(t, "Send code")
	s.await(t, "Enter your code")
	s.fill(t, "Code", s.p.mailedCode(t, email, n))
	s.press(t, "Sign in")
}

// TestConfirmByMailedCodeInChromium signs up with nothing but a mailed code, and proves with
// another one who they are.
func TestConfirmByMailedCodeInChromium(t *testing.T) {
	t.Parallel()
	const email = "ada@example.com"
	s := startPasskeyPages(t, "ada with a mailbox", codeProviders)
	s.touch(t, false) // no passkey is chosen in the autofill
	s.visit(t, "/ui/customer/code")
	s.enterMailedCode(t, email, 1)
	s.press(t, "Create account") // the identity has none yet
	s.await(t, "Sign out")

	s.visit(t, accountPath+"/confirm?to="+accountPath+"/sessions")
	s.await(t, "We send a code to "+email)
	s.picture(t, "confirm by a mailed code")
	s.press(t, "Send code")
	wrong, right := "000000", s.p.mailedCode(t, email, 2)
	if right == wrong {
		wrong = "000001"
	}
	s.fill(t, "Code", wrong)
	s.press(t, "Confirm")
	s.await(t, "This code is wrong or has expired.")
	require.Equal(t, accountPath+"/confirm", s.eval(t, "location.pathname"))
	s.picture(t, "a wrong code")
	s.fill(t, "Code", right[:3]+" "+right[3:]) // as people type it
	s.press(t, "Confirm")
	s.await(t, "Thank you. You can go on now.")
	require.Equal(t, accountPath+"/sessions", s.eval(t, "location.pathname"))
	require.Equal(t, 1, strings.Count(s.text(t, "main"), "This device"), "in the same browser")
}

// TestPasskeySignUpAfterACodeInChromium signs up with a passkey where the account must have an
// address of its owner: a mailed code proves it first. The passkey alone signs in afterwards.
func TestPasskeySignUpAfterACodeInChromium(t *testing.T) {
	t.Parallel()
	const email = "grace@example.com"
	s := startPasskeyPages(t, "grace with a mailbox", codeProviders)
	s.touch(t, false)
	s.visit(t, "/ui/customer/sign-up")
	s.press(t, "Use a passkey instead")
	s.await(t, "We first send a code to your email address.")
	s.picture(t, "sign-up with a passkey after a code")
	s.press(t, "Continue")
	s.enterMailedCode(t, email, 1)
	s.press(t, "Create account")
	s.await(t, "There is nothing to remember and nothing to steal.")
	require.Equal(t, accountPath+"/add/passkey", s.eval(t, "location.pathname"), "the sign-up goes on to the passkey")
	s.touch(t, true)
	s.fill(t, "Name", "Laptop")
	s.press(t, "Add a passkey")
	s.await(t, "You can now sign in with this: Passkey")

	s.touch(t, false)
	s.press(t, "Sign out")
	s.await(t, "You have signed out.")
	s.touch(t, true)
	s.press(t, "Sign in with a passkey")
	s.await(t, email)
	require.Equal(t, accountPath, s.eval(t, "location.pathname"))
}
