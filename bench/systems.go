package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
)

// Other systems, of which signing in with a password is compared. Medusa is not among
// them: it takes Everlatch's requests, in every scenario.
const (
	// systemGoTrue is supabase/auth (github.com/supabase/auth, openapi.yaml).
	systemGoTrue = "gotrue"
	// systemKratos is Ory Kratos, with the admin API at -admin-base
	// (https://www.ory.sh/docs/kratos/reference/api).
	systemKratos = "kratos"
)

// checkSystem checks -system and what it excludes.
func (o *options) checkSystem(set *flag.FlagSet, adminBase string) (err error) {
	switch o.system {
	case "":
		return nil
	case systemGoTrue:
	case systemKratos:
		if o.adminBase, err = parseBase(adminBase); err != nil {
			return fmt.Errorf("-admin-base: %w", err)
		}
	default:
		return fmt.Errorf("-system is %q, it may be %s or %s", o.system, systemGoTrue, systemKratos)
	}
	if o.timing || o.attack || o.filled > 0 {
		return errors.New("-system excludes -timing, -attack and -filled")
	}
	if !given(set, "scenarios") {
		o.scenarios = []string{scenarioLogin}
	}
	if len(o.scenarios) != 1 || o.scenarios[0] != scenarioLogin {
		return errors.New("-system measures the scenario login alone")
	}
	return nil
}

// inviteElsewhere makes a person in another system, and the request that signs them in.
func (b *bench) inviteElsewhere(ctx context.Context, c, admin *conn, s stage, i int) (p person, err error) {
	p.email = s.people.email("p", i)
	switch b.opts.system {
	case systemGoTrue:
		if _, err := expect(ctx, c, s.wire.request("POST", "/signup", credentials(p.email, s.people.password))); err != nil {
			return p, fmt.Errorf("register a person: %w", err)
		}
		p.login = s.wire.request("POST", "/token?grant_type=password", credentials(p.email, s.people.password))
	case systemKratos:
		if err := createInKratos(ctx, admin, s, p.email); err != nil {
			return p, fmt.Errorf("create an identity: %w", err)
		}
		if p.login, err = kratosLogin(ctx, c, s, p.email); err != nil {
			return p, fmt.Errorf("begin to sign in: %w", err)
		}
	}
	return p, nil
}

func createInKratos(ctx context.Context, admin *conn, s stage, email string) error {
	type object map[string]any
	body, err := json.Marshal(object{
		"schema_id":   "default",
		"traits":      object{"email": email},
		"credentials": object{"password": object{"config": object{"password": s.people.password}}},
	})
	if err != nil {
		return err
	}
	a, err := admin.do(ctx, wire{host: admin.target.host}.request("POST", "/admin/identities", body))
	if err == nil && a.status != http.StatusCreated {
		err = &statusError{status: a.status, body: string(a.body[:min(len(a.body), maxShown)])}
	}
	return err
}

// kratosLogin begins a login flow for programs, which may be submitted again and again
// until it expires, and returns the request that submits it.
func kratosLogin(ctx context.Context, c *conn, s stage, email string) ([]byte, error) {
	a, err := expect(ctx, c, s.wire.request("GET", "/self-service/login/api", nil))
	if err != nil {
		return nil, err
	}
	var flow struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(a.body, &flow); err != nil || flow.ID == "" {
		return nil, errors.New("the answer holds no flow")
	}
	body := mustJSON(struct {
		Method     string `json:"method"`
		Identifier string `json:"identifier"`
		Password   string `json:"password"`
	}{"password", email, s.people.password})
	return s.wire.request("POST", "/self-service/login?flow="+url.QueryEscape(flow.ID), body), nil
}
