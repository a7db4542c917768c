package auth

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/tokens"
)

// IntrospectionOptions configure [NewIntrospection].
type IntrospectionOptions struct {
	// URL is that of the service, such as https://auth.example.com.
	URL string
	// APIKey is a secret API key.
	APIKey string
	// Cache is how long an answer is remembered: a sign-out takes effect within this time.
	// 0 is 5 seconds, negative asks each time.
	Cache time.Duration
	// HTTP asks; nil is a client with a timeout of 5 seconds.
	HTTP *http.Client
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
}

const (
	introspectPath = "/auth/token/introspect"
	defaultCache   = 5 * time.Second
	// maxRemembered bounds the memory. Only tokens that the service knows are remembered
	// for long, and a full memory is emptied.
	maxRemembered = 10_000
	maxAnswer     = 256 << 10
)

// Introspection verifies tokens by asking the service (RFC 7662), so that a sign-out, a
// removed account or a new password count at once, and works with every algorithm.
type Introspection struct {
	opts IntrospectionOptions

	mu    sync.Mutex
	known map[[sha256.Size]byte]introspected
}

// introspected is an answer; claims is nil for a token that is not active.
type introspected struct {
	claims *Claims
	until  time.Time
}

// NewIntrospection returns a verifier.
func NewIntrospection(o IntrospectionOptions) (*Introspection, error) {
	if o.URL == "" || o.APIKey == "" {
		return nil, errors.New("auth: the URL of the service and a secret API key are needed")
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	if o.Cache == 0 {
		o.Cache = defaultCache
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: fetchTimeout}
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of a verifier in another program
	}
	return &Introspection{opts: o, known: map[[sha256.Size]byte]introspected{}}, nil
}

// Verify implements [Verifier].
func (v *Introspection) Verify(ctx context.Context, token string) (Claims, error) {
	if len(token) > tokens.MaxLength {
		return Claims{}, invalidToken(errors.New("the token is too long"))
	}
	now, id := v.opts.Now(), sha256.Sum256([]byte(token))
	v.mu.Lock()
	found, remembered := v.known[id]
	v.mu.Unlock()
	if !remembered || !now.Before(found.until) {
		claims, err := v.ask(ctx, token)
		if err != nil {
			return Claims{}, err
		}
		found = introspected{claims: claims, until: now.Add(v.opts.Cache)}
		v.remember(id, found)
	}
	if found.claims == nil || found.claims.ExpiresAt != 0 && now.Unix() >= found.claims.ExpiresAt {
		return Claims{}, invalidToken(errors.New("the token is not active"))
	}
	return *found.claims, nil
}

func (v *Introspection) remember(id [sha256.Size]byte, found introspected) {
	if v.opts.Cache < 0 {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known) >= maxRemembered {
		clear(v.known)
	}
	v.known[id] = found
}

// ask returns the claims of a token, nil for one that is not active.
func (v *Introspection) ask(ctx context.Context, token string) (*Claims, error) {
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.opts.URL+introspectPath, strings.NewReader(form.Encode())) //nolint:gosec // the program configures the URL
	if err != nil {
		return nil, everlatch.Unavailable("The service", errors.New("the URL is none"))
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(v.opts.APIKey, "")
	response, err := v.opts.HTTP.Do(request) //nolint:gosec // see above
	if err != nil {
		return nil, everlatch.Unavailable("The service", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		// Also for a key that is wrong: the token may be good.
		return nil, everlatch.Unavailable("The service", fmt.Errorf("the introspection was answered with %d", response.StatusCode))
	}
	var answer struct {
		Claims

		Active bool `json:"active"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer); err != nil {
		return nil, everlatch.Unavailable("The service", errors.New("the introspection is not JSON"))
	}
	if !answer.Active {
		return nil, nil //nolint:nilnil // the service has answered: it is not active
	}
	return &answer.Claims, nil
}
