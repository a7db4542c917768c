//go:build linux

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// resets forgets a password and chooses another one by the link in the mail.
func (v *visitor) resets(ctx context.Context) error {
	p, err := v.signUp(ctx)
	if err != nil {
		return err
	}
	if err := v.openSession(ctx, p); err != nil {
		return err
	}
	r, err := v.ask(ctx, request{
		method: http.MethodPost, path: "/auth/customer/emailpass/reset-password", body: object{"identifier": p.email},
	})
	if err != nil {
		return err
	}
	if err := r.want("ask for a reset", 201); err != nil {
		return err
	}
	link, err := v.box.token(ctx, p.email, "/reset-password")
	if err != nil {
		return err
	}
	before := *p
	p.password = "second-Secret-of-" + p.email
	choose := func(password string) (reply, error) {
		return v.ask(ctx, request{
			method: http.MethodPost, path: "/auth/customer/emailpass/update", body: object{"password": password}, header: bearer(link),
		})
	}
	if r, err = choose(p.password); err != nil {
		return err
	}
	// docs/weak-spots.md#w27: the link is used once, but a request that is sent again gets its answer.
	if err := r.want("use the link of a reset", 200); err != nil {
		return err
	}
	v.ledger.count("accepted password changes")
	used, err := choose("third-Secret-of-" + p.email)
	if err != nil {
		return err
	}
	err = errors.Join(
		used.want("use the link of a reset twice", http.StatusUnauthorized),
		v.expectSignIn(ctx, p, p.email, p.password, http.StatusOK),
		v.expectSignIn(ctx, p, p.email, before.password, http.StatusUnauthorized),
		v.expectEnded(ctx, before.token, before.cookie),
	)
	v.ledger.keep(p)
	return err
}

// changesEmail moves an account to another address, and every third time back.
func (v *visitor) changesEmail(ctx context.Context) error {
	p, err := v.signUp(ctx)
	if err != nil {
		return err
	}
	before, after := p.email, "new-"+p.email
	r, err := v.ask(ctx, request{
		method: http.MethodPost, path: "/store/customers/me/email", body: object{"email": after}, header: bearer(p.token),
	})
	if err != nil {
		return err
	}
	if err := r.want("ask for another address", 202); err != nil {
		return err
	}
	link, err := v.box.token(ctx, after, "/confirm-email")
	if err != nil {
		return err
	}
	r, err = v.ask(ctx, request{
		method: http.MethodPost, path: "/store/customers/me/email/confirm", body: object{"token": link}, header: bearer(p.token),
	})
	if err != nil {
		return err
	}
	p.email = after
	switch {
	case r.status == http.StatusUnauthorized && r.repeated:
		// The change ends the token that it was confirmed with; signing in tells.
		v.ledger.count("told by a sign-in: e-mail change")
	case r.status != http.StatusOK:
		return r.want("confirm an address", 200)
	}
	v.ledger.count("accepted e-mail changes")
	if err := errors.Join(
		v.expectSignIn(ctx, p, after, p.password, http.StatusOK),
		v.expectSignIn(ctx, p, before, p.password, http.StatusUnauthorized),
	); err != nil {
		return err
	}
	if v.random.IntN(3) == 0 {
		if err := v.undoesEmail(ctx, p, before, after); err != nil {
			return err
		}
	}
	v.ledger.keep(p)
	return nil
}

func (v *visitor) undoesEmail(ctx context.Context, p *person, before, after string) error {
	link, err := v.box.token(ctx, before, "/undo-email")
	if err != nil {
		return err
	}
	r, err := v.ask(ctx, request{method: http.MethodPost, path: "/store/customers/me/email/undo", body: object{"token": link}})
	if err != nil {
		return err
	}
	if err := r.want("undo a change of address", 200); err != nil {
		return err
	}
	p.email = before
	v.ledger.count("accepted undos of e-mail changes")
	return errors.Join(
		v.expectSignIn(ctx, p, before, p.password, http.StatusOK),
		v.expectSignIn(ctx, p, after, p.password, http.StatusUnauthorized),
	)
}

// comesFromElsewhere signs up by the OpenID provider, and in again.
func (v *visitor) comesFromElsewhere(ctx context.Context) error {
	p := v.newcomer(customerType)
	p.provider = "okta"
	token, err := v.signInElsewhere(ctx, p)
	if err != nil {
		return err
	}
	p.identity = claim(token, "auth_identity_id")
	r, err := v.ask(ctx, request{
		method: http.MethodPost, path: "/store/customers", body: object{"email": p.email}, header: bearer(token), keyed: true,
	})
	if err != nil {
		return err
	}
	if err := r.want("create the customer of a social login", 200); err != nil {
		return err
	}
	p.account = r.text("customer.id")
	if p.token, err = v.signInElsewhere(ctx, p); err != nil {
		return err
	}
	if claim(p.token, "auth_identity_id") != p.identity || claim(p.token, "actor_id") != p.account {
		return fmt.Errorf("a second social login is another account: %s is not %s/%s", p.token, p.identity, p.account)
	}
	v.ledger.count("accepted social logins")
	v.ledger.keep(p)
	return v.expectMe(ctx, "the account of a social login", http.StatusOK, bearer(p.token)...)
}

