package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/converter"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/temporalkit"
)

// CodecOptions say who may use a codec endpoint. One of Token, Service and Open is
// needed.
type CodecOptions struct {
	// Token is what callers send as "Authorization: Bearer".
	Token string
	// Service is the base URL of the API. Callers send the bearer token of an
	// administrator, which the API is asked about.
	Service string
	// Open lets every caller in. It is for a loopback address alone.
	Open bool
	// Origins are the web pages that may call, such as that of Temporal's UI.
	Origins []string
}

// minCodecToken is how long a token must be.
const minCodecToken = 16

// NewCodec returns the handler of Temporal's remote codec protocol, POST /encode and
// POST /decode: other languages and Temporal's UI read and write the payloads of this
// service by it. Its callers can read and write every payload, so it
// needs encryption.keys, and each call a token. With a database it follows the key rings;
// without one it has the keys of the configuration alone.
func NewCodec(cfg config.Config, o CodecOptions) (http.Handler, error) {
	var problems []error
	if cfg.Encryption.Keys == "" {
		problems = append(problems, errors.New("encryption.keys (EVERLATCH_ENCRYPTION_KEYS) is missing"))
	}
	if o.Token == "" && o.Service == "" && !o.Open {
		problems = append(problems, errors.New("say who may use the codec: a token, or the URL of the service whose administrators may"))
	}
	if o.Token != "" && len(o.Token) < minCodecToken {
		problems = append(problems, fmt.Errorf("the token of the codec is shorter than %d characters", minCodecToken))
	}
	service, err := url.Parse(o.Service)
	if o.Service != "" && (err != nil || service.Host == "" || service.Scheme != "http" && service.Scheme != "https") {
		problems = append(problems, errors.New("the URL of the service is not of the form https://auth.example.com"))
	}
	for _, origin := range o.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" {
			problems = append(problems, fmt.Errorf("the origin %q is not of the form https://temporal.example.com", origin))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	ring, err := newCodecRing(cfg)
	if err != nil {
		return nil, err
	}
	sealing := temporalkit.Sealing{Ring: ring.rings.Codec.Derive(payloadPurpose)}
	return &codecGuard{
		next: converter.NewPayloadCodecHTTPHandler(temporalkit.NewCodec(sealing)), options: o, ring: ring,
		client: &http.Client{Timeout: 5 * time.Second}, known: map[[sha256.Size]byte]time.Time{},
	}, nil
}

const (
	// codecBody bounds a request.
	codecBody = 32 << 20
	// adminKnown is how long an administrator's token is good without asking again.
	adminKnown = 30 * time.Second
	// adminsKnown bounds how many are remembered.
	adminsKnown = 256
)

type codecGuard struct {
	next    http.Handler
	ring    *codecRing
	options CodecOptions
	client  *http.Client

	mu    sync.Mutex
	known map[[sha256.Size]byte]time.Time // until when
}

// ServeHTTP implements [http.Handler].
func (g *codecGuard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Add("Vary", "Origin")
		if !slices.Contains(g.options.Origins, origin) {
			http.Error(w, "This origin may not use the codec.", http.StatusForbidden)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Methods", "POST, OPTIONS")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if !g.allows(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	if err := g.ring.ready(r.Context()); err != nil {
		http.Error(w, "The database with the keys does not answer.", http.StatusServiceUnavailable)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, codecBody)
	g.next.ServeHTTP(w, r)
}

func (g *codecGuard) allows(r *http.Request) bool {
	if g.options.Open {
		return true
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return false
	}
	if g.options.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(g.options.Token)) == 1 {
		return true
	}
	return g.options.Service != "" && g.isAdmin(r.Context(), token)
}

// isAdmin asks the API whether a token is an administrator's.
func (g *codecGuard) isAdmin(ctx context.Context, token string) bool {
	key := sha256.Sum256([]byte(token))
	now := time.Now() //nolint:forbidigo // a process of its own, without an App
	g.mu.Lock()
	until := g.known[key]
	g.mu.Unlock()
	if now.Before(until) {
		return true
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(g.options.Service, "/")+"/admin/users/me", http.NoBody) //nolint:gosec // the operator chose the URL
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := g.client.Do(req) //nolint:gosec // as above
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.known) >= adminsKnown {
		clear(g.known)
	}
	g.known[key] = now.Add(adminKnown)
	return true
}
