package standin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	codeTTL  = time.Minute
	tokenTTL = 10 * time.Minute
)

func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, map[string]any{
		"issuer":                                         p.Issuer,
		"authorization_endpoint":                         p.Issuer + "/authorize",
		"token_endpoint":                                 p.Issuer + "/token",
		"jwks_uri":                                       p.Issuer + "/keys",
		"response_types_supported":                       []string{"code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"RS256"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	})
}

// authorize shows the accounts, and redirects back once one is chosen. A request
// with an unknown client or callback URL is not redirected.
func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	back, err := url.Parse(query.Get("redirect_uri"))
	switch {
	case query.Get("client_id") != p.ClientID:
		p.stop(w, "There is no client "+query.Get("client_id")+".")
		return
	case err != nil || !slices.Contains(p.CallbackURLs, query.Get("redirect_uri")):
		p.stop(w, "The redirect_uri "+query.Get("redirect_uri")+" is not one of this client.")
		return
	}
	answer := back.Query()
	answer.Set("state", query.Get("state"))
	answer.Set("iss", p.Issuer) // RFC 9207
	who, known := p.person(query.Get("as"))
	switch {
	case query.Get("response_type") != "code", query.Get("code_challenge_method") != "S256", query.Get("code_challenge") == "",
		!slices.Contains(strings.Fields(query.Get("scope")), "openid"):
		answer.Set("error", "invalid_request")
	case query.Get("as") == refused:
		answer.Set("error", "access_denied")
		answer.Set("error_description", "The person said no")
	case !known:
		p.ask(w, query)
		return
	default:
		answer.Set("code", p.grant(query, who))
	}
	back.RawQuery = answer.Encode()
	w.Header().Set("Location", back.String())
	w.WriteHeader(http.StatusFound)
}

func (p *provider) grant(query url.Values, who Person) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	code := rand.Text()
	p.codes[code] = grant{
		redirectURI: query.Get("redirect_uri"), challenge: query.Get("code_challenge"), nonce: query.Get("nonce"),
		claims: who.Claims, until: p.Now().Add(codeTTL),
	}
	return code
}

// take returns what a code stands for, once.
func (p *provider) take(code string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, known := p.codes[code]
	delete(p.codes, code)
	return g, known && p.Now().Before(g.until)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if r.PostFormValue("client_id") != p.ClientID || !same(r.PostFormValue("client_secret"), p.ClientSecret) {
		say(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	g, good := p.take(r.PostFormValue("code"))
	if !good || r.PostFormValue("grant_type") != "authorization_code" || r.PostFormValue("redirect_uri") != g.redirectURI ||
		base64.RawURLEncoding.EncodeToString(verifier[:]) != g.challenge {
		say(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	idToken, err := p.sign(g)
	if err != nil {
		say(w, http.StatusInternalServerError, map[string]any{"error": "server_error"})
		return
	}
	say(w, http.StatusOK, map[string]any{
		"access_token": rand.Text(), "token_type": "Bearer", "expires_in": int(tokenTTL.Seconds()), "id_token": idToken,
	})
}

func (p *provider) sign(g grant) (string, error) {
	now := p.Now()
	claims := map[string]any{
		"iss": p.Issuer, "aud": p.ClientID, "nonce": g.nonce, "iat": now.Unix(), "exp": now.Add(tokenTTL).Unix(),
	}
	maps.Copy(claims, g.claims)
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := p.signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func say(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // nothing of ours cannot be written
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may have disconnected
}
