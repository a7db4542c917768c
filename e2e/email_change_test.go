package e2e_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mailedToken returns the token of the link in the n-th mail of an event to an
// address.
func (p *process) mailedToken(t *testing.T, to, event string, n int) string {
	t.Helper()
	for _, link := range p.mailTo(t, to, event, n)["links"].([]any) { //nolint:forcetypeassert // a test
		u, err := url.Parse(link.(string)) //nolint:forcetypeassert // a test
		require.NoError(t, err)
		if token := u.Query().Get("token"); token != "" {
			return token
		}
	}
	t.Fatal("no link in the mail")
	return ""
}

const (
	askedByMail   = "auth.email_change_requested"
	changedByMail = "auth.email_changed"
	ownEmail      = "/store/customers/me/email"
)

func (p *process) askEmail(t *testing.T, token, email string) {
	t.Helper()
	a := p.call(t, "POST", ownEmail, object{"email": email}, bearer(token)...)
	require.Equal(t, 202, a.status, "%s", a.raw)
	require.JSONEq(t, `{"success":true}`, string(a.raw))
}

// customerAt creates a customer with an account and signs them in.
func (p *process) customerAt(t *testing.T, email string) string {
	t.Helper()
	registered := p.register(t, email, password)
	a := p.call(t, "POST", "/store/customers", object{}, bearer(registered)...) // docs/weak-spots.md#w5: with their own address
	require.Equal(t, 200, a.status, "%s", a.raw)
	require.Equal(t, email, a.str(t, "customer.email"))
	return p.login(t, email, password)
}

// TestEmailChangeFlow changes an e-mail address from the first click to the last,
// and undoes a change that the owner did not make (docs/weak-spots.md#w13).
func TestEmailChangeFlow(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	const before, after = "ada@example.com", "ada@new.example"
	token := p.customerAt(t, before)
	cookie := []string{"Cookie", strings.Split(p.call(t, "POST", "/auth/session", nil, bearer(token)...).header.Get("Set-Cookie"), ";")[0]}
	p.forgot(t, "customer", before)
	reset := p.resetToken(t, before, 1)

	p.askEmail(t, token, after)
	proof := p.mailedToken(t, after, askedByMail, 1)
	p.mailTo(t, before, "auth.email_change_announced", 1)
	confirm := func(header ...string) answer {
		return p.call(t, "POST", ownEmail+"/confirm", object{"token": proof}, header...)
	}
	require.Equal(t, 401, confirm().status, "not signed in")
	stranger := p.customerAt(t, "eve@example.com")
	require.Equal(t, 401, confirm(bearer(stranger)...).status, "a link does not confirm an address for a different account")

	p.kill() // what was asked survives
	p = startDev(t, devOptions{dir: p.dir})
	done := confirm(bearer(token)...)
	require.Equal(t, 200, done.status, "%s", done.raw)
	require.Equal(t, after, done.str(t, "email"))
	next := done.str(t, "token")
	repeated := confirm(bearer(next)...)
	require.Equal(t, 200, repeated.status, "a retry gets the first answer: %s", repeated.raw)
	require.Equal(t, after, repeated.str(t, "email"))
	p.mailTo(t, before, "auth.email_changed", 1)
	me := func(header ...string) answer { return p.call(t, "GET", "/store/customers/me", nil, header...) }
	require.Equal(t, 401, me(bearer(token)...).status, "existing tokens end")
	require.Equal(t, after, me(bearer(next)...).str(t, "customer.email"))
	require.Equal(t, after, me(cookie...).str(t, "customer.email"), "the session goes on")
	p.login(t, after, password)
	require.Equal(t, 401, p.call(t, "POST", "/auth/customer/emailpass", object{"email": before, "password": password}).status)
	update := p.call(t, "POST", "/auth/customer/emailpass/update", object{"password": "taken over it is"}, bearer(reset)...)
	require.Equal(t, 401, update.status, "a reset that went to the former address is over")
	held := p.call(t, "POST", "/auth/customer/emailpass/register", object{"email": before, "password": password})
	require.Equal(t, 401, held.status, "the previous address is held")
	require.Equal(t, "Identity with email already exists", held.str(t, "message"))

	undoing := p.mailedToken(t, before, changedByMail, 1)
	p.kill()
	p = startDev(t, devOptions{dir: p.dir})
	undo := func() answer { return p.call(t, "POST", ownEmail+"/undo", object{"token": undoing}) }
	undone := undo()
	require.Equal(t, 200, undone.status, "%s", undone.raw)
	require.JSONEq(t, `{"email":"`+before+`"}`, string(undone.raw))
	require.Equal(t, string(undone.raw), string(undo().raw), "a retry gets the first answer")
	require.Equal(t, 401, me(bearer(next)...).status, "everything ends")
	require.Equal(t, 401, me(cookie...).status)
	require.Equal(t, before, me(bearer(p.login(t, before, password))...).str(t, "customer.email"))
	p.mailTo(t, before, "auth.email_change_undone", 1)
	p.register(t, after, password) // which is free again
}

