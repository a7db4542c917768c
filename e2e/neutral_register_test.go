package e2e_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs/weak-spots.md#w19: the answers are the same, and the mailbox says more.
func TestNeutralRegistration(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes + "  neutral_register: [customer]\n"})
	p.command(t, "user", "create", "-e", "known@example.com", "-p", password)
	register := func(email, password string) answer {
		return p.call(t, "POST", "/auth/customer/emailpass/register", object{"email": email, "password": password})
	}
	confirm := func(token, password string) answer {
		return p.call(t, "POST", "/auth/customer/emailpass/register/confirm", object{
			"token": token, "password": password, "actor": object{"email": "ada@example.com", "first_name": "Ada"},
		})
	}

	for _, email := range []string{"known@example.com", "ada@example.com"} {
		a := register(email, password)
		require.Equal(t, 202, a.status, "%s", a.raw)
		require.JSONEq(t, `{"registration_requested":true}`, string(a.raw))
		weak := register(email, "short")
		require.Equal(t, 400, weak.status, "%s", weak.raw)
	}
	told := p.mailTo(t, "known@example.com", "auth.registration_requested", 1)
	require.Contains(t, told["subject"], "You already have")
	mailed := p.mailTo(t, "ada@example.com", "auth.registration_requested", 1)
	link, err := url.Parse(at[string](t, mailed, "links.0"))
	require.NoError(t, err)
	require.Equal(t, 200, p.browser(t).Open(link.Path+"?"+link.RawQuery).Status)
	token := link.Query().Get("token")
	a := p.call(t, "POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": password})
	require.Equal(t, 401, a.status, "a scanner that opens the link creates nothing")

	weak := confirm(token, "short")
	require.Equal(t, 400, weak.status, "%s", weak.raw)
	answers := parallel(t, 50, func(i int) (answer, error) {
		return p.try(t.Context(), "POST", "/auth/customer/emailpass/register/confirm", object{
			"token": token, "password": fmt.Sprint("another good horse ", i),
			"actor": object{"email": "ada@example.com", "first_name": "Ada"},
		})
	})
	require.Equal(t, 1, count(answers, 200))
	require.Equal(t, 49, count(answers, 401))
	for i, a := range answers {
		if a.status != 200 {
			continue
		}
		chosen := fmt.Sprint("another good horse ", i)
		me := p.call(t, "GET", "/store/customers/me", nil, bearer(a.str(t, "token"))...)
		require.Equal(t, 200, me.status, "%s", me.raw)
		p.login(t, "ada@example.com", chosen)
		again := confirm(token, "yet another horse")
		require.Equal(t, 401, again.status, "%s", again.raw)
	}
}
