package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// probe is a question that a stranger asks twice: about an address that exists
// and about one that doesn't. The two answers must take the same time.
type probe struct {
	name string
	// needs says what must exist before: an account for each pair, or an
	// administrator's token as well.
	needs need
	ask   func(w wire, p pair) (known, unknown []byte)
	// status is what the known question is answered with where the server can be asked at
	// all, 0 for whatever it says.
	status int
}

type need int

const (
	needsAccount need = iota
	needsSignIn
	needsInvite
)

// pair is what one known and one unknown question are about. Each pair has
// addresses of its own, because an answer may change what the next one costs: a
// second reset mail within a minute is not sent, say.
type pair struct {
	known, unknown string
	password       string
	// token is of a customer who asks about the addresses of others.
	token string
	// invited and uninvited are tokens of identities without an account; the
	// address of the first has a pending invite.
	invited, uninvited string
}

// wrongPassword is as long as those that people type, and the password of no one.
const wrongPassword = "wrong-horse-battery"

// neutralProbe is register at a server that answers it alike for every address
// (auth.neutral_register: [customer]). The known addresses are those of users.
const neutralProbe = "register-neutral"

// emailCodeProbe asks for a sign-in code by mail, at a server with the provider emailcode
// whose option register is off: with it, every address may sign in.
const emailCodeProbe = "emailcode"

func probes() []probe {
	return []probe{
		{name: "login", needs: needsAccount, ask: func(w wire, p pair) ([]byte, []byte) {
			return w.login(p.known, wrongPassword), w.login(p.unknown, wrongPassword)
		}},
		{name: "reset", needs: needsAccount, ask: func(w wire, p pair) ([]byte, []byte) {
			return w.reset(p.known), w.reset(p.unknown)
		}},
		// Before email-change, after which both addresses are about to be the caller's.
		{name: "verification", needs: needsSignIn, ask: func(w wire, p pair) ([]byte, []byte) {
			return w.requestVerification(p.token, p.known), w.requestVerification(p.token, p.unknown)
		}},
		{name: emailCodeProbe, needs: needsAccount, ask: func(w wire, p pair) ([]byte, []byte) {
			return w.emailCode(p.known), w.emailCode(p.unknown)
		}, status: http.StatusOK},
		{name: "email-change", needs: needsSignIn, ask: func(w wire, p pair) ([]byte, []byte) {
			return w.changeEmail(p.token, p.known), w.changeEmail(p.token, p.unknown)
		}},
		{name: "invite", needs: needsInvite, ask: func(w wire, p pair) ([]byte, []byte) {
			return w.acceptInvite(p.invited), w.acceptInvite(p.uninvited)
		}},
		{name: neutralProbe, needs: needsAccount, ask: func(w wire, p pair) ([]byte, []byte) {
			return w.register(p.known, p.password), w.register(p.unknown, p.password)
		}},
		// The last one: it creates accounts for the unknown addresses.
		{name: "register", needs: needsAccount, ask: func(w wire, p pair) ([]byte, []byte) {
			return w.register(p.known, p.password), w.register(p.unknown, p.password)
		}},
	}
}

func probeNames() []string {
	var names []string
	for _, p := range probes() {
		names = append(names, p.name)
	}
	return names
}

// makePairs creates what the chosen probes need, all before the first is timed.
func (b *bench) makePairs(ctx context.Context, c *conn, s stage, chosen []probe) ([]pair, error) {
	most := needsAccount
	for _, p := range chosen {
		most = max(most, p.needs)
	}
	register := s.wire.register
	if slices.ContainsFunc(chosen, func(p probe) bool { return p.name == neutralProbe }) {
		register = s.wire.registerUser
	}
	pairs := make([]pair, b.opts.requests+warmPairs)
	fmt.Fprintf(b.progress, "making %d accounts …\n", len(pairs))
	for i := range pairs {
		p := pair{known: s.people.email("k", i), unknown: s.people.email("u", i), password: s.people.password}
		if most >= needsSignIn {
			// The customer who asks is another one than who is asked about.
			made, err := invite(ctx, c, s.wire, s.people, i)
			if err != nil {
				return nil, err
			}
			p.token = made.token
		}
		if _, err := tokenOf(ctx, c, register(p.known, p.password)); err != nil {
			return nil, fmt.Errorf("register a known address: %w", err)
		}
		if most >= needsInvite {
			if err := b.inviteFor(ctx, c, s, &p, i); err != nil {
				return nil, err
			}
		}
		pairs[i] = p
	}
	return pairs, nil
}

// inviteFor invites one of two new identities.
func (b *bench) inviteFor(ctx context.Context, c *conn, s stage, p *pair, i int) (err error) {
	for kind, token := range map[string]*string{"i": &p.invited, "v": &p.uninvited} {
		if *token, err = tokenOf(ctx, c, s.wire.registerUser(s.people.email(kind, i), p.password)); err != nil {
			return fmt.Errorf("register an identity: %w", err)
		}
	}
	if _, err := expect(ctx, c, s.wire.invite(b.opts.adminToken, s.people.email("i", i))); err != nil {
		return fmt.Errorf("invite an administrator: %w", err)
	}
	return nil
}

// sameAnswer says whether two answers differ in nothing but the address that was
// asked about and what is new in each answer.
func sameAnswer(known, unknown answer, p pair) bool {
	return known.status == unknown.status && plainBody(known, p.known) == plainBody(unknown, p.unknown)
}

func plainBody(a answer, address string) string {
	text := strconv.Quote(string(a.body))
	var body map[string]any
	if json.Unmarshal(a.body, &body) == nil {
		for key, value := range body {
			if value == address {
				body[key] = "address"
			}
		}
		text = fmt.Sprint(body)
	}
	return text
}

var errLimited = errors.New("the server limits this client (429): exempt this machine with limits.exempt_networks")
