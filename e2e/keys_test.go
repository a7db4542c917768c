package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// keyLoad are users who go on while keys are rotated, and what went wrong for them.
type keyLoad struct {
	apis  []*process
	users sync.WaitGroup
	done  atomic.Int64

	mu     sync.Mutex
	failed []string
}

// want notes a request that was not answered as it should.
func (l *keyLoad) want(what string, status int, a answer, err error) bool {
	if err == nil && a.status == status {
		l.done.Add(1)
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = append(l.failed, fmt.Sprintf("%s: %d %s %v", what, a.status, a.raw, err))
	return false
}

// user signs up, in, renews, opens a session and repeats itself, each time at the other API. The
// token and the cookie stay the first ones until the end.
func (l *keyLoad) user(running, ctx context.Context, n int) {
	email := fmt.Sprintf("load%d@example.com", n)
	credentials := object{"email": email, "password": password}
	at := func(i int) *process { return l.apis[i%len(l.apis)] }
	register := func(i int) (answer, error) {
		return at(i).try(ctx, "POST", "/auth/customer/emailpass/register", object{
			"email": email, "password": password, "actor": object{"first_name": "Ada"},
		}, "Idempotency-Key", email)
	}
	first, err := register(n)
	if !l.want("register", 200, first, err) {
		return
	}
	token := issuedBy(first)
	opened, err := at(n).try(ctx, "POST", "/auth/session", nil, bearer(token)...)
	if !l.want("session", 200, opened, err) {
		return
	}
	cookie, _, _ := strings.Cut(opened.header.Get("Set-Cookie"), ";")
	for i := n; running.Err() == nil; i++ {
		a, err := register(i + 1)
		if l.want("repeated register", 200, a, err) && string(a.raw) != string(first.raw) {
			l.want("repeated register gave another answer", 0, a, nil)
		}
		a, err = at(i).try(ctx, "POST", "/auth/customer/emailpass", credentials)
		if l.want("sign-in", 200, a, err) {
			fresh := issuedBy(a)
			a, err = at(i+1).try(ctx, "GET", "/store/customers/me", nil, bearer(fresh)...)
			l.want("me with a new token", 200, a, err)
			a, err = at(i+1).try(ctx, "POST", "/auth/token/refresh", nil, bearer(fresh)...)
			l.want("refresh", 200, a, err)
		}
		a, err = at(i).try(ctx, "GET", "/store/customers/me", nil, bearer(token)...)
		l.want("me with the first token", 200, a, err)
		a, err = at(i+1).try(ctx, "GET", "/store/customers/me", nil, "Cookie", cookie)
		l.want("me with the first cookie", 200, a, err)
	}
}

func issuedBy(a answer) string {
	var body struct {
		Token string `json:"token"`
	}
	_ = json.Unmarshal(a.raw, &body) // an empty token fails at its first use
	return body.Token
}

// keysOf are the keys that `keys list` shows, by ring and state.
func keysOf(t *testing.T, env []string) map[string]string {
	t.Helper()
	var list struct {
		Keys []struct {
			Ring  string `json:"ring"`
			ID    string `json:"id"`
			State string `json:"state"`
		} `json:"keys"`
	}
	text := runToEnd(t, env, "keys", "list", "--json")
	require.NoError(t, json.Unmarshal([]byte(text), &list), "%s", text)
	out := map[string]string{}
	for _, k := range list.Keys {
		out[k.Ring+" "+k.State] = k.ID
	}
	return out
}

// TestRotationUnderLoad rotates all five rings, from a single key on, while users sign up, sign
// in, renew, repeat themselves and use existing tokens, sessions and second factors, on two APIs
// and two workers. No request fails. Then it goes through what the command says is next.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	database := postgres(t)
	server := temporalServer(t, filepath.Join(t.TempDir(), "temporal"), "")
	// One customer signs in all the time: the hundredth sign-in would end the first token.
	env := append(production(database, server.Address()), "EVERLATCH_KEYS_REFRESH_EVERY=1s", "EVERLATCH_AUTH_MAX_SESSIONS=100000",
		"EVERLATCH_LIMITS_ENABLED=false", "EVERLATCH_STORE_PUBLISHABLE_KEY=off")
	runToEnd(t, env, "migrate", "up")
	l := &keyLoad{apis: []*process{startCommand(t, "api", env), startCommand(t, "api", env)}}
	workers := []*process{startCommand(t, "worker", env), startCommand(t, "worker", env)}
	before := keysOf(t, env)
	configured := before["vault active"]
	require.Len(t, before, 6, "from a single key on: %v", before)

	const email = "grace@example.com"
	l.apis[0].signUpAs(t, email)
	token := l.apis[0].login(t, email, password)
	_, recovery := l.apis[0].withFactor(t, token, 2)
	secondFactor := func(p *process, code string) {
		begun := p.call(t, "POST", "/auth/customer/emailpass", object{"email": email, "password": password})
		require.Equal(t, 200, begun.status, "%s", begun.raw)
		a := p.call(t, "POST", "/auth/mfa/challenges/"+begun.str(t, "mfa_challenge.id")+"/verify",
			object{"method": "recovery_code", "code": code}, bearer(begun.str(t, "token"))...)
		require.Equal(t, 200, a.status, "%s", a.raw)
	}
	secondFactor(l.apis[0], recovery[0])

	running, stop := context.WithCancel(t.Context())
	defer stop()
	for n := range 4 {
		l.users.Go(func() { l.user(running, t.Context(), n) })
	}
	said := runToEnd(t, env, "keys", "rotate", "jwt", "cookie", "vault", "codec", "mfa")
	require.Contains(t, said, "every process uses", "%s", said)
	require.Contains(t, said, "keys retire codec "+configured)
	after := keysOf(t, env)
	for _, ring := range []string{"jwt", "cookie", "vault", "codec", "mfa"} {
		require.Equal(t, before[ring+" active"], after[ring+" previous"])
		require.NotEqual(t, before[ring+" active"], after[ring+" active"])
	}
	secondFactor(l.apis[1], recovery[1])
	runToEnd(t, env, "keys", "rotate", "jwt") // again, which changes nothing
	require.Equal(t, after, keysOf(t, env))

	// The flow has sealed the factor again, and then its key can go; the histories still need theirs.
	require.Eventually(t, func() bool {
		out, err := run(t, env, "keys", "retire", "mfa", configured)
		return err == nil && strings.Contains(out, "mfa/"+configured+" is retired")
	}, waitFor, waitFor/100)
	out, err := run(t, env, "keys", "retire", "codec", configured)
	require.Error(t, err)
	require.Contains(t, out, "histories")
	_, err = run(t, env, "keys", "retire", "vault", after["vault active"], "--force")
	require.Error(t, err, "the key in use")

	stop()
	l.users.Wait()
	require.Empty(t, l.failed)
	require.Greater(t, l.done.Load(), int64(50))
	require.Contains(t, runToEnd(t, env, "schedule", "trigger", "clean-up"), "starts now")
	for _, p := range append(l.apis, workers...) {
		p.stop(t)
	}
}