// signInElsewhere goes to the OpenID provider and back. A callback whose answer was
// lost is not repeatable, because its code is used: then the sign-in begins again.
func (v *visitor) signInElsewhere(ctx context.Context, p *person) (token string, err error) {
	for {
		browser := []string{"Everlatch-Browser", "browser-of-" + p.email}
		r, err := v.ask(ctx, request{method: http.MethodPost, path: "/auth/customer/okta", body: object{}, header: browser})
		if err != nil {
			return "", err
		}
		if err := r.want("begin a social login", 200); err != nil {
			return "", err
		}
		query, err := v.visitProvider(ctx, p, r.text("location"))
		if err != nil {
			return "", err
		}
		back := request{method: http.MethodGet, path: "/auth/customer/okta/callback?" + query, header: browser}
		r, err = v.ask(ctx, back)
		if err != nil {
			return "", err
		}
		if r.status == http.StatusUnauthorized && r.repeated {
			v.ledger.count("begun again: social login")
			continue
		}
		if err := r.want("finish a social login", 200); err != nil {
			return "", err
		}
		again, err := v.ask(ctx, back)
		if err != nil {
			return "", err
		}
		return r.text("token"), again.want("use a callback twice", http.StatusUnauthorized)
	}
}

// visitProvider signs in at the OpenID provider, and returns the query of the callback.
func (v *visitor) visitProvider(ctx context.Context, p *person, location string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, http.NoBody)
	if err != nil {
		return "", err
	}
	v.openid.Lock()
	defer v.openid.Unlock()
	v.cast.openid.Login(object{"sub": p.email, "email": p.email, "email_verified": true})
	resp, err := v.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	return back.RawQuery, err
}

// isInvited becomes an administrator by an invite; every fourth invite is revoked.
func (v *visitor) isInvited(ctx context.Context) error {
	p := v.newcomer(userType)
	root, err := v.root(ctx)
	if err != nil {
		return err
	}
	r, err := v.ask(ctx, request{
		method: http.MethodPost, path: "/admin/invites", body: object{"email": p.email}, header: bearer(root), keyed: true,
	})
	if err != nil {
		return err
	}
	if err := r.want("invite", 200); err != nil {
		return err
	}
	sent := invitation{id: r.text("invite.id"), email: p.email}
	link, err := v.box.token(ctx, p.email, "/app/invite")
	if err != nil {
		return err
	}
	r, err = v.ask(ctx, request{
		method: http.MethodPost, path: "/auth/user/emailpass/register", keyed: true, body: object{"email": p.email, "password": p.password},
	})
	if err != nil {
		return err
	}
	if err := r.want("register", 200); err != nil {
		return err
	}
	p.token = r.text("token")
	p.identity = claim(p.token, "auth_identity_id")
	if v.random.IntN(4) == 0 {
		return v.revokes(ctx, root, sent, p, link)
	}
	return v.accepts(ctx, sent, p, link)
}

func (v *visitor) accept(ctx context.Context, p *person, link string) (reply, error) {
	return v.ask(ctx, request{
		method: http.MethodPost, path: "/admin/invites/accept?token=" + url.QueryEscape(link),
		body: object{"first_name": "Grace"}, header: bearer(p.token),
	})
}

func (v *visitor) accepts(ctx context.Context, sent invitation, p *person, link string) error {
	r, err := v.accept(ctx, p, link)
	if err != nil {
		return err
	}
	if err := r.want("accept an invite", 200); err != nil {
		return err
	}
	p.account, sent.accepted = r.text("user.id"), true
	v.ledger.invite(sent)
	v.ledger.count("accepted invites")
	err = v.expectSignIn(ctx, p, p.email, p.password, http.StatusOK)
	if err == nil && claim(p.token, "actor_id") != p.account {
		err = fmt.Errorf("who accepted invite %s is no administrator", sent.id)
	}
	v.ledger.keep(p)
	return err
}

func (v *visitor) revokes(ctx context.Context, root string, sent invitation, p *person, link string) error {
	r, err := v.ask(ctx, request{method: http.MethodDelete, path: "/admin/invites/" + sent.id, header: bearer(root)})
	if err != nil {
		return err
	}
	if !r.repeated || r.status != http.StatusNotFound {
		if err := r.want("revoke an invite", 200); err != nil {
			return err
		}
	}
	v.ledger.invite(sent)
	v.ledger.count("accepted revocations of invites")
	if r, err = v.accept(ctx, p, link); err != nil {
		return err
	}
	return r.want("accept a revoked invite", http.StatusUnauthorized)
}
