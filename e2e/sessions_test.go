package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	laptop = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
	phone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)

// TestSessionsFlow: a user sees a sign-in from a new device, ends it by the mail or by
// the list, and an administrator disables the identity.
func TestSessionsFlow(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{env: []string{"EVERLATCH_AUTH_NEW_DEVICE_MAIL=true"}})
	const ada = "ada@example.com"
	from := func(path, agent string) string {
		a := p.call(t, "POST", path, object{"email": ada, "password": password}, "User-Agent", agent)
		require.Equal(t, 200, a.status, "%s", a.raw)
		return a.str(t, "token")
	}
	own := from("/auth/customer/emailpass/register", laptop)
	require.Equal(t, 200, p.call(t, "POST", "/store/customers", object{}, bearer(own)...).status)
	own = from("/auth/customer/emailpass", laptop)
	thief := from("/auth/customer/emailpass", phone)
	me := func(token string) int { return p.call(t, "GET", "/store/customers/me", nil, bearer(token)...).status }
	require.Equal(t, 200, me(thief))

	token := p.mailedToken(t, ada, "auth.sign_in_from_new_device", 1)
	require.Contains(t, p.mailTo(t, ada, "auth.sign_in_from_new_device", 1)["text"], "Safari on iPhone")
	page := p.browser(t).Open("/ui/customer/not-me?token=" + token)
	require.Equal(t, 200, page.Status)
	require.Equal(t, 200, me(thief), "a scanner that opens the link ends nothing")
	for range 2 {
		a := p.call(t, "POST", "/auth/sessions/disown", object{"token": token})
		require.Equal(t, 200, a.status, "%s", a.raw)
	}
	require.Equal(t, 401, me(thief))
	require.Equal(t, 200, me(own))

	again := from("/auth/customer/emailpass", phone)
	list := p.call(t, "GET", "/auth/sessions", nil, bearer(own)...)
	require.Equal(t, 200, list.status, "%s", list.raw)
	require.Equal(t, 1, strings.Count(string(list.raw), "Safari on iPhone"), "the ended one is not listed: %s", list.raw)
	require.Contains(t, string(list.raw), "Firefox on Linux")
	require.Equal(t, 200, p.call(t, "DELETE", "/auth/sessions", nil, bearer(own)...).status)
	require.Equal(t, 401, me(again))
	require.Equal(t, 200, me(own))

	admin := p.admin(t)
	found := p.call(t, "GET", "/admin/auth-identities?q=ada", nil, bearer(admin)...)
	require.Equal(t, 200, found.status, "%s", found.raw)
	identities := found.json(t)["auth_identities"].([]any) //nolint:forcetypeassert // a test
	require.Len(t, identities, 1)
	one := "/admin/auth-identities/" + identities[0].(object)["id"].(string) //nolint:forcetypeassert // a test
	require.Equal(t, 200, p.call(t, "POST", one+"/disable", object{"reason": "stolen"}, bearer(admin)...).status)
	require.Equal(t, 401, me(own))
	refused := p.call(t, "POST", "/auth/customer/emailpass", object{"email": ada, "password": password})
	wrong := p.call(t, "POST", "/auth/customer/emailpass", object{"email": ada, "password": "wrong password"})
	require.Equal(t, wrong.status, refused.status)
	require.Equal(t, string(wrong.raw), string(refused.raw), "it looks like a wrong password")
	require.Equal(t, 200, p.call(t, "POST", one+"/enable", nil, bearer(admin)...).status)
	require.Equal(t, 200, me(from("/auth/customer/emailpass", laptop)))
	require.Equal(t, 200, p.call(t, "DELETE", one+"/sessions", nil, bearer(admin)...).status)
	require.Equal(t, 400, p.call(t, "DELETE", one, nil, bearer(admin)...).status, "it signs in to an account")
}
