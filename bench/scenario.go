package main

import "sync/atomic"

// scenario is one kind of request, sent again and again.
type scenario struct {
	name string
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
}

// scenarios returns every scenario in the order in which they run.
func scenarios() []scenario {
	return []scenario{
		{"register", func(s stage, _ person) func() []byte {
			return func() []byte {
				return s.wire.register(s.people.email("n", int(s.newcomers.Add(1))), s.people.password)
			}
		}},
		{"login", func(s stage, p person) func() []byte { return always(s.wire.login(p.email, s.people.password)) }},
		{"refresh", func(s stage, p person) func() []byte { return always(s.wire.refresh(p.token)) }},
		{"session", func(s stage, p person) func() []byte { return always(s.wire.me("Cookie", p.cookie)) }},
		{"me", func(s stage, p person) func() []byte { return always(s.wire.me("Authorization", "Bearer "+p.token)) }},
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
