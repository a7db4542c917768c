package oidctest

// Misbehaviour is a way in which the provider does wrong; see [Provider.Once].
type Misbehaviour string

// At the authorization endpoint, in what is sent back.
const (
	// AccessDenied sends back an error, as after a person who says no.
	AccessDenied Misbehaviour = "access denied"
	// NoIssParameter leaves out the issuer, though discovery promises it.
	NoIssParameter Misbehaviour = "no iss parameter"
	// WrongIssParameter names another issuer, as in a mix-up of providers.
	WrongIssParameter Misbehaviour = "wrong iss parameter"
	// WrongState sends back another state.
	WrongState Misbehaviour = "wrong state"
)

// At the token endpoint, in the ID token.
const (
	NoIDToken Misbehaviour = "no ID token"
	// Malformed is a text that is no token.
	Malformed       Misbehaviour = "malformed ID token"
	NoNonce         Misbehaviour = "no nonce"
	WrongNonce      Misbehaviour = "wrong nonce"
	WrongIssuer     Misbehaviour = "wrong issuer"
	WrongAudience   Misbehaviour = "wrong audience"
	SharedAudience  Misbehaviour = "several audiences, no authorized party"
	WrongParty      Misbehaviour = "wrong authorized party"
	Expired         Misbehaviour = "expired"
	NoExpiry        Misbehaviour = "no expiry"
	OfTheFuture     Misbehaviour = "issued in the future"
	NotYetValid     Misbehaviour = "not yet valid"
	UnverifiedEmail Misbehaviour = "e-mail not verified"
	NoSubject       Misbehaviour = "no subject"
	// AlgNone leaves the token without a signature.
	AlgNone Misbehaviour = "alg none"
	// HS256PublicKey takes the public key for a shared secret.
	HS256PublicKey Misbehaviour = "HS256 by the public key"
	// ForgedSignature signs by a strange key under the name of the published one.
	ForgedSignature Misbehaviour = "forged signature"
	// Tampered changes the claims after signing.
	Tampered Misbehaviour = "tampered claims"
	// UnknownKey signs with a key that is not published.
	UnknownKey Misbehaviour = "unknown kid"
	// RetiredKey signs with the key that the last [Provider.Rotate] replaced.
	RetiredKey Misbehaviour = "retired key"
	// EmbeddedKey signs with an unpublished key and embeds it in the token header.
	EmbeddedKey Misbehaviour = "key in the header"
	// NoKeyID does not name the key, which is allowed.
	NoKeyID Misbehaviour = "no kid"
)

// At any endpoint; see [Misbehaviour.At].
const (
	// Hang answers when the client has left.
	Hang Misbehaviour = "hang"
	// ServerError answers 500, with everything that was sent in its body.
	ServerError Misbehaviour = "500"
	// Refuse answers 400 and invalid_grant, with everything that was sent in its
	// description.
	Refuse Misbehaviour = "400"
	// Huge answers with 2 MiB of JSON.
	Huge Misbehaviour = "huge body"
	// Garbage answers with what is no JSON.
	Garbage Misbehaviour = "garbage"
	// Break ends the connection in the middle of the answer.
	Break Misbehaviour = "broken connection"
	// Redirect sends on to a private address, at which [Provider.Trespasses]
	// counts.
	Redirect Misbehaviour = "redirect"
)

// At [Discovery], beside [WrongIssuer].
const (
	// Insecure names an endpoint without TLS.
	Insecure Misbehaviour = "insecure endpoint"
	// InsecureUserInfo does so for the UserInfo endpoint.
	InsecureUserInfo Misbehaviour = "insecure UserInfo endpoint"
)

// Endpoint is one of the provider's.
type Endpoint string

// The endpoints.
const (
	Discovery     Endpoint = "/.well-known/openid-configuration"
	Authorization Endpoint = "/authorize"
	Token         Endpoint = "/token"
	UserInfo      Endpoint = "/userinfo"
	Keys          Endpoint = "/keys"
)

// private is where [Redirect] sends clients, beside the endpoints.
const private Endpoint = "/private"

// At says where a misbehaviour of any endpoint happens.
func (m Misbehaviour) At(e Endpoint) Misbehaviour { return m + " at " + Misbehaviour(e) }

// Once makes the provider misbehave in the next request for which it can. Each
// call adds one request.
func (p *Provider) Once(all ...Misbehaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range all {
		p.wrongs[m]++
	}
}

// Always makes the provider misbehave until [Provider.Behave].
func (p *Provider) Always(all ...Misbehaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range all {
		p.wrongs[m] = -1
	}
}

// Behave ends every misbehaviour.
func (p *Provider) Behave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.wrongs)
}

// does says whether a request is the one to misbehave in.
func (p *Provider) does(m Misbehaviour) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.wrongs[m]
	if n > 0 {
		p.wrongs[m]--
	}
	return n != 0
}
