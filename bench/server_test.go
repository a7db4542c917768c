package main_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// service is as much of the wire as the command speaks, strict about
// everything that a real server would refuse.
type service struct {
	url string
	key string // publishable key that /store demands

	mu        sync.Mutex
	passwords map[string]string        // by address
	tokens    map[string]string        // address by token
	customers map[string]bool          // addresses with an account
	requests  map[string]int           // answered by 200, by route
	fail      string                   // a route that is answered by 500
	limited   string                   // a route that is answered by 429
	slow      map[string]time.Duration // what routes take longer if the address exists
	clock     time.Time                // see now
	neutral   bool                     // whether registrations of customers are neutral
	// mailsCodes says whether users can sign in by a code.
	mailsCodes bool
	exists     bool // whether the address of the current request does
	n          int
	// searched counts what was searched for.
	searched map[string]int
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{
		key: "pk_test", passwords: map[string]string{}, tokens: map[string]string{},
		customers: map[string]bool{}, requests: map[string]int{}, searched: map[string]int{}, clock: time.Now().Add(24 * time.Hour),
	}
	routes := http.NewServeMux()
	for route, handle := range map[string]func(r *http.Request) (int, any){
		"POST /auth/customer/emailpass/register":       s.register,
		"POST /auth/customer/emailpass":                s.login,
		"POST /store/customers":                        s.createCustomer,
		"POST /auth/session":                           s.refresh,
		"POST /auth/token/refresh":                     s.refresh,
		"GET /store/customers/me":                      s.me,
		"POST /auth/customer/emailpass/reset-password": s.reset,
		"POST /auth/customer/emailcode":                s.emailCode,
		"POST /store/customers/me/email":               s.changeEmail,
		"POST /auth/verification/request":              s.requestVerification,
		"POST /auth/user/emailpass/register":           s.register,
		"POST /admin/invites":                          s.invite,
		"POST /admin/invites/accept":                   s.acceptInvite,
		"GET /admin/customers":                         s.search,
		"GET /admin/auth-identities":                   s.search,
		"GET /ui/customer":                             func(*http.Request) (int, any) { return http.StatusOK, "<!DOCTYPE html>" },
	} {
		routes.HandleFunc(route, s.serve(route, handle))
	}
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// answersWithin is what an answer of the service takes, on its clock.
const answersWithin = time.Millisecond

// now is the time by a clock that goes on only while a request is handled, so that what
// the machine does besides is not measured. It is ahead of the machine's, because the
// deadlines of connections are taken from it.
func (s *service) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

func (s *service) serve(route string, handle func(r *http.Request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.exists = false
		status, body := handle(r)
		s.clock = s.clock.Add(answersWithin)
		if s.exists {
			s.clock = s.clock.Add(s.slow[route])
		}
		if route == s.limited {
			status, body = http.StatusTooManyRequests, object{"message": "Too many requests"}
		}
		if route == s.fail {
			status, body = http.StatusInternalServerError, object{"message": "An unknown error occurred."}
		}
		if strings.HasPrefix(r.URL.Path, "/store/") && r.Header.Get("X-Publishable-Api-Key") != s.key {
			status, body = http.StatusBadRequest, object{"message": "Publishable API key required"}
		}
		if status == http.StatusOK {
			s.requests[route]++
		}
		if route == "POST /auth/session" {
			w.Header().Set("Set-Cookie", "connect.sid=s%3A"+bearer(r)+"; Path=/; HttpOnly")
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		if s.n++; s.n%2 == 0 {
			_ = http.NewResponseController(w).Flush() // every other answer comes in chunks
		}
		_ = json.NewEncoder(w).Encode(body)
	}
}

type object map[string]any

type typed struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

func read(r *http.Request) (in typed) {
	if r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&in) != nil {
		return typed{}
	}
	return in
}

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

func (s *service) issue(email string) (int, any) {
	token := "token-" + strconv.Itoa(len(s.tokens))
	s.tokens[token] = email
	return http.StatusOK, object{"token": token}
}

func (s *service) register(r *http.Request) (int, any) {
	in := read(r)
	if s.neutral && strings.HasPrefix(r.URL.Path, "/auth/customer/") {
		return http.StatusAccepted, object{"registration_requested": true}
	}
	if in.Email == "" || len(in.Password) < 8 || s.passwords[in.Email] != "" {
		return http.StatusUnauthorized, object{"message": "Identity with email already exists"}
	}
	s.passwords[in.Email] = in.Password
	return s.issue(in.Email)
}

func (s *service) login(r *http.Request) (int, any) {
	in := read(r)
	if in.Password == "" || s.passwords[in.Email] != in.Password {
		return http.StatusUnauthorized, object{"message": "Invalid email or password"}
	}
	return s.issue(in.Email)
}

func (s *service) createCustomer(r *http.Request) (int, any) {
	in := read(r)
	if s.tokens[bearer(r)] != in.Email || s.customers[in.Email] {
		return http.StatusBadRequest, object{"message": "Request already authenticated as a customer."}
	}
	s.customers[in.Email] = true
	return http.StatusOK, object{"customer": object{"email": in.Email}}
}

func (s *service) refresh(r *http.Request) (int, any) {
	email := s.tokens[bearer(r)]
	if !s.customers[email] {
		return http.StatusUnauthorized, object{"message": "Unauthorized"}
	}
	return s.issue(email)
}

func (s *service) me(r *http.Request) (int, any) {
	token := bearer(r)
	if cookie, err := r.Cookie("connect.sid"); err == nil {
		token = strings.TrimPrefix(cookie.Value, "s%3A")
	}
	email := s.tokens[token]
	if !s.customers[email] {
		return http.StatusUnauthorized, object{"message": "Unauthorized"}
	}
	return http.StatusOK, object{"customer": object{"email": email}}
}

func (s *service) reset(r *http.Request) (int, any) {
	var in struct {
		Identifier string `json:"identifier"`
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	s.exists = s.passwords[in.Identifier] != ""
	return http.StatusCreated, nil
}

func (s *service) emailCode(r *http.Request) (int, any) {
	if !s.mailsCodes {
		return http.StatusNotFound, object{"message": "There is no such provider"}
	}
	s.exists = s.passwords[read(r).Email] != ""
	return http.StatusOK, object{"code_sent": true}
}

func (s *service) changeEmail(r *http.Request) (int, any) {
	if !s.customers[s.tokens[bearer(r)]] {
		return http.StatusUnauthorized, object{"message": "Unauthorized"}
	}
	return http.StatusAccepted, object{"email": read(r).Email}
}

func (s *service) requestVerification(r *http.Request) (int, any) {
	var in struct {
		EntityID   string `json:"entity_id"`
		EntityType string `json:"entity_type"`
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	s.exists = s.passwords[in.EntityID] != ""
	switch email := s.tokens[bearer(r)]; {
	case email == "":
		return http.StatusUnauthorized, object{"message": "Unauthorized"}
	case in.EntityType != "email" || in.EntityID == "":
		return http.StatusBadRequest, object{"message": "Invalid request"}
	case email == in.EntityID:
		return http.StatusCreated, object{"verification": object{"entity_id": in.EntityID}}
	}
	return http.StatusBadRequest, object{"message": "The address does not belong to you"}
}

func (s *service) invite(r *http.Request) (int, any) {
	if bearer(r) != "token-admin" {
		return http.StatusUnauthorized, object{"message": "Unauthorized"}
	}
	return http.StatusOK, object{"invite": object{"email": read(r).Email}}
}

func (s *service) acceptInvite(r *http.Request) (int, any) {
	return http.StatusUnauthorized, object{"message": "Unauthorized", "known": s.tokens[bearer(r)] == ""}
}

func (s *service) search(r *http.Request) (int, any) {
	if bearer(r) != "token-admin" {
		return http.StatusUnauthorized, object{"message": "Unauthorized"}
	}
	if q := r.URL.Query().Get("q"); q != "" {
		s.searched[r.URL.Path+" "+q]++
	}
	return http.StatusOK, object{"count": 0}
}
