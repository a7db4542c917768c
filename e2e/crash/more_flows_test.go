//go:build linux

package crash_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/everlatch/everlatch/providers/totp"
)

// addsFactor adds an authenticator app, makes recovery codes, and signs in with one.
func (v *visitor) addsFactor(ctx context.Context) error {
	p, err := v.signUp(ctx)
	if err != nil {
		return err
	}
	if err := v.enablesFactor(ctx, p); err != nil {
		return err
	}
	p.secondFactor = true
	r, err := v.ask(ctx, request{
		method: http.MethodPost, path: "/auth/mfa/recovery-codes", body: object{"count": 3}, header: bearer(p.token), keyed: true,
	})
	if err != nil {
		return err
	}
	if err := r.want("make recovery codes", 200); err != nil {
		return err
	}
	var made struct {
		Codes []string `json:"recovery_codes"`
	}
	if err := json.Unmarshal(r.raw, &made); err != nil || len(made.Codes) != 3 {
		return fmt.Errorf("recovery codes: %s", r.raw)
	}
	passed, err := v.passes(ctx, p, made.Codes[0])
	if err != nil {
		return err
	}
	if err := passed.want("pass a challenge", 200); err != nil {
		return err
	}
	p.token = passed.text("token")
	v.ledger.count("accepted second factors")
	again, err := v.passes(ctx, p, made.Codes[0])
	if err != nil {
		return err
	}
	v.ledger.keep(p)
	return errors.Join(
		again.want("use a recovery code twice", http.StatusBadRequest),
		v.expectMe(ctx, "the account behind a second factor", http.StatusOK, bearer(p.token)...),
	)
}

// enablesFactor adds an authenticator app. A code is good for a minute and a half,
// and only once; when an outage lasts longer, it takes the next one.
func (v *visitor) enablesFactor(ctx context.Context, p *person) error {
	r, err := v.ask(ctx, request{
		method: http.MethodPost, path: "/auth/mfa/factors", body: object{"provider": "totp"}, header: bearer(p.token), keyed: true,
	})
	if err != nil {
		return err
	}
	if err := r.want("enroll a factor", 200); err != nil {
		return err
	}
	id, secret := r.text("mfa_factor.id"), r.text("secret")
	for {
		code, err := totp.Code(secret, time.Now())
		if err != nil {
			return err
		}
		r, err = v.ask(ctx, request{
			method: http.MethodPost, path: "/auth/mfa/factors/" + id + "/verify", body: object{"code": code},
			header: bearer(p.token), keyed: true,
		})
		if err != nil {
			return err
		}
		if r.status == http.StatusBadRequest && r.repeated && r.text("message") == "Invalid TOTP code" {
			v.ledger.count("sent with a newer code: second factor")
			rest(ctx, time.Second)
			continue
		}
		return r.want("enable a factor", 200)
	}
}

// passes signs in with a password and a recovery code. A challenge that has expired in
// an outage is begun again.
func (v *visitor) passes(ctx context.Context, p *person, code string) (reply, error) {
	r, err := v.signIn(ctx, p.actorType, p.email, p.password)
	if err != nil {
		return r, err
	}
	id := r.text("mfa_challenge.id")
	if id == "" {
		return r, fmt.Errorf("no challenge for %s: %s", p.email, r.raw)
	}
	return v.ask(ctx, request{
		method: http.MethodPost, path: "/auth/mfa/challenges/" + id + "/verify",
		body: object{"method": "recovery_code", "code": code}, header: bearer(r.text("token")), keyed: true,
	})
}

// leaves asks for the removal of an account; every third time the customer signs in
// again before.
func (v *visitor) leaves(ctx context.Context) error {
	p, err := v.signUp(ctx)
	if err != nil {
		return err
	}
	if err := v.openSession(ctx, p); err != nil {
		return err
	}
	r, err := v.ask(ctx, request{method: http.MethodDelete, path: "/store/customers/me", header: bearer(p.token)})
	if err != nil {
		return err
	}
	if r.status == http.StatusUnauthorized && r.repeated {
		// Both heard before and over already: at the end, the account has to be gone.
		v.ledger.count("told by a sign-in: deletion")
	} else if err := r.want("ask for the removal", 202); err != nil {
		return err
	}
	v.ledger.count("accepted deletions")
	gone := *p
	if err := v.expectEnded(ctx, p.token, p.cookie); err != nil {
		return err
	}
	if v.random.IntN(3) > 0 {
		v.ledger.remove(&gone)
		return nil
	}
	back, err := v.signIn(ctx, customerType, p.email, p.password)
	if err != nil {
		return err
	}
	switch back.status {
	case http.StatusOK:
		p.token = back.text("token")
		v.ledger.count("cancelled deletions")
		v.ledger.keep(p)
		return v.expectMe(ctx, "the account of a cancelled deletion", http.StatusOK, bearer(p.token)...)
	case http.StatusUnauthorized: // too late
		v.ledger.remove(&gone)
		return nil
	default:
		return back.want("sign in before the removal", 200, 401)
	}
}
