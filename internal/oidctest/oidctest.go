package oidctest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// The client, unless [Options] name another.
const (
	defaultClientID     = "everlatch-test"
	DefaultClientSecret = "not-a-secret-of-anybody"
)

// Options configures a [Provider].
type Options struct {
	// ClientID is "everlatch-test" and ClientSecret [DefaultClientSecret] by
	// default.
	ClientID, ClientSecret string
	// Public is for a client that has no secret and must not send one.
	Public bool
	// AuthMethods are published as the ways to send the client's secret; none are
	// published by default. The secret must come in the header if they are
	// client_secret_basic alone, and in the form otherwise.
	AuthMethods []string
	// UserInfo publishes the UserInfo endpoint; see [Provider.Tell].
	UserInfo bool
	// RedirectURIs are the allowed redirect URIs.
	RedirectURIs []string
	// NoIss omits the issuer from callbacks and discovery, like a provider
	// without RFC 9207.
	NoIss bool
	// Algorithm signs the tokens: RS256 by default.
	Algorithm string
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

// Person holds the claims of the user who signs in. They override the default
// claims.
type Person map[string]any

// Provider is a running provider.
type Provider struct {
	tb      testing.TB
	options Options
	server  *httptest.Server
	closing chan struct{}

	mu       sync.Mutex
	person   Person
	signers  []key // the last one is published
	wrongs   map[Misbehaviour]int
	holds    map[Endpoint]chan struct{}
	codes    map[string]grant
	info     Person
	access   map[string]bool // the issued access tokens
	requests map[Endpoint]int
	replays  int
	given    int
}

// grant is the sign-in behind a code.
type grant struct {
	redirectURI, challenge, nonce, scope string
	person                               Person
	expires                              time.Time
}

// Start runs a provider until the test ends. A user with the subject "ada" and a
// verified address is already signed in.
func Start(tb testing.TB, o Options) *Provider {
	tb.Helper()
	if o.ClientID == "" {
		o.ClientID = defaultClientID
	}
	if o.ClientSecret == "" && !o.Public {
		o.ClientSecret = DefaultClientSecret
	}
	if o.Algorithm == "" {
		o.Algorithm = "RS256"
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // tests without a clock of their own
	}
	p := &Provider{
		tb: tb, options: o, closing: make(chan struct{}),
		person: Person{"sub": "ada", "email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace"},
		wrongs: make(map[Misbehaviour]int), holds: make(map[Endpoint]chan struct{}),
		codes: make(map[string]grant), access: make(map[string]bool), requests: make(map[Endpoint]int),
	}
	p.Rotate()
	mux := http.NewServeMux()
	for endpoint, handler := range map[Endpoint]http.HandlerFunc{
		Discovery: p.discovery, Authorization: p.authorize, Token: p.exchange, Keys: p.keys, UserInfo: p.userInfo,
		private: func(http.ResponseWriter, *http.Request) {},
	} {
		mux.HandleFunc(string(endpoint), p.serve(endpoint, handler))
	}
	p.server = httptest.NewServer(mux)
	tb.Cleanup(func() {
		close(p.closing)
		p.server.Close()
	})
	return p
}

// URL is the issuer.
func (p *Provider) URL() string { return p.server.URL }

// Endpoint returns the address of an endpoint.
func (p *Provider) Endpoint(e Endpoint) string { return p.server.URL + string(e) }

// ClientID and ClientSecret are what a client needs to know.
func (p *Provider) ClientID() string { return p.options.ClientID }

// ClientSecret is "" for a public client.
func (p *Provider) ClientSecret() string { return p.options.ClientSecret }

// Login sets the user of the next sign-ins. A nil claim is omitted from the
// token.
func (p *Provider) Login(who Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.person = maps.Clone(who)
}

// Tell sets the claims that the UserInfo endpoint returns for every user. ID
// tokens keep the claims set by [Provider.Login].
func (p *Provider) Tell(info Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.info = maps.Clone(info)
}

// Stop makes the provider unreachable.
func (p *Provider) Stop() {
	p.server.CloseClientConnections()
	p.server.Listener.Close()
}

// Hold keeps the requests of an endpoint waiting until release is called.
func (p *Provider) Hold(e Endpoint) (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	gate := make(chan struct{})
	p.holds[e] = gate
	return sync.OnceFunc(func() {
		p.mu.Lock()
		delete(p.holds, e)
		p.mu.Unlock()
		close(gate)
	})
}

// Requests counts the requests of an endpoint.
func (p *Provider) Requests(e Endpoint) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[e]
}

// Exchanged counts the codes that became tokens.
func (p *Provider) Exchanged() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.given
}

// Replays counts exchanges of unknown codes, among them those used before.
func (p *Provider) Replays() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.replays
}

// Trespasses counts the clients that [Redirect] led to a private address.
func (p *Provider) Trespasses() int { return p.Requests(private) }

// Follow visits the authorization endpoint like a browser, and returns the
// parameters of the callback.
func (p *Provider) Follow(tb testing.TB, location string) map[string]string {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, location, http.NoBody)
	if err != nil {
		tb.Fatalf("location: %v", err)
	}
	resp, err := p.server.Client().Transport.RoundTrip(req)
	if err != nil {
		tb.Fatalf("authorization endpoint: %v", err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		tb.Fatalf("the authorization endpoint answers %d without sending back", resp.StatusCode)
	}
	params := map[string]string{}
	for name, values := range back.Query() {
		params[name] = values[0]
	}
	return params
}
