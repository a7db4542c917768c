package e2e_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// signUpInOneCall registers an identity together with its customer.
func (p *process) signUpInOneCall(ctx context.Context, email string, header ...string) (answer, error) {
	return p.try(ctx, "POST", "/auth/customer/emailpass/register", object{
		"email": email, "password": password, "actor": object{"first_name": "Ada"},
	}, header...)
}

// TestSignUpInOneCall: of 60 people who sign up with one address, and one
// password, one gets the account, whole; each of them hears what they got (docs/weak-spots.md#w4).
func TestSignUpInOneCall(t *testing.T) {
	t.Parallel()
	const email = "ada@example.com"
	p := startDev(t, devOptions{config: cheapHashes})
	answers := parallel(t, 60, func(int) (answer, error) { return p.signUpInOneCall(t.Context(), email) })
	require.Equal(t, 1, count(answers, 200))
	require.Equal(t, 59, count(answers, 401)+count(answers, 400)+count(answers, 422))

	for _, token := range []string{answerOf(answers, 200).str(t, "token"), p.login(t, email, password)} {
		me := p.call(t, "GET", "/store/customers/me", nil, bearer(token)...)
		require.Equal(t, 200, me.status, "%s", me.raw)
		require.Equal(t, "Ada", me.str(t, "customer.first_name"))
		require.Equal(t, email, me.str(t, "customer.email"), "that of the login")
	}
	root := p.admin(t)
	customers := p.call(t, "GET", "/admin/customers", nil, bearer(root)...)
	require.InDelta(t, 1, customers.json(t)["count"], 0, "%s", customers.raw)
	require.Equal(t, 1, p.released(t, "customer.created", root))

	again, err := p.signUpInOneCall(t.Context(), "bob@example.com", "Idempotency-Key", "bob")
	require.NoError(t, err)
	require.Equal(t, 200, again.status, "%s", again.raw)
	repeated, err := p.signUpInOneCall(t.Context(), "bob@example.com", "Idempotency-Key", "bob")
	require.NoError(t, err)
	require.JSONEq(t, string(again.raw), string(repeated.raw), "a repeated request gets the first answer")
	other := p.call(t, "POST", "/auth/customer/emailpass/register", object{
		"email": "bob@example.com", "password": password, "actor": object{"first_name": "Bob"},
	}, "Idempotency-Key", "bob")
	require.Equal(t, 409, other.status, "another account is another request: %s", other.raw)

	wrong := p.call(t, "POST", "/auth/customer/emailpass/register", object{
		"email": "eve@example.com", "password": password, "actor": object{"email": "victim@example.com"},
	})
	require.Equal(t, 400, wrong.status, "not the address of another identity: %s", wrong.raw)
	p.register(t, "eve@example.com", "another-Secret-of-eve") // nothing remained of the one before
}

// TestKillDuringSignUps kills the process during 60 sign-ups. Afterwards each has
// an identity with its account, or neither: every sign-in is a customer's, and no
// address is taken by half a sign-up (docs/weak-spots.md#w4).
func TestKillDuringSignUps(t *testing.T) {
	t.Parallel()
	const people, killAfter = 60, 20
	p := startDev(t, devOptions{config: cheapHashes})
	keyed := func(ctx context.Context, p *process, i int) (answer, error) {
		return p.signUpInOneCall(ctx, addressOf(i), "Idempotency-Key", fmt.Sprint("sign-up-", i))
	}
	answers := p.killedUnder(t, people, killAfter, func(ctx context.Context, i int) (answer, error) { return keyed(ctx, p, i) })

	p = startDev(t, devOptions{dir: p.dir, config: cheapHashes})
	root := p.admin(t)
	for i := range people {
		a := p.settled(t, func() answer {
			a, err := keyed(t.Context(), p, i)
			require.NoError(t, err)
			return a
		})
		require.Equal(t, 200, a.status, "%s", a.raw)
		if answers[i].status == 200 {
			require.JSONEq(t, string(answers[i].raw), string(a.raw), "who was answered gets the same answer")
		}
		me := p.call(t, "GET", "/store/customers/me", nil, bearer(p.login(t, addressOf(i), password))...)
		require.Equal(t, 200, me.status, "%s", me.raw)
		require.Equal(t, addressOf(i), me.str(t, "customer.email"))
	}
	customers := p.call(t, "GET", "/admin/customers?limit=1", nil, bearer(root)...)
	require.InDelta(t, people, customers.json(t)["count"], 0)
	require.Eventually(t, func() bool { return p.released(t, "customer.created", root) == people }, waitFor, tick)
}