// docs/weak-spots.md#w19: the owner of the address is notified; the requester does not learn of it.
func TestEmailChangeToATakenAddress(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes})
	ada := p.customerAt(t, "ada@example.com")
	p.customerAt(t, "grace@example.com")
	p.askEmail(t, ada, "Grace@example.com")
	mail := p.mailTo(t, "Grace@example.com", askedByMail, 1)
	require.Equal(t, "Your email address already has an account at Everlatch", mail["subject"])
	for _, link := range mail["links"].([]any) { //nolint:forcetypeassert // a test
		require.NotContains(t, link, "token")
	}
	same := p.call(t, "POST", ownEmail, object{"email": "ADA@example.com"}, bearer(ada)...)
	require.Equal(t, 400, same.status)
	require.Equal(t, "This is your email already.", same.str(t, "message"))
}

// docs/weak-spots.md#w13: an administrator's account and login, and that of a customer by an
// administrator, over HTTP and by command.
func TestEmailOfAdministrators(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes + "admin: {reset_tokens: self}\n"})
	root := p.admin(t)
	a := p.call(t, "POST", "/admin/users/me/email", object{"email": "boss@example.com"}, bearer(root)...)
	require.Equal(t, 202, a.status, "%s", a.raw)
	a = p.call(t, "POST", "/admin/users/me/email/confirm", object{"token": p.mailedToken(t, "boss@example.com", askedByMail, 1)}, bearer(root)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	root = a.str(t, "token")
	user := p.call(t, "GET", "/admin/users/me", nil, bearer(root)...)
	require.Equal(t, "boss@example.com", user.str(t, "user.email"))
	a = p.call(t, "POST", "/admin/users/"+user.str(t, "user.id")+"/reset-password", nil, bearer(root)...)
	require.Equal(t, 200, a.status, "the reset of an administrator finds the login; %s", a.raw)

	ada := p.customerAt(t, "ada@example.com")
	id := p.call(t, "GET", "/store/customers/me", nil, bearer(ada)...).str(t, "customer.id")
	a = p.call(t, "POST", "/admin/customers/"+id, object{"email": "ada@work.example"}, bearer(root)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	p.mailTo(t, "ada@example.com", changedByMail, 1)
	p.login(t, "ada@work.example", password)
	p.command(t, "customer", "update", id, "--email", "ada@home.example")
	p.mailTo(t, "ada@work.example", changedByMail, 1)
	p.login(t, "ada@home.example", password)

	undo := p.mailedToken(t, "root@example.com", changedByMail, 1)
	a = p.call(t, "POST", "/admin/users/me/email/undo", object{"token": undo})
	require.Equal(t, 200, a.status, "%s", a.raw)
	a = p.call(t, "POST", "/auth/user/emailpass", object{"email": "root@example.com", "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
}

// requireOneAnswer checks that one request, sent many times at once, had one
// effect, and that each caller got its answer. A bearer token that ended before
// its request was authenticated is 401.
func (p *process) requireOneAnswer(t *testing.T, answers []answer, email, told, event string) {
	t.Helper()
	require.Positive(t, count(answers, 200))
	for _, a := range answers {
		require.Contains(t, []int{200, 401}, a.status, "%s", a.raw)
		if a.status == 200 {
			require.Equal(t, email, a.str(t, "email"))
		}
	}
	mails, _ := p.call(t, "GET", "/_dev/mail.json?to="+url.QueryEscape(told), nil).json(t)["messages"].([]any)
	require.Len(t, slices.DeleteFunc(mails, func(m any) bool { return m.(object)["event"] != event }), 1, "one effect") //nolint:forcetypeassert // it is JSON
}

func TestEmailChangeRaces(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes})

	t.Run("50 confirmations by one token, one changes it", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		token := p.customerAt(t, "one@example.com")
		p.askEmail(t, token, "one@new.example")
		proof := p.mailedToken(t, "one@new.example", askedByMail, 1)
		answers := parallel(t, 50, func(int) (answer, error) {
			return p.try(t.Context(), "POST", ownEmail+"/confirm", object{"token": proof}, bearer(token)...)
		})
		p.mailTo(t, "one@example.com", changedByMail, 1)
		p.requireOneAnswer(t, answers, "one@new.example", "one@example.com", changedByMail)
	})

	t.Run("50 undos, one undoes", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		undo := p.mailedToken(t, "one@example.com", changedByMail, 1)
		answers := parallel(t, 50, func(int) (answer, error) {
			return p.try(t.Context(), "POST", ownEmail+"/undo", object{"token": undo})
		})
		p.mailTo(t, "one@example.com", "auth.email_change_undone", 1)
		p.requireOneAnswer(t, answers, "one@example.com", "one@example.com", "auth.email_change_undone")
		p.login(t, "one@example.com", password)
	})

	t.Run("50 people to one address, one gets it", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		tokens, proofs := make([]string, 50), make([]string, 50)
		for i := range tokens {
			tokens[i] = p.customerAt(t, fmt.Sprintf("many%d@example.com", i))
			p.askEmail(t, tokens[i], "wanted@example.com")
			proofs[i] = p.mailedToken(t, "wanted@example.com", askedByMail, i+1)
		}
		answers := parallel(t, 50, func(i int) (answer, error) {
			return p.try(t.Context(), "POST", ownEmail+"/confirm", object{"token": proofs[i]}, bearer(tokens[i])...)
		})
		for i := range answers {
			if answers[i].status == 503 { // the machine is busy: it goes on, and asking again tells
				answers[i] = p.settled(t, func() answer {
					return p.call(t, "POST", ownEmail+"/confirm", object{"token": proofs[i]}, bearer(tokens[i])...)
				})
			}
		}
		require.Equal(t, 1, count(answers, 200)+count(answers, 401))
		require.Equal(t, 49, count(answers, 422))
		p.login(t, "wanted@example.com", password)
	})

	t.Run("50 confirmations and 50 undos of the change before", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		token := p.customerAt(t, "both@example.com")
		p.askEmail(t, token, "both@new.example")
		a := p.call(t, "POST", ownEmail+"/confirm", object{"token": p.mailedToken(t, "both@new.example", askedByMail, 1)}, bearer(token)...)
		require.Equal(t, 200, a.status, "%s", a.raw)
		token = a.str(t, "token")
		undo := p.mailedToken(t, "both@example.com", changedByMail, 1)
		p.askEmail(t, token, "both@newer.example")
		proof := p.mailedToken(t, "both@newer.example", askedByMail, 1)
		answers := parallel(t, 100, func(i int) (answer, error) {
			if i%2 == 0 {
				return p.try(t.Context(), "POST", ownEmail+"/undo", object{"token": undo})
			}
			return p.try(t.Context(), "POST", ownEmail+"/confirm", object{"token": proof}, bearer(token)...)
		})
		require.Equal(t, 100, count(answers, 200)+count(answers, 401))
		me := p.call(t, "GET", "/store/customers/me", nil, bearer(p.login(t, "both@example.com", password))...)
		require.Equal(t, "both@example.com", me.str(t, "customer.email"), "the undo wins")
	})
}

