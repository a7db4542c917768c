package main

import (
	"strconv"
	"sync/atomic"
)

// scenario is one kind of request, sent again and again.
type scenario struct {
	name string
	// administrator says that it needs -admin-token.
	administrator bool
	// requests returns what makes the next request of the client who is p. What
	// it returns is called by one client only.
	requests func(s stage, p person) func() []byte
}

// stage is what all scenarios share.
type stage struct {
	wire   wire
	people crowd
	// newcomers counts addresses that were used up.
	newcomers *atomic.Int64
	// adminToken is -admin-token.
	adminToken string
	// crew are all people that were made.
	crew []person
	// filled and filledPassword are -filled and -filled-password.
	filled         int
	filledPassword string
}

const (
	scenarioLogin = "login"
	// scenarioPage is only for a server with hosted pages.
	scenarioPage = "page"
)

// scenarios returns every scenario in the order in which they run.
func scenarios() []scenario {
	return []scenario{
		{"register", false, func(s stage, _ person) func() []byte {
			return func() []byte {
				return s.wire.register(s.people.email("n", int(s.newcomers.Add(1))), s.people.password)
			}
		}},
		{scenarioLogin, false, stage.login},
		{"refresh", false, func(s stage, p person) func() []byte { return always(s.wire.refresh(p.token)) }},
		{"session", false, func(s stage, p person) func() []byte { return always(s.wire.me("Cookie", p.cookie)) }},
		{"me", false, func(s stage, p person) func() []byte { return always(s.wire.me("Authorization", "Bearer "+p.token)) }},
		{"list", true, func(s stage, _ person) func() []byte {
			return always(s.wire.admin(s.adminToken, "/admin/customers?limit=20"))
		}},
		{"search", true, func(s stage, _ person) func() []byte { return s.search("/admin/customers") }},
		{"identities", true, func(s stage, _ person) func() []byte { return s.search("/admin/auth-identities") }},
		{scenarioPage, false, func(s stage, _ person) func() []byte { return always(s.wire.page("/ui/customer")) }},
	}
}

// login signs one person in after the other, or one of the filled accounts.
func (s stage) login(person) func() []byte {
	return func() []byte {
		n := int(s.newcomers.Add(1)) * stride
		if s.filled > 0 {
			return s.wire.login(filledEmail(n%s.filled+1), s.filledPassword)
		}
		return s.crew[n%len(s.crew)].login
	}
}

// filledEmail is the address of account n of bench/fill.
func filledEmail(n int) string {
	given := [...]string{"ada", "grace", "alan", "barbara", "edsger", "frances", "katherine"}
	family := [...]string{
		"lovelace", "hopper", "turing", "liskov", "dijkstra", "allen", "johnson", "hamilton", "knuth", "perlman", "goldberg",
	}
	return given[n%len(given)] + "." + family[n%len(family)] + "." + strconv.Itoa(n) + "@example.com"
}

// stride is a prime, so that numbers that are one apart are all over the table.
const stride = 7919

// search looks for a part of one account's address after the other, as bench/fill makes
// them, so that no answer comes from a cache.
func (s stage) search(path string) func() []byte {
	return func() []byte {
		n := int(s.newcomers.Add(1)) * stride % 900_000
		return s.wire.admin(s.adminToken, path+"?limit=20&q=r."+strconv.Itoa(100_000+n))
	}
}

// always returns the same request each time.
func always(request []byte) func() []byte { return func() []byte { return request } }

func scenarioNames() []string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}

func scenarioNamed(name string) (found scenario) {
	for _, s := range scenarios() {
		if s.name == name {
			found = s
		}
	}
	return found
}
