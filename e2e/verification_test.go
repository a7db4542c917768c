package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const verifyCustomers = `http:
  auth_verifications_per_actor:
    customer: [{entity_type: email, auth_provider: emailpass}]
`

// TestVerificationFlow verifies an address from the sign-up to the account. Medusa 2.21.2
// was measured to let 3 to 4 of 20 confirmations with one code pass.
func TestVerificationFlow(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: verifyCustomers})
	const email = "ada@example.com"
	token := p.call(t, "POST", "/auth/customer/emailpass/register", object{"email": email, "password": password}).str(t, "token")
	account := func() answer { return p.call(t, "POST", "/store/customers", object{}, bearer(token)...) }
	require.Equal(t, 400, account().status, "docs/weak-spots.md#w55")
	signIn := func() answer {
		return p.call(t, "POST", "/auth/customer/emailpass", object{"email": email, "password": password})
	}
	require.Equal(t, true, signIn().json(t)["verification_required"])

	asked := p.call(t, "POST", "/auth/verification/request", object{"entity_id": email, "entity_type": "email"}, bearer(token)...)
	require.Equal(t, 201, asked.status, "%s", asked.raw)
	code := p.verificationCode(t, email, 1)
	page := p.browser(t).Open("/ui/customer/verify-email?code=" + code)
	require.Equal(t, 200, page.Status, "a scanner opens the link")
	require.Equal(t, true, signIn().json(t)["verification_required"])

	p.kill() // what was requested survives
	p = startDev(t, devOptions{dir: p.dir, config: verifyCustomers})
	answers := parallel(t, 50, func(int) (answer, error) {
		return p.try(t.Context(), "POST", "/auth/verification/confirm", object{"code": code})
	})
	require.Equal(t, 1, count(answers, 200))
	require.Equal(t, 49, count(answers, 400))

	require.Equal(t, 200, account().status)
	full := signIn()
	require.Nil(t, full.json(t)["verification_required"], "%s", full.raw)
	require.NotEmpty(t, text(claims(t, full.str(t, "token")), "actor_id"))
}

// Five wrong codes of six digits and no more, from as many clients as there are.
func TestVerificationTriesRace(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	token := p.call(t, "POST", "/auth/customer/emailpass/register", object{"email": "ada@example.com", "password": password}).str(t, "token")
	asked := p.call(t, "POST", "/auth/verification/request",
		object{"entity_id": "ada@example.com", "entity_type": "email", "code_provider": "otp"}, bearer(token)...)
	require.Equal(t, 201, asked.status, "%s", asked.raw)
	answers := parallel(t, 25, func(int) (answer, error) {
		return p.try(t.Context(), "POST", "/auth/verification/confirm", object{"code": "wrong"}, bearer(token)...)
	})
	exhausted := 0
	for _, a := range answers {
		require.Equal(t, 400, a.status, "%s", a.raw)
		if a.json(t)["message"] == "Too many wrong codes. Request a new one." {
			exhausted++
		}
	}
	require.Equal(t, 1, exhausted)
}