// Killed in the middle, each account has one address, and the login is the same.
func TestKillDuringEmailChanges(t *testing.T) {
	t.Parallel()
	const people, killAfter = 40, 12
	p := startDev(t, devOptions{config: cheapHashes})
	tokens, proofs := make([]string, people), make([]string, people)
	for i := range people {
		tokens[i] = p.customerAt(t, fmt.Sprintf("old%d@example.com", i))
		p.askEmail(t, tokens[i], fmt.Sprintf("new%d@example.com", i))
		proofs[i] = p.mailedToken(t, fmt.Sprintf("new%d@example.com", i), askedByMail, 1)
	}
	answers := p.killedUnder(t, people, killAfter, func(ctx context.Context, i int) (answer, error) {
		return p.try(ctx, "POST", ownEmail+"/confirm", object{"token": proofs[i]}, bearer(tokens[i])...)
	})
	p = startDev(t, devOptions{dir: p.dir, config: cheapHashes})
	for i, a := range answers {
		before, after := fmt.Sprintf("old%d@example.com", i), fmt.Sprintf("new%d@example.com", i)
		again := p.settled(t, func() answer {
			return p.call(t, "POST", ownEmail+"/confirm", object{"token": proofs[i]}, bearer(tokens[i])...)
		})
		require.Contains(t, []int{200, 401}, again.status, "%s", again.raw)
		if a.status == 200 {
			require.Equal(t, 401, again.status, "answered, so it is done")
		}
		// Done by one of the two, and then by its answer or in spite of it.
		me := p.call(t, "GET", "/store/customers/me", nil, bearer(p.login(t, after, password))...)
		require.Equal(t, after, me.str(t, "customer.email"))
		require.Equal(t, 401, p.call(t, "POST", "/auth/customer/emailpass", object{"email": before, "password": password}).status)
		undo := p.call(t, "POST", ownEmail+"/undo", object{"token": p.mailedToken(t, before, changedByMail, 1)})
		require.Equal(t, 200, undo.status, "and what undoes it is known: %s", undo.raw)
	}
}
