package oidctest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// serve counts requests, and applies the misbehaviours of whole endpoints.
func (p *Provider) serve(e Endpoint, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		_ = r.ParseForm() // also lets the server notice a client that disconnects
		p.mu.Lock()
		p.requests[e]++
		hold := p.holds[e]
		p.mu.Unlock()
		if hold != nil {
			p.wait(r, hold)
		}
		if !p.spoil(e, w, r) {
			next(w, r)
		}
	}
}

func (p *Provider) wait(r *http.Request, until <-chan struct{}) {
	select {
	case <-until:
	case <-r.Context().Done():
	case <-p.closing:
	}
}

// spoil applies a misbehaviour if one is due.
func (p *Provider) spoil(e Endpoint, w http.ResponseWriter, r *http.Request) bool {
	echo := r.Form.Encode() + " " + r.Form.Get("code") + " " + r.Form.Get("code_verifier") + " " + r.Form.Get("client_secret") +
		" " + r.Header.Get("Authorization")
	switch {
	case p.does(Hang.At(e)):
		p.wait(r, nil)
	case p.does(ServerError.At(e)):
		writeJSON(w, http.StatusInternalServerError, map[string]any{"error": echo})
	case p.does(Refuse.At(e)):
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": echo})
	case p.does(Huge.At(e)):
		writeJSON(w, http.StatusOK, map[string]any{"id_token": strings.Repeat("x", 2<<20)})
	case p.does(Garbage.At(e)):
		_, _ = w.Write([]byte("<html>" + echo)) //nolint:gosec // for a client that reads JSON
	case p.does(Break.At(e)):
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"id_token":"`))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case p.does(Redirect.At(e)):
		http.Redirect(w, r, string(private), http.StatusTemporaryRedirect)
	default:
		return false
	}
	return true
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	issuer := p.URL()
	if p.does(WrongIssuer.At(Discovery)) {
		issuer = "https://evil.example"
	}
	document := map[string]any{
		"issuer":                                         issuer,
		"authorization_endpoint":                         p.Endpoint(Authorization),
		"token_endpoint":                                 p.Endpoint(Token),
		"jwks_uri":                                       p.Endpoint(Keys),
		"response_types_supported":                       []string{"code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{p.options.Algorithm},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": !p.options.NoIss,
	}
	if p.options.UserInfo {
		document["userinfo_endpoint"] = p.Endpoint(UserInfo)
	}
	if len(p.options.AuthMethods) > 0 {
		document["token_endpoint_auth_methods_supported"] = p.options.AuthMethods
	}
	if p.does(Insecure.At(Discovery)) {
		document["token_endpoint"] = "http://idp.example/token"
	}
	if p.does(InsecureUserInfo.At(Discovery)) {
		document["userinfo_endpoint"] = "http://idp.example/userinfo"
	}
	writeJSON(w, http.StatusOK, document)
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	back, err := url.Parse(query.Get("redirect_uri"))
	if err != nil || query.Get("client_id") != p.options.ClientID || !slices.Contains(p.options.RedirectURIs, query.Get("redirect_uri")) {
		http.Error(w, "unknown client or redirect URI", http.StatusBadRequest)
		return
	}
	answer := back.Query()
	answer.Set("state", query.Get("state"))
	if p.does(WrongState) {
		answer.Set("state", "another state")
	}
	switch {
	case p.does(WrongIssParameter):
		answer.Set("iss", "https://evil.example")
	case !p.options.NoIss && !p.does(NoIssParameter):
		answer.Set("iss", p.URL())
	}
	switch {
	case p.does(AccessDenied):
		answer.Set("error", "access_denied")
		answer.Set("error_description", "The person said no.")
	case query.Get("response_type") != "code", query.Get("code_challenge_method") != "S256", len(query.Get("code_challenge")) != 43,
		query.Get("state") == "", !slices.Contains(strings.Fields(query.Get("scope")), "openid"):
		answer.Set("error", "invalid_request")
	default:
		answer.Set("code", p.grant(query))
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) //nolint:gosec // to a registered redirect URI
}

func (p *Provider) grant(query url.Values) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	code := "code-" + rand.Text()
	p.codes[code] = grant{
		redirectURI: query.Get("redirect_uri"), challenge: query.Get("code_challenge"), nonce: query.Get("nonce"),
		scope: query.Get("scope"), person: p.person, expires: p.options.Now().Add(time.Minute),
	}
	return code
}

