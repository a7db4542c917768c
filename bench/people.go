package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// crowd makes addresses that no one else has.
type crowd struct {
	prefix   string
	password string
}

// newCrowd returns names that are new for each run, so that two runs against
// one server do not meet.
func newCrowd(prefix string) crowd {
	return crowd{
		prefix: prefix + "-" + strings.ToLower(rand.Text()[:10]),
		// As long as one that a person would type; no policy knows it.
		password: rand.Text()[:20],
	}
}

func (c crowd) email(kind string, i int) string {
	return c.prefix + "-" + kind + strconv.Itoa(i) + "@example.com"
}

// person is a customer with everything that scenarios need of one.
type person struct {
	email, token, cookie string
	// login is the request that signs them in.
	login []byte
}

// invite makes a customer: an identity, its account, a token that knows the
// account, a session.
func invite(ctx context.Context, c *conn, w wire, people crowd, i int) (p person, err error) {
	p.email = people.email("p", i)
	p.login = w.login(p.email, people.password)
	registered, err := tokenOf(ctx, c, w.register(p.email, people.password))
	if err != nil {
		return p, fmt.Errorf("register a person: %w", err)
	}
	if _, err := expect(ctx, c, w.createCustomer(registered, p.email)); err != nil {
		return p, fmt.Errorf("create a customer: %w", err)
	}
	if p.token, err = tokenOf(ctx, c, p.login); err != nil {
		return p, fmt.Errorf("log a person in: %w", err)
	}
	session, err := expect(ctx, c, w.openSession(p.token))
	if err != nil {
		return p, fmt.Errorf("open a session: %w", err)
	}
	p.cookie, _, _ = strings.Cut(session.header.Get("Set-Cookie"), ";")
	if p.cookie == "" {
		return p, errors.New("open a session: the answer sets no cookie")
	}
	return p, nil
}

func tokenOf(ctx context.Context, c *conn, request []byte) (string, error) {
	a, err := expect(ctx, c, request)
	if err != nil {
		return "", err
	}
	var body struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(a.body, &body); err != nil || body.Token == "" {
		return "", errors.New("the answer holds no token")
	}
	return body.Token, nil
}

// statusError is an answer of the wrong kind. It shows the beginning of the
// body, which says what is wrong (a publishable key is missing, say).
type statusError struct {
	status int
	body   string
	// retryAfter is the header of that name, 0 without it.
	retryAfter time.Duration
}

// Error implements error.
func (e *statusError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.body) }

// maxShown bounds how much of a body an error shows.
const maxShown = 200

// expect sends a request that must be answered by 200, as all of ours.
func expect(ctx context.Context, c *conn, request []byte) (answer, error) {
	a, err := c.do(ctx, request)
	if err != nil {
		return a, err
	}
	if a.status != http.StatusOK {
		seconds, _ := strconv.Atoi(a.header.Get("Retry-After"))
		return a, &statusError{
			status: a.status, body: string(a.body[:min(len(a.body), maxShown)]), retryAfter: time.Duration(seconds) * time.Second,
		}
	}
	return a, nil
}
