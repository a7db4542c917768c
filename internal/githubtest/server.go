package githubtest

import (
	"crypto/rand"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
)

// Options describe a server. The zero value is a GitHub with an app "client" on
// which [Ada] signs in with a token that does not expire.
type Options struct {
	// ClientID and ClientSecret are those of the only app; "" generates them.
	ClientID, ClientSecret string
	// Person signs in; nil is [Ada].
	Person *Person
	// ExpiringTokens issues tokens that expire, and refresh tokens, as GitHub
	// Apps do.
	ExpiringTokens bool
}

// Person is a GitHub account. A nil string is JSON null.
type Person struct {
	ID            int64
	Login         string
	Name, Company *string
	// ProfileEmail is the address in the profile, verified or not.
	ProfileEmail *string
	Emails       []Email
	// TwoFactor is returned only to apps with the scope user.
	TwoFactor bool
}

// Email is an address of a [Person].
type Email struct {
	Email    string `json:"email"`
	Primary  bool   `json:"primary"`
	Verified bool   `json:"verified"`
}

// Ada returns a person with everything: a verified primary address, one that is
// not verified, and one that is not primary.
func Ada() Person {
	return Person{
		ID: 583231, Login: "ada", Name: new("Ada Lovelace"), Company: new("@analytical"), ProfileEmail: new("ada@profile.example"),
		Emails: []Email{
			{Email: "ada@unverified.example"},
			{Email: "ada@work.example", Verified: true},
			{Email: "ada@example.com", Primary: true, Verified: true},
		},
	}
}

// Server is GitHub on 127.0.0.1. It is safe for concurrent use.
type Server struct {
	// ClientID and ClientSecret are those of the app.
	ClientID, ClientSecret string
	// The endpoints, to be given to the provider.
	AuthorizationEndpoint, TokenEndpoint, APIEndpoint string

	expiring bool
	stop     chan struct{}
	browser  http.RoundTripper

	mu        sync.Mutex
	person    Person
	script    map[Endpoint][]Misbehaviour
	codes     map[string]grant
	tokens    map[string]string // token to scope
	requests  map[Endpoint]int
	exchanges int
	secrets   []string
}

// grant is the sign-in behind a code.
type grant struct{ callbackURL, challenge, scope string }

// Start runs a server until the test ends.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s := &Server{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret, expiring: o.ExpiringTokens,
		stop: make(chan struct{}), person: Ada(), script: make(map[Endpoint][]Misbehaviour),
		codes: map[string]grant{}, tokens: map[string]string{}, requests: make(map[Endpoint]int),
	}
	if s.ClientID == "" {
		s.ClientID = "client"
	}
	if s.ClientSecret == "" {
		s.ClientSecret = "secret-" + rand.Text()
	}
	if o.Person != nil {
		s.person = *o.Person
	}
	s.secrets = []string{s.ClientSecret}
	server := httptest.NewServer(s.routes())
	tb.Cleanup(func() {
		close(s.stop) // releases slow responses
		server.Close()
	})
	s.browser = server.Client().Transport
	s.AuthorizationEndpoint = server.URL + string(Authorize)
	s.TokenEndpoint = server.URL + string(Token)
	s.APIEndpoint = server.URL + apiPath
	return s
}

// SetPerson sets the user of the next sign-ins and of all tokens.
func (s *Server) SetPerson(p Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.person = p
}

// Script appends faults for the next requests of an endpoint, one step each.
// Requests after the last step succeed.
func (s *Server) Script(e Endpoint, steps ...Misbehaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[e] = append(s.script[e], steps...)
}

// Requests returns how many requests an endpoint has received.
func (s *Server) Requests(e Endpoint) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[e]
}

// Exchanges returns how many codes were turned into tokens, also when the
// response was lost.
func (s *Server) Exchanges() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exchanges
}

// Codes returns the unused codes.
func (s *Server) Codes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.codes))
}

// Secrets returns every secret that the server issued or received: the client
// secret, codes, verifiers and tokens. Tests check that they do not leak.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.secrets)
}

// Visit opens a location like a browser that is signed in to GitHub, and
// returns the address to which GitHub redirects it.
func (s *Server) Visit(tb testing.TB, location string) *url.URL {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, location, http.NoBody)
	if err != nil {
		tb.Fatalf("githubtest: %v", err)
	}
	resp, err := s.browser.RoundTrip(req) // follows no redirect
	if err != nil {
		tb.Fatalf("githubtest: %v", err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil || resp.StatusCode != http.StatusFound {
		tb.Fatalf("githubtest: the authorization endpoint answers %d", resp.StatusCode)
	}
	return back
}

// begin counts a request and returns its fault.
func (s *Server) begin(e Endpoint) Misbehaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[e]++
	if len(s.script[e]) == 0 {
		return OK
	}
	step := s.script[e][0]
	s.script[e] = s.script[e][1:]
	return step
}

// secret generates and remembers a secret; the caller holds the lock.
func (s *Server) secret(prefix string) string {
	text := prefix + rand.Text()
	s.secrets = append(s.secrets, text)
	return text
}
