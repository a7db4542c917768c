package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// root makes an administrator and returns a token of theirs.
func (p *process) root(t *testing.T) string {
	t.Helper()
	p.command(t, "user", "create", "-e", "root@example.com", "-p", password)
	return p.loginUser(t, "root@example.com")
}

func (p *process) loginUser(t *testing.T, email string) string {
	t.Helper()
	a := p.call(t, "POST", "/auth/user/emailpass", object{"email": email, "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	return a.str(t, "token")
}

// newcomer registers an identity that wants to become an administrator.
func (p *process) newcomer(t *testing.T, email string) string {
	t.Helper()
	a := p.call(t, "POST", "/auth/user/emailpass/register", object{"email": email, "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	return a.str(t, "token")
}

func (p *process) invite(t *testing.T, root, email string) (id, token string) {
	t.Helper()
	a := p.call(t, "POST", "/admin/invites", object{"email": email}, bearer(root)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	return a.str(t, "invite.id"), a.str(t, "invite.token")
}

func (p *process) accept(t *testing.T, as, token string, body object) answer {
	t.Helper()
	return p.call(t, "POST", acceptPath+"?token="+token, body, bearer(as)...)
}

// mailedInvite returns the token of the link in the n-th mail of an event.
func (p *process) mailedInvite(t *testing.T, to, event string, n int) string {
	t.Helper()
	for _, link := range p.mailTo(t, to, event, n)["links"].([]any) { //nolint:forcetypeassert // a test
		u, err := url.Parse(link.(string)) //nolint:forcetypeassert // a test
		require.NoError(t, err)
		if token := u.Query().Get("token"); token != "" {
			require.Regexp(t, `^http://localhost:\d+/ui/user/invite$`, u.Scheme+"://"+u.Host+u.Path) // a restart may change the port
			return token
		}
	}
	t.Fatal("no link in the mail")
	return ""
}

// TestInviteFlow runs an invite from its creation to the first sign-in, with a
// crash between any two of its updates.
func TestInviteFlow(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	root := p.root(t)
	crash := func() {
		p.kill()
		p = startDev(t, devOptions{dir: p.dir})
	}
	id, shown := p.invite(t, root, "Grace@example.com")
	require.Equal(t, shown, p.mailedInvite(t, "Grace@example.com", "invite.created", 1))
	here, err := url.Parse(p.base)
	require.NoError(t, err)
	require.Contains(t, p.mailTo(t, "Grace@example.com", "invite.created", 1)["links"],
		"http://localhost:"+here.Port()+"/ui/user/invite?token="+shown, "the service that runs")
	said := claims(t, shown)
	require.Equal(t, id, said["id"])
	require.Equal(t, "Grace@example.com", said["email"], "the dashboard shows it")
	read := p.call(t, "GET", "/admin/invites/"+id, nil, bearer(root)...)
	require.Equal(t, 200, read.status)
	require.Empty(t, read.str(t, "invite.token"), "shown once")

	crash()
	resent := p.call(t, "POST", "/admin/invites/"+id+"/resend", nil, bearer(root)...)
	require.Equal(t, 200, resent.status, "%s", resent.raw)
	token := p.mailedInvite(t, "Grace@example.com", "invite.resent", 1)
	require.Equal(t, token, resent.str(t, "invite.token"))

	crash()
	newcomer := p.newcomer(t, "grace@example.com")
	require.Equal(t, 401, p.accept(t, newcomer, shown, object{}).status, "superseded")
	other := p.accept(t, newcomer, token, object{"email": "eve@example.com"})
	require.Equal(t, 400, other.status, "for the invited address")
	accepted := p.accept(t, newcomer, token, object{"first_name": "Grace"})
	require.Equal(t, 200, accepted.status, "%s", accepted.raw)
	require.Equal(t, "Grace@example.com", accepted.str(t, "user.email"))

	crash()
	again := p.accept(t, newcomer, token, object{})
	require.Equal(t, 401, again.status)
	require.JSONEq(t, `{"type":"unauthorized","message":"The invite token is invalid"}`, string(again.raw))
	grace := p.loginUser(t, "grace@example.com")
	me := p.call(t, "GET", "/admin/users/me", nil, bearer(grace)...)
	require.Equal(t, 200, me.status, "%s", me.raw)
	require.Equal(t, accepted.str(t, "user.id"), me.str(t, "user.id"))
	require.Equal(t, 400, p.accept(t, grace, token, object{}).status, "an administrator cannot become one")
	require.JSONEq(t, `{"invites":[],"count":0,"offset":0,"limit":50}`,
		string(p.call(t, "GET", "/admin/invites", nil, bearer(root)...).raw))
	for _, event := range []string{"invite.created", "invite.resent", "invite.accepted"} {
		events := p.call(t, "GET", "/admin/events?name="+event, nil, bearer(root)...)
		require.Contains(t, string(events.raw), `"count":1`, event)
		require.Contains(t, string(events.raw), id)
		require.NotContains(t, string(events.raw), token)
	}
	taken := p.call(t, "POST", "/admin/invites", object{"email": "grace@EXAMPLE.com"}, bearer(root)...)
	require.Equal(t, 400, taken.status)
	require.Contains(t, string(taken.raw), "User account for following email(s) already exist")
}

// An invite ends by itself, stays in the list and can be sent again.
func TestInviteExpires(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: "invites: {valid_duration: 2s}\n"})
	root := p.root(t)
	newcomer := p.newcomer(t, "grace@example.com")
	id, token := p.invite(t, root, "grace@example.com")
	require.Eventually(t, func() bool {
		a := p.accept(t, newcomer, token, object{"email": "another@example.com"}) // never good
		return a.status == 401 && a.str(t, "message") == "The invite has expired"
	}, waitFor, tick)
	p.workflowEnds(t, "invitation/"+id)
	require.Contains(t, string(p.call(t, "GET", "/admin/invites", nil, bearer(root)...).raw), id)
	p.resendsAndAccepts(t, root, newcomer, id)
	require.NotEmpty(t, claims(t, p.loginUser(t, "grace@example.com"))["actor_id"])
}

// workflowEnds waits until an execution is over.
func (p *process) workflowEnds(t *testing.T, id string) {
	t.Helper()
	c := p.temporalClient(t)
	require.Eventually(t, func() bool {
		d, err := c.DescribeWorkflowExecution(t.Context(), id, "")
		return err == nil && d.WorkflowExecutionInfo.GetCloseTime() != nil
	}, waitFor, tick, "%s goes on", id)
}

// resendsAndAccepts retries until a token is used before it expires: two seconds
// are short on a busy machine.
func (p *process) resendsAndAccepts(t *testing.T, root, newcomer, id string) {
	t.Helper()
	require.Eventually(t, func() bool {
		resent := p.call(t, "POST", "/admin/invites/"+id+"/resend", nil, bearer(root)...)
		require.Equal(t, 200, resent.status, "%s", resent.raw)
		return p.accept(t, newcomer, resent.str(t, "invite.token"), object{}).status == 200
	}, waitFor, tick)
}

// docs/weak-spots.md#w7: Medusa 2.21.2 was measured to let 6 of 6 become administrators.
func TestInviteRace(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes + "invites: {any_email: true}\n"})
	root := p.root(t)
	const people = 60
	newcomers := make([]string, people)
	for i := range newcomers {
		newcomers[i] = p.newcomer(t, fmt.Sprintf("race%d@example.com", i))
	}
	_, token := p.invite(t, root, "race@example.com")

	answers := parallel(t, people, func(i int) (answer, error) {
		return p.try(t.Context(), "POST", acceptPath+"?token="+token,
			object{"email": fmt.Sprintf("race%d@example.com", i), "first_name": fmt.Sprint("Racer ", i)}, bearer(newcomers[i])...)
	})

	require.Equal(t, 1, count(answers, 200))
	require.Equal(t, people-1, count(answers, 401))
	users := p.call(t, "GET", "/admin/users?q=race", nil, bearer(root)...)
	require.Contains(t, string(users.raw), `"count":1,`)
	for i, a := range answers {
		actor := claims(t, p.loginUser(t, fmt.Sprintf("race%d@example.com", i)))["actor_id"]
		require.Equal(t, a.status == 200, actor != "", "a refused identity is no administrator")
	}
	require.NotContains(t, p.logText(), "task not found")
}

// A retried request gets the first answer, token and all, for as long as it is
// good for something.
func TestInviteIdempotencyKey(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes})
	root := p.root(t)
	invite := func(email, key string) answer {
		return p.call(t, "POST", "/admin/invites", object{"email": email}, append(bearer(root), "Idempotency-Key", key)...)
	}
	answers := parallel(t, 50, func(int) (answer, error) {
		return p.try(t.Context(), "POST", "/admin/invites", object{"email": "grace@example.com"},
			append(bearer(root), "Idempotency-Key", "k-1")...)
	})
	first := answers[0]
	for _, a := range answers {
		require.Equal(t, 200, a.status, "%s", a.raw)
		require.Equal(t, string(first.raw), string(a.raw), "one invite, one token")
	}
	require.Equal(t, 409, invite("eve@example.com", "k-1").status, "another body")
	refused := invite("grace@example.com", "k-2")
	require.Equal(t, 400, refused.status)
	require.Equal(t, string(refused.raw), string(invite("grace@example.com", "k-2").raw))

	p.kill()
	p = startDev(t, devOptions{dir: p.dir})
	require.Equal(t, string(first.raw), string(invite("grace@example.com", "k-1").raw), "also after kill -9")
	require.Len(t, p.call(t, "GET", "/admin/invites", nil, bearer(root)...).json(t)["invites"], 1)

	a := p.accept(t, p.newcomer(t, "grace@example.com"), first.str(t, "invite.token"), object{})
	require.Equal(t, 200, a.status, "%s", a.raw)
	again := invite("grace@example.com", "k-1")
	require.Equal(t, 200, again.status, "the workflow has ended, its response is kept: %s", again.raw)
	require.Equal(t, first.str(t, "invite.id"), again.str(t, "invite.id"))
	require.Empty(t, again.str(t, "invite.token"), "and its token is no longer valid")
	require.Equal(t, 409, invite("eve@example.com", "k-1").status)
	require.Equal(t, 401, p.accept(t, p.newcomer(t, "eve@example.com"), first.str(t, "invite.token"), object{}).status)
	require.Equal(t, string(again.raw), string(invite("grace@example.com", "k-1").raw), "whatever comes after it")
}

// An invite created with an Idempotency-Key continues when the workflow of the key
// has ended.
func TestKeyedInviteContinues(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: "invites: {valid_duration: 2s}\n"})
	root := p.root(t)
	keyed := append(bearer(root), "Idempotency-Key", "k-1")
	first := p.call(t, "POST", "/admin/invites", object{"email": "grace@example.com"}, keyed...)
	require.Equal(t, 200, first.status, "%s", first.raw)
	id, newcomer := first.str(t, "invite.id"), p.newcomer(t, "grace@example.com")
	var shown struct {
		Invite struct {
			WorkflowID string `json:"workflow_id"`
		} `json:"invite"`
	}
	require.NoError(t, json.Unmarshal([]byte(p.command(t, "invite", "show", id, "--json")), &shown))
	require.Contains(t, shown.Invite.WorkflowID, "/k:")
	p.workflowEnds(t, shown.Invite.WorkflowID)
	p.resendsAndAccepts(t, root, newcomer, id)
	p.workflowEnds(t, "invitation/"+id)
	again := p.call(t, "POST", "/admin/invites", object{"email": "grace@example.com"}, keyed...)
	require.Equal(t, 200, again.status, "%s", again.raw)
	require.Equal(t, id, again.str(t, "invite.id"))
}
