package e2e_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
)

// admin makes an administrator and returns a token of theirs.
func (p *process) admin(t *testing.T) string {
	t.Helper()
	p.command(t, "user", "create", "-e", "root@example.com", "-p", password)
	a := p.call(t, "POST", "/auth/user/emailpass", object{"email": "root@example.com", "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	return a.str(t, "token")
}

// released counts the events of a name.
func (p *process) released(t *testing.T, name, token string) int {
	t.Helper()
	a := p.call(t, "GET", "/admin/events?limit=0&name="+name, nil, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	n, ok := a.json(t)["count"].(float64)
	require.True(t, ok, "%s", a.raw)
	return int(n)
}

func TestAdminCustomerRaces(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes})
	token := p.admin(t)
	post := func(path string, body object) (answer, error) {
		return p.try(t.Context(), "POST", path, body, bearer(token)...)
	}

	t.Run("50 guests of one address are one", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		answers := parallel(t, 50, func(int) (answer, error) {
			return post("/admin/customers", object{"email": "guest@example.com"})
		})
		require.Equal(t, 1, count(answers, 200))
		require.Equal(t, 49, count(answers, 400))
		require.Equal(t, 1, p.released(t, "customer.created", token))
	})

	t.Run("50 customers that get one address, one has it", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		var ids []string
		for range 50 {
			a, err := post("/admin/customers", object{})
			require.NoError(t, err)
			ids = append(ids, a.str(t, "customer.id"))
		}
		answers := parallel(t, 50, func(i int) (answer, error) {
			return post("/admin/customers/"+ids[i], object{"email": "wanted@example.com"})
		})
		require.Equal(t, 1, count(answers, 200))
		require.Equal(t, 49, count(answers, 400))
		require.Equal(t, 1, p.released(t, "customer.updated", token))
	})

	t.Run("50 groups of one name are one", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		answers := parallel(t, 50, func(int) (answer, error) {
			return post("/admin/customer-groups", object{"name": "VIP"})
		})
		require.Equal(t, 1, count(answers, 200))
		require.Equal(t, 49, count(answers, 400))
	})

	t.Run("50 removals of one customer remove them once", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		own := p.signUp(t)
		me := p.call(t, "GET", "/store/customers/me", nil, bearer(own)...)
		id := me.str(t, "customer.id")
		answers := parallel(t, 50, func(int) (answer, error) {
			return p.try(t.Context(), "DELETE", "/admin/customers/"+id, nil, bearer(token)...)
		})
		require.Equal(t, 50, count(answers, 200), "%s", answers[0].raw)
		for _, name := range []string{"customer.deleted", "auth.account_deleted", "auth.identity_deleted"} {
			require.Equal(t, 1, p.released(t, name, token), name)
		}
		require.Eventually(t, func() bool { return p.released(t, "customer.erased", token) == 1 }, waitFor, tick, "one receipt")
		require.Equal(t, 401, p.call(t, "GET", "/store/customers/me", nil, bearer(own)...).status)
		p.signUp(t) // the address is free
	})
}

// docs/weak-spots.md#w9, #w10: an account is removed with what it has, be that nothing.
func TestAdminRemovesCustomers(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes})
	token := p.admin(t)
	for i, name := range []string{"ada", "grace"} {
		email := name + "@example.com"
		own := p.register(t, email, password)
		a := p.call(t, "POST", "/store/customers", object{"email": email}, bearer(own)...)
		require.Equal(t, 200, a.status, "%s", a.raw)
		id := a.str(t, "customer.id")
		if i == 1 { // the identity was removed by hand
			s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(p.dir, "everlatch.db"), time.Now)
			require.NoError(t, err)
			require.NoError(t, s.PurgeIdentity(t.Context(), identityOf(t, own), "by hand"))
			require.NoError(t, s.Close())
		}
		a = p.call(t, "DELETE", "/admin/customers/"+id, nil, bearer(token)...)
		require.Equal(t, 200, a.status, "%s", a.raw)
		require.JSONEq(t, fmt.Sprintf(`{"id":%q,"object":"customer","deleted":true}`, id), string(a.raw))
		require.Equal(t, 404, p.call(t, "GET", "/admin/customers/"+id, nil, bearer(token)...).status)
		a = p.call(t, "GET", "/admin/customers?with_deleted=true&fields=email,deleted_at&id="+id, nil, bearer(token)...)
		require.Contains(t, string(a.raw), email)
	}
}
