//go:build linux

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2" //nolint:depguard // a seed has to reproduce the load
	"net/http"
	"sync"
	"time"
)

const (
	customerType = "customer"
	userType     = "user"
	emailpass    = "emailpass"
)

// visitor goes through flows one after the other, each with another account.
type visitor struct {
	*client

	cast   *cast
	box    *postbox
	random *rand.Rand
	root   func(ctx context.Context) (string, error)
	people int
	// openid serializes who is signed in at the OpenID provider.
	openid *sync.Mutex
}

// flow is one way through the service, from its beginning to its end.
type flow struct {
	name   string
	weight int
	run    func(*visitor, context.Context) error
}

// flows are the load. The weights are those of a shop on a busy day, more or less: what is
// rare there is frequent here, because it is what can break.
var flows = []flow{
	{"sign-up in one call", 4, (*visitor).signsUp},
	{"sign-in", 6, (*visitor).signsIn},
	{"password reset", 4, (*visitor).resets},
	{"e-mail change", 3, (*visitor).changesEmail},
	{"social login", 3, (*visitor).comesFromElsewhere},
	{"invite", 3, (*visitor).isInvited},
	{"second factor", 3, (*visitor).addsFactor},
	{"deletion", 4, (*visitor).leaves},
}

// choose picks a flow by weight.
func choose(random *rand.Rand, from []flow) flow {
	total := 0
	for _, f := range from {
		total += f.weight
	}
	n := random.IntN(total)
	for _, f := range from {
		if n -= f.weight; n < 0 {
			return f
		}
	}
	return from[len(from)-1]
}

// goOn goes through flows until stop is closed, and finishes the one under way.
func (v *visitor) goOn(ctx context.Context, stop <-chan struct{}) {
	for ctx.Err() == nil {
		select {
		case <-stop:
			return
		default:
		}
		next := choose(v.random, flows)
		switch err := next.run(v, ctx); {
		case err == nil:
			v.ledger.count("flow: " + next.name)
		case ctx.Err() == nil:
			v.ledger.fault("%s: %v", next.name, err)
		}
	}
}

// newcomer is a person whom the service does not know.
func (v *visitor) newcomer(actorType string) *person {
	v.people++
	return &person{
		email:    fmt.Sprintf("%s-%d@example.com", v.name, v.people),
		password: fmt.Sprintf("first-Secret-of-%s-%d", v.name, v.people), actorType: actorType, provider: emailpass,
	}
}

// signUp makes an account in one call.
func (v *visitor) signUp(ctx context.Context) (*person, error) {
	p := v.newcomer(customerType)
	r, err := v.ask(ctx, request{
		method: http.MethodPost, path: "/auth/customer/emailpass/register", keyed: true,
		body: object{"email": p.email, "password": p.password, "actor": object{"first_name": "Ada"}},
	})
	if err != nil {
		return nil, err
	}
	if err := r.want("sign up", 200); err != nil {
		return nil, err
	}
	p.token = r.text("token")
	p.identity, p.account = claim(p.token, "auth_identity_id"), claim(p.token, "actor_id")
	if p.identity == "" || p.account == "" {
		return nil, fmt.Errorf("sign up: no account in %s", r.raw)
	}
	v.ledger.count("accepted sign-ups")
	return p, nil
}

// signIn signs a person in with a password, and returns the answer.
func (v *visitor) signIn(ctx context.Context, actorType, email, password string) (reply, error) {
	return v.ask(ctx, request{
		method: http.MethodPost, path: "/auth/" + actorType + "/emailpass",
		body: object{"email": email, "password": password},
	})
}

// expectSignIn signs in and wants a status.
func (v *visitor) expectSignIn(ctx context.Context, p *person, email, password string, status int) error {
	r, err := v.signIn(ctx, p.actorType, email, password)
	if err != nil {
		return err
	}
	if err := r.want("sign in of "+email, status); err != nil {
		return err
	}
	if status == http.StatusOK {
		p.token = r.text("token")
		if claim(p.token, "auth_identity_id") != p.identity {
			return fmt.Errorf("%s is another identity: %s", email, r.raw)
		}
	}
	return nil
}

// expectMe asks who the sender of a header is, and wants a status.
func (v *visitor) expectMe(ctx context.Context, what string, status int, header ...string) error {
	r, err := v.ask(ctx, request{method: http.MethodGet, path: "/store/customers/me", header: header})
	if err != nil {
		return err
	}
	return r.want(what, status)
}

// openSession gets a session cookie beside the token.
func (v *visitor) openSession(ctx context.Context, p *person) error {
	r, err := v.ask(ctx, request{method: http.MethodPost, path: "/auth/session", header: bearer(p.token)})
	if err != nil {
		return err
	}
	p.cookie = r.cookie
	return r.want("session", 200)
}

// expectEnded wants that a token and a cookie have ended.
func (v *visitor) expectEnded(ctx context.Context, token, cookie string) error {
	return errors.Join(
		v.expectMe(ctx, "a token that has ended", http.StatusUnauthorized, bearer(token)...),
		v.expectMe(ctx, "a session that has ended", http.StatusUnauthorized, "Cookie", cookie),
	)
}

func (v *visitor) signsUp(ctx context.Context) error {
	p, err := v.signUp(ctx)
	if err != nil {
		return err
	}
	if err := v.expectMe(ctx, "the account of a sign-up", http.StatusOK, bearer(p.token)...); err != nil {
		return err
	}
	v.ledger.keep(p)
	return nil
}

func (v *visitor) signsIn(ctx context.Context) error {
	p := v.ledger.borrow()
	if p == nil {
		return v.signsUp(ctx)
	}
	defer v.ledger.keep(p)
	return errors.Join(
		v.expectSignIn(ctx, p, p.email, p.password, http.StatusOK),
		v.expectSignIn(ctx, p, p.email, "not-the-Secret", http.StatusUnauthorized),
		v.expectMe(ctx, "the account of a sign-in", http.StatusOK, bearer(p.token)...),
	)
}

// rest waits a moment, as people do.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
