package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

// JWKSOptions configure [NewJWKS].
type JWKSOptions struct {
	// URL is that of the service, such as https://auth.example.com, or of its key set.
	URL string
	// Issuer and Audience are what a token must have, if set: the issuer, and one of the
	// audiences.
	Issuer   string
	Audience []string
	// Algorithms are those that a token may be signed with, by default [DefaultAlgorithms].
	// Those of a shared secret are refused: a key set has no secrets.
	Algorithms []string
	// ClockTolerance is how far the clocks may differ.
	ClockTolerance time.Duration
	// Refresh is how old the keys may become before they are fetched again; 0 is 10
	// minutes. A token with an unknown key has them fetched at once, once in 10 seconds.
	Refresh time.Duration
	// HTTP fetches the keys; nil is a client with a timeout of 5 seconds.
	HTTP *http.Client
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
}

// DefaultAlgorithms are all that Everlatch signs with and that have a public key.
var DefaultAlgorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

const (
	defaultRefresh = 10 * time.Minute
	// refetchAfter is how soon an unknown key may have the keys fetched again, so that
	// made-up keys cause no load.
	refetchAfter = 10 * time.Second
	// keysFor is how long keys are used that can't be fetched again.
	keysFor      = 24 * time.Hour
	fetchTimeout = 5 * time.Second
	maxKeySet    = 1 << 20
	jwksPath     = "/.well-known/jwks.json"
)

// JWKS verifies tokens by the public keys of the service, without asking it about each.
// It needs an asymmetric algorithm (http.jwt_options.algorithm). A sign-out takes effect
// with the expiry of the token; see [Introspection] for a verifier that knows at once.
type JWKS struct {
	opts       JWKSOptions
	algorithms []jose.SignatureAlgorithm
	payloads   *tokens.Payloads

	mu      sync.Mutex
	keys    map[string]jose.JSONWebKey
	fetched time.Time // when the keys were fetched
	tried   time.Time // when that was last tried
}

// NewJWKS returns a verifier. It fetches the keys with the first token.
func NewJWKS(o JWKSOptions) (*JWKS, error) {
	if o.URL == "" {
		return nil, errors.New("auth: the URL of the service is needed")
	}
	if !strings.HasSuffix(o.URL, ".json") {
		o.URL = strings.TrimSuffix(o.URL, "/") + jwksPath
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: fetchTimeout}
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of a verifier in another program
	}
	if o.Refresh == 0 {
		o.Refresh = defaultRefresh
	}
	if len(o.Algorithms) == 0 {
		o.Algorithms = DefaultAlgorithms
	}
	v := &JWKS{opts: o}
	for _, name := range o.Algorithms {
		if !slices.Contains(DefaultAlgorithms, name) {
			return nil, fmt.Errorf("auth: the algorithm %q has no public key", name)
		}
		v.algorithms = append(v.algorithms, jose.SignatureAlgorithm(name))
	}
	payloads, err := tokens.NewPayloads(tokens.Config{
		Issuer: o.Issuer, Audience: o.Audience, ClockTolerance: o.ClockTolerance,
	}, o.Now)
	v.payloads = payloads
	return v, err
}

// Verify implements [Verifier]. The algorithm must be permitted and be that of the key
// which the token names; the token must be valid now and be one that signs its bearer in.
func (v *JWKS) Verify(ctx context.Context, token string) (Claims, error) {
	if len(token) > tokens.MaxLength {
		return Claims{}, invalidToken(errors.New("the token is too long"))
	}
	parsed, err := jose.ParseSignedCompact(token, v.algorithms)
	if err != nil || len(parsed.Signatures) != 1 {
		return Claims{}, invalidToken(errors.New("the token is none, or is signed by an algorithm that is not permitted"))
	}
	header := parsed.Signatures[0].Protected
	key, err := v.key(ctx, header.KeyID)
	if err != nil {
		return Claims{}, err
	}
	if key.Algorithm != "" && key.Algorithm != header.Algorithm || key.Use != "" && key.Use != "sig" {
		return Claims{}, invalidToken(errors.New("the key is for something else"))
	}
	payload, err := parsed.Verify(key.Key)
	if err != nil {
		return Claims{}, invalidToken(errors.New("the token is signed by another key"))
	}
	return v.payloads.Access(token, payload)
}

func invalidToken(cause error) error {
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "Unauthorized", Err: cause}
}

// key returns the key of an id. One that is not known has the keys fetched: the service
// may have begun to sign with it a moment ago.
func (v *JWKS) key(ctx context.Context, id string) (jose.JSONWebKey, error) {
	v.mu.Lock()
	defer v.mu.Unlock() // callers wait for one fetch instead of making their own
	now := v.opts.Now()
	key, known := v.keys[id]
	age := now.Sub(v.fetched)
	if known && age < v.opts.Refresh {
		return key, nil
	}
	if v.keys != nil && now.Sub(v.tried) < refetchAfter {
		if known && age < keysFor {
			return key, nil
		}
		if !known {
			return key, invalidToken(errors.New("the token names an unknown key"))
		}
	}
	v.tried = now
	keys, err := v.fetch(ctx)
	if err != nil {
		if known && age < keysFor {
			return key, nil
		}
		return key, everlatch.Unavailable("The key set", err)
	}
	v.keys, v.fetched = keys, now
	if key, known = keys[id]; !known {
		return key, invalidToken(errors.New("the token names an unknown key"))
	}
	return key, nil
}

// fetch reads the key set. Keys without an id, secret ones and those that can't be read
// are left out.
func (v *JWKS) fetch(ctx context.Context) (map[string]jose.JSONWebKey, error) {
	// The keys are for all callers: the one who goes must not keep them from the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.opts.URL, nil) //nolint:gosec // the program configures the URL
	if err != nil {
		return nil, err
	}
	response, err := v.opts.HTTP.Do(request) //nolint:gosec // see above
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the key set was answered with %d; does the service sign with a key pair?", response.StatusCode)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxKeySet)).Decode(&set); err != nil {
		return nil, errors.New("the key set is not JSON")
	}
	keys := map[string]jose.JSONWebKey{}
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && key.KeyID != "" && key.IsPublic() && key.Valid() {
			keys[key.KeyID] = key
		}
	}
	return keys, nil
}
