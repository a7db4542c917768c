package e2e_test

import (
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/githubtest"
)

// linkGithub goes to GitHub to add an account of it to the identity of a token.
func (p *process) linkGithub(t *testing.T, g *githubtest.Server, token string) url.Values {
	t.Helper()
	a := p.call(t, "POST", "/auth/identities/link/github", object{}, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	return g.Visit(t, a.str(t, "location")).Query()
}

// ways lists the ways to sign in of a token's identity: provider to id.
func (p *process) ways(t *testing.T, token string) map[string]string {
	t.Helper()
	a := p.call(t, "GET", "/auth/identities", nil, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	list, _ := a.json(t)["provider_identities"].([]any)
	out := map[string]string{}
	for _, item := range list {
		way, _ := item.(object)
		out[text(way, "provider")] = text(way, "id")
	}
	return out
}

// TestLinkingFlow: a customer with a password adds GitHub, signs in with it as
// the same customer, removes the password, and is notified of both (docs/weak-spots.md#w17).
func TestLinkingFlow(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	p := startDev(t, devOptions{config: socialConfig(g)})
	callback := func(params url.Values, header ...string) answer {
		return p.call(t, "GET", "/auth/customer/github/callback?"+params.Encode(), nil, header...)
	}
	const password = "first-Secret-of-ada"
	p.call(t, "POST", "/store/customers", object{"email": "ada@example.com"}, bearer(p.register(t, "ada@example.com", password))...)
	token := p.login(t, "ada@example.com", password)

	// A thief began it, and had the owner of the GitHub account finish it.
	thief := p.register(t, "thief@example.com", password)
	params := p.linkGithub(t, g, thief)
	require.Equal(t, 401, callback(params).status)
	require.Equal(t, 401, callback(params, bearer(token)...).status)
	require.Len(t, p.ways(t, thief), 1)

	params = p.linkGithub(t, g, token)
	linked := callback(params, bearer(token)...)
	require.Equal(t, 200, linked.status, "%s", linked.raw)
	require.Equal(t, 401, callback(params, bearer(token)...).status, "once")
	require.Equal(t, claims(t, token)["actor_id"], claims(t, linked.str(t, "token"))["actor_id"])
	require.Equal(t, "github", claims(t, linked.str(t, "token"))["auth_provider"])
	p.mailTo(t, "ada@example.com", "auth.identity_linked", 1)

	params, _ = p.away(t, g, namesItself...)
	byGithub := callback(params, namesItself...).str(t, "token")
	require.Equal(t, claims(t, token)["actor_id"], claims(t, byGithub)["actor_id"], "the same customer")

	params = p.linkGithub(t, g, thief)
	taken := callback(params, bearer(thief)...)
	require.Equal(t, 422, taken.status, "%s", taken.raw)
	require.Equal(t, "Another account signs in with this github account.", taken.str(t, "message"))

	ways := p.ways(t, token)
	remove := func(way, token string) answer {
		return p.call(t, "DELETE", "/auth/identities/"+ways[way], nil, bearer(token)...)
	}
	require.Equal(t, 400, remove("emailpass", token).status, "the person came by it")
	removed := remove("emailpass", byGithub)
	require.Equal(t, 200, removed.status, "%s", removed.raw)
	require.Equal(t, 401, p.call(t, "GET", "/store/customers/me", nil, bearer(token)...).status, "what it was good for has ended")
	byGithub = removed.str(t, "token")
	require.Equal(t, 200, p.call(t, "GET", "/store/customers/me", nil, bearer(byGithub)...).status)
	p.mailTo(t, "ada@example.com", "auth.identity_unlinked", 1)
	require.Equal(t, 401, p.call(t, "POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": password}).status)
	require.Equal(t, 400, remove("github", byGithub).status, "the last one stays")

	again := p.call(t, "POST", "/auth/identities/link/emailpass", object{"email": "ada@example.com", "password": "second-Secret-of-ada"}, bearer(byGithub)...)
	require.Equal(t, 200, again.status, "%s", again.raw)
	require.Equal(t, claims(t, token)["actor_id"], claims(t, p.login(t, "ada@example.com", "second-Secret-of-ada"))["actor_id"])
}

// Of 50 answers to one link, one adds it; of 50 identities that bring the same
// account, one gets it.
func TestLinkingRaces(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	p := startDev(t, devOptions{config: socialConfig(g)})
	token := p.register(t, "ada@example.com", "first-Secret-of-ada")
	params := p.linkGithub(t, g, token)
	answers := parallel(t, 50, func(int) (answer, error) {
		return p.try(t.Context(), "GET", "/auth/customer/github/callback?"+params.Encode(), nil, bearer(token)...)
	})
	require.Equal(t, 1, count(answers, 200))
	require.Equal(t, 49, count(answers, 401))
	require.Len(t, p.ways(t, token), 2)

	byGithub := answerOf(answers, 200).str(t, "token")
	ways := p.ways(t, byGithub)
	answers = parallel(t, 50, func(i int) (answer, error) {
		way, by := ways["github"], token
		if i%2 == 0 {
			way, by = ways["emailpass"], byGithub
		}
		return p.try(t.Context(), "DELETE", "/auth/identities/"+way, nil, bearer(by)...)
	})
	require.Equal(t, 1, count(answers, 200), "one way to sign in stays")
}

func answerOf(answers []answer, status int) answer {
	for _, a := range answers {
		if a.status == status {
			return a
		}
	}
	return answer{}
}

// An attacker can neither add the address of another person to an account, nor keep a
// way into one that they registered with it (docs/proof.md).
func TestPreHijacking(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	mallory := githubtest.Ada()
	mallory.Emails = []githubtest.Email{{Email: "mallory@example.com", Primary: true, Verified: true}}
	g.SetPerson(mallory)
	p := startDev(t, devOptions{config: socialConfig(g)})
	byGithub := func() string {
		params, _ := p.away(t, g, namesItself...)
		a := p.call(t, "GET", "/auth/customer/github/callback?"+params.Encode(), nil, namesItself...)
		require.Equal(t, 200, a.status, "%s", a.raw)
		return a.str(t, "token")
	}
	const first, second = "first-Secret-of-mallory", "second-Secret-of-ada"

	added := p.call(t, "POST", "/auth/identities/link/emailpass", object{"email": "ada@example.com", "password": first}, bearer(byGithub())...)
	require.Equal(t, 400, added.status, "%s", added.raw)
	require.Equal(t, "Add a provider that has verified this address first. Then you can sign in with it and a password.", added.str(t, "message"))
	require.Equal(t, 401, p.call(t, "POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": first}).status)

	mallory.ID++ // another account
	g.SetPerson(mallory)
	token := p.register(t, "ada@example.com", first)
	require.Equal(t, 200, p.call(t, "POST", "/store/customers", object{"email": "ada@example.com"}, bearer(token)...).status)
	token = p.login(t, "ada@example.com", first)
	params := p.linkGithub(t, g, token)
	linked := p.call(t, "GET", "/auth/customer/github/callback?"+params.Encode(), nil, bearer(token)...)
	require.Equal(t, 200, linked.status, "%s", linked.raw)
	kept := linked.str(t, "token")

	p.forgot(t, "customer", "ada@example.com")
	reset := p.call(t, "POST", "/auth/customer/emailpass/update", object{"password": second}, bearer(p.resetToken(t, "ada@example.com", 1))...)
	require.Equal(t, 200, reset.status, "%s", reset.raw)

	require.Equal(t, 401, p.call(t, "GET", "/store/customers/me", nil, bearer(kept)...).status)
	owner := p.login(t, "ada@example.com", second)
	require.NotEmpty(t, claims(t, owner)["actor_id"], "the account is theirs")
	require.Equal(t, []string{"emailpass"}, slices.Collect(maps.Keys(p.ways(t, owner))))
	require.Empty(t, claims(t, byGithub())["actor_id"], "an identity of its own")
	p.mailTo(t, "ada@example.com", "auth.identity_unlinked", 1)
}
