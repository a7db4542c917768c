package oidctest

// Misbehaviour is a fault of the provider; see [Provider.Once].
type Misbehaviour string

// At the authorization endpoint, in the callback.
const (
	// AccessDenied returns an error, as when the user refuses.
	AccessDenied Misbehaviour = "access denied"
	// NoIssParameter omits the issuer that discovery promises.
	NoIssParameter Misbehaviour = "no iss parameter"
	// WrongIssParameter names another issuer, as in a mix-up of providers.
	WrongIssParameter Misbehaviour = "wrong iss parameter"
	// WrongState returns another state.
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
	// HS256PublicKey signs with the public key as a shared secret.
	HS256PublicKey Misbehaviour = "HS256 by the public key"
	// ForgedSignature signs with a foreign key under the ID of the published
	// one.
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
	// Hang responds after the client has disconnected.
	Hang Misbehaviour = "hang"
	// ServerError answers 500, with everything that was sent in its body.
	ServerError Misbehaviour = "500"
	// Refuse answers 400 and invalid_grant, with everything that was sent in its
	// description.
	Refuse Misbehaviour = "400"
	// Huge answers with 2 MiB of JSON.
	Huge Misbehaviour = "huge body"
	// Garbage responds with invalid JSON.
	Garbage Misbehaviour = "garbage"
	// Break closes the connection in the middle of the response.
	Break Misbehaviour = "broken connection"
	// Redirect redirects to a private address, whose requests
	// [Provider.Trespasses] counts.
	Redirect Misbehaviour = "redirect"
)

// At [Discovery], beside [WrongIssuer].
const (
	// Insecure names an endpoint without TLS.
	Insecure Misbehaviour = "insecure endpoint"
	// InsecureUserInfo does so for the UserInfo endpoint.
	InsecureUserInfo Misbehaviour = "insecure UserInfo endpoint"
)

// Endpoint is an endpoint of the provider.
type Endpoint string

// The endpoints.
const (
	Discovery     Endpoint = "/.well-known/openid-configuration"
	Authorization Endpoint = "/authorize"
	Token         Endpoint = "/token"
	UserInfo      Endpoint = "/userinfo"
	Keys          Endpoint = "/keys"
)

// private is the target of [Redirect].
const private Endpoint = "/private"

// At selects the endpoint of a misbehaviour.
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

// does reports whether a misbehaviour applies to this request.
func (p *Provider) does(m Misbehaviour) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.wrongs[m]
	if n > 0 {
		p.wrongs[m]--
	}
	return n != 0
}
