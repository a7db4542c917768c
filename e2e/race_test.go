package e2e_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// parallel calls f n times at once and returns the answers.
func parallel(t *testing.T, n int, f func(i int) (answer, error)) []answer {
	t.Helper()
	answers := make([]answer, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			answers[i], errs[i] = f(i)
		})
	}
	close(begin)
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	return answers
}

func count(answers []answer, status int) int {
	n := 0
	for _, a := range answers {
		if a.status == status {
			n++
		}
	}
	return n
}

// cheapHashes leaves the time of a race to what races: with real ones, two
// cores hash for seconds and few requests ever meet.
const cheapHashes = `
auth:
  providers:
    - resolve: emailpass
      options: {argon2: {memory_kib: 8, time: 1, parallelism: 1}}
`

func TestRaces(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes + "compat: {customer_email: free}\n"})

	t.Run("100 registrations of one address make one identity", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		answers := parallel(t, 100, func(i int) (answer, error) {
			mail := "race@example.com"
			if i%2 == 1 {
				mail = " RACE@Example.com" // docs/weak-spots.md#w22
			}
			return p.try(t.Context(), "POST", "/auth/customer/emailpass/register",
				object{"email": mail, "password": password})
		})
		identities := map[string]bool{}
		for _, a := range answers {
			require.Equal(t, 200, a.status, "%s", a.raw)
			identities[identityOf(t, a.str(t, "token"))] = true
		}
		require.Len(t, identities, 1)
	})

	t.Run("100 registrations with different passwords have one winner", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		answers := parallel(t, 100, func(i int) (answer, error) {
			return p.try(t.Context(), "POST", "/auth/customer/emailpass/register",
				object{"email": "race2@example.com", "password": fmt.Sprintf("%s %d", password, i)})
		})
		require.Equal(t, 1, count(answers, 200))
		require.Equal(t, 99, count(answers, 401))
	})

	t.Run("50 account creations with one token make one customer", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		token := p.register(t, "account@example.com", password)
		answers := parallel(t, 50, func(i int) (answer, error) {
			return p.try(t.Context(), "POST", "/store/customers",
				object{"email": fmt.Sprintf("account%d@example.com", i)}, bearer(token)...)
		})
		require.Equal(t, 1, count(answers, 200))
		require.Equal(t, 49, count(answers, 400))
		me := p.call(t, "GET", "/store/customers/me", nil, bearer(p.login(t, "account@example.com", password))...)
		require.Equal(t, 200, me.status)
	})

	t.Run("50 account creations of one address by one token make one customer", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		token := p.register(t, "same@example.com", password)
		answers := parallel(t, 50, func(int) (answer, error) {
			return p.try(t.Context(), "POST", "/store/customers", object{"email": "same@example.com"}, bearer(token)...)
		})
		require.Equal(t, 1, count(answers, 200))
		require.Equal(t, 49, count(answers, 422)+count(answers, 400))
	})

	t.Run("50 repetitions under one Idempotency-Key get one answer", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		token := p.register(t, "idem@example.com", password)
		answers := parallel(t, 50, func(int) (answer, error) {
			return p.try(t.Context(), "POST", "/store/customers", object{"email": "idem@example.com"},
				append(bearer(token), "Idempotency-Key", "one")...)
		})
		ids := map[string]bool{}
		for _, a := range answers {
			require.Equal(t, 200, a.status, "%s", a.raw)
			ids[a.str(t, "customer.id")] = true
		}
		require.Len(t, ids, 1)
	})
}

// A burst of more than the cores can hash at once is worked off in order. No
// step of it may time out for waiting, since it would begin again and make
// everybody behind it wait longer.
func TestBurst(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	answers := parallel(t, 40, func(i int) (answer, error) {
		return p.try(t.Context(), "POST", "/auth/customer/emailpass/register",
			object{"email": fmt.Sprintf("burst%d@example.com", i), "password": password})
	})
	require.Equal(t, 40, count(answers, 200))
	require.NotContains(t, p.logText(), "task not found")
	require.NotContains(t, p.logText(), "after activity deadline")
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	registration := func(pass string) answer {
		return p.call(t, "POST", "/auth/customer/emailpass/register",
			object{"email": "key@example.com", "password": pass}, "Idempotency-Key", "k-1")
	}
	first := registration(password)
	require.Equal(t, 200, first.status, "%s", first.raw)
	require.Equal(t, string(first.raw), string(registration(password).raw), "the same answer, token and all")
	require.Equal(t, 409, registration(password+"!").status, "another body")

	p.kill()
	p = startDev(t, devOptions{dir: p.dir})

	require.Equal(t, string(first.raw), string(registration(password).raw), "also after kill -9")
	require.Equal(t, 409, registration(password+"!").status)
}