// take returns the grant of a code, once.
func (p *Provider) take(code string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.codes[code]
	delete(p.codes, code)
	if !ok {
		p.replays++
	}
	return g, ok && p.options.Now().Before(g.expires)
}

func (p *Provider) exchange(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.RawQuery != "" {
		refuse(w, "invalid_request", "a form is expected, and nothing in the address")
		return
	}
	form := r.PostForm
	if !p.knows(r) {
		refuse(w, "invalid_client", "")
		return
	}
	if form.Get("grant_type") != "authorization_code" {
		refuse(w, "unsupported_grant_type", "")
		return
	}
	g, ok := p.take(form.Get("code"))
	challenge := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case !ok:
		refuse(w, "invalid_grant", "the code "+form.Get("code")+" is unknown, used or expired")
	case g.redirectURI != form.Get("redirect_uri"):
		refuse(w, "invalid_grant", "the redirect URI is another")
	case g.challenge != encode(challenge[:]):
		refuse(w, "invalid_grant", "the verifier "+form.Get("code_verifier")+" does not fit the challenge")
	default:
		p.give(w, g)
	}
}

// knows reports whether a request authenticates the client, in exactly one way.
func (p *Provider) knows(r *http.Request) bool {
	form := r.PostForm
	id, secret, inHeader := r.BasicAuth()
	if slices.Equal(p.options.AuthMethods, []string{"client_secret_basic"}) {
		return inHeader && id == url.QueryEscape(p.options.ClientID) && secret == url.QueryEscape(p.options.ClientSecret) &&
			!form.Has("client_secret")
	}
	return !inHeader && form.Get("client_id") == p.options.ClientID && form.Get("client_secret") == p.options.ClientSecret &&
		form.Has("client_secret") != p.options.Public
}

func (p *Provider) give(w http.ResponseWriter, g grant) {
	accessToken := "access-" + rand.Text()
	p.mu.Lock()
	p.given++
	p.access[accessToken] = true
	p.mu.Unlock()
	answer := map[string]any{
		"access_token": accessToken, "refresh_token": "refresh-" + rand.Text(),
		"token_type": "Bearer", "expires_in": 3600, "scope": g.scope,
	}
	if !p.does(NoIDToken) {
		answer["id_token"] = p.token(p.claims(g))
	}
	writeJSON(w, http.StatusOK, answer)
}

// claims returns the claims of the ID token.
func (p *Provider) claims(g grant) map[string]any {
	now := p.options.Now().Unix()
	claims := map[string]any{
		"iss": p.URL(), "aud": p.options.ClientID, "azp": p.options.ClientID,
		"iat": now, "exp": now + 3600, "nonce": g.nonce,
	}
	maps.Copy(claims, g.person)
	for _, wrong := range []struct {
		how    Misbehaviour
		claims map[string]any // nil removes a claim
	}{
		{NoNonce, map[string]any{"nonce": nil}},
		{WrongNonce, map[string]any{"nonce": "another nonce"}},
		{WrongIssuer, map[string]any{"iss": "https://evil.example"}},
		{WrongAudience, map[string]any{"aud": "another client"}},
		{SharedAudience, map[string]any{"aud": []string{p.options.ClientID, "another client"}, "azp": nil}},
		{WrongParty, map[string]any{"azp": "another client"}},
		{Expired, map[string]any{"iat": now - 3600, "exp": now - 60}},
		{NoExpiry, map[string]any{"exp": nil}},
		{OfTheFuture, map[string]any{"iat": now + 60}},
		{NotYetValid, map[string]any{"nbf": now + 60}},
		{UnverifiedEmail, map[string]any{"email_verified": false}},
		{NoSubject, map[string]any{"sub": nil}},
	} {
		if p.does(wrong.how) {
			maps.Copy(claims, wrong.claims)
		}
	}
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// userInfo answers requests with a valid access token (OpenID Connect Core,
// section 5.3).
func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	info, known := p.info, p.access[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	p.mu.Unlock()
	if !known || r.URL.RawQuery != "" {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}
	writeJSON(w, http.StatusOK, info)
}

func refuse(w http.ResponseWriter, code, description string) {
	writeJSON(w, http.StatusBadRequest, map[string]any{"error": code, "error_description": description})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // the client may have left
}
