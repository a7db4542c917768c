package e2e_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mode is one configuration that Medusa was recorded with, and the same for
// Everlatch.
type mode struct {
	signing

	name         string
	groups       []string // in the order in which they were recorded
	config       string
	cookieSecret string
	sessionTTL   time.Duration
	recordedAt   int64 // seconds since 1970, when no token says it better
	idps         *idps
}

// newModes returns every mode. Secrets are new in each run: nothing may depend
// on those of the recordings, which are far too weak to be accepted (docs/weak-spots.md#w35).
func newModes(t *testing.T) []mode {
	t.Helper()
	secret, cookieSecret := randomSecret(), randomSecret()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	pkix, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix})

	hs256 := signing{algorithm: "HS256", secret: []byte(secret), lifetime: 24 * 60 * 60}
	configure := func(openID bool) configuration {
		c := configuration{secret: secret, cookieSecret: cookieSecret, idps: newIDPs(t)}
		c.providers = c.idps.big()
		if openID {
			c.providers = c.idps.own() + c.providers
		}
		return c
	}
	base, rs256, options, checks := configure(true), configure(true), configure(true), configure(true)
	checks.http = `  auth_verifications_per_actor:
    customer: [{entity_type: email, auth_provider: emailpass}, {entity_type: email, auth_provider: oidc}]
    vendor: [{entity_type: email, auth_provider: emailpass}]
`
	checks.auth = "  verification: {require_before_actor: false}\n"
	prod := configure(false) // which Medusa does not start with the others: their issuer is http
	prod.http, prod.rest = "  trust_proxy: 1\n", "cookie_options: {secure: \"true\"}\n"
	options.auth = "  mfa: {disable_policy: challenge, providers: [{id: totp, options: {digits: 8}}]}\n"
	rs256.secret = string(private)
	rs256.http = "  jwt_expires_in: 1h\n  jwt_options: {algorithm: RS256}\n"
	options.http = "  jwt_expires_in: 2h\n  jwt_options: {algorithm: HS512, issuer: medusa-golden, audience: [golden-aud]}\n"
	options.rest = "session_options: {name: golden.sid, ttl: 60s, rolling: true}\ncookie_options: {same_site: strict, domain: localhost}\n"

	return []mode{
		{
			name: "base", signing: hs256, config: base.yaml(), idps: base.idps, cookieSecret: cookieSecret, sessionTTL: 10 * time.Hour, recordedAt: 1795441652,
			groups: []string{
				"api-keys", "register", "login", "providers", "session", "token-refresh", "callback", "store-customers",
				"admin-users", "auth-provider-user", "authenticate-middleware", "routing-cors", "invites", "deletion", "reset-password", "update-provider", "verification", "mfa",
			},
		},
		{
			name: "prod", signing: hs256, config: prod.yaml(), idps: prod.idps, cookieSecret: cookieSecret, sessionTTL: 10 * time.Hour, recordedAt: 1795441418,
			groups: []string{"production-mode"},
		},
		{
			name: "checks", signing: hs256, config: checks.yaml(), idps: checks.idps, cookieSecret: cookieSecret, sessionTTL: 10 * time.Hour, recordedAt: 1795441700,
			groups: []string{"verification", "mfa"},
		},
		{
			name: "rs256", config: rs256.yaml(), idps: rs256.idps, cookieSecret: cookieSecret, sessionTTL: 10 * time.Hour, recordedAt: 1795441535,
			signing: signing{algorithm: "RS256", secret: public, private: key, lifetime: 60 * 60},
			groups:  []string{"jwt-rs256"},
		},
		{
			name: "options", config: options.yaml(), idps: options.idps, cookieSecret: cookieSecret, sessionTTL: time.Minute, recordedAt: 1795441388,
			signing: signing{algorithm: "HS512", secret: []byte(secret), lifetime: 2 * 60 * 60},
			groups:  []string{"options"},
		},
	}
}

// randomSecret returns a secret for one run.
func randomSecret() string {
	raw := make([]byte, 48)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	return base64.StdEncoding.EncodeToString(raw)
}

// configuration is what the modes set.
type configuration struct {
	secret, cookieSecret        string
	idps                        *idps
	http, auth, providers, rest string // further lines
}

// yaml is the configuration of Medusa.
func (c configuration) yaml() string {
	indented := "    " + strings.ReplaceAll(strings.TrimSpace(c.secret), "\n", "\n    ")
	return fmt.Sprintf(`http:
  jwt_secret: |-
%s
  cookie_secret: %q
  store_cors: http://localhost:8000
  admin_cors: http://localhost:9000
  auth_cors: http://localhost:8000,http://localhost:9000
  auth_methods_per_actor:
    customer: &everybody [emailpass, google, github, oidc, oidc-strict, oidc-lax, oidc-down]
    user: *everybody
    vendor: [emailpass]
    google-only: [google]
    ghost: [no-such-provider]
    nobody: []
%spassword_reset: {resend_after: 0s}
admin: {reset_tokens: all, sign_up_domains: [acme.test, example.com]}
auth:
%s  providers:
%s    - {resolve: emailpass}
%s`, indented, c.cookieSecret, c.http, c.auth, c.providers, c.rest)
}

// TestRecordedExchanges plays what Medusa was recorded doing, in the same
// order, and compares answers and tokens. What the recordings leave out is made
// first, over HTTP or the command line. docs/deviations.md lists every
// difference that is meant: an exchange without a row must match, one with a
// row must differ, and answer the status that the row says.
func TestRecordedExchanges(t *testing.T) {
	t.Parallel()
	d := readDeviations(t)
	count := &tally{played: map[string]bool{}}
	total := 0
	t.Run("modes", func(t *testing.T) {
		for _, m := range newModes(t) {
			var all []exchange
			for _, group := range m.groups {
				for _, e := range loadGroup(t, group) {
					if e.Mode == m.name { // a group may be of several modes
						all = append(all, e)
					}
				}
			}
			total += len(all)
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				playMode(t, d, count, m, all)
			})
		}
	})
	t.Logf("%d exchanges compared, %d of them deviate as listed; %d skipped", count.compared, count.deviating, count.skipped)
	if t.Failed() || len(count.played) < total { // -run may choose some
		return
	}
	require.Empty(t, d.stale(), "rows of docs/deviations.md that nothing bears out")
	for _, s := range skipped {
		for _, name := range s.names {
			require.Contains(t, count.played, name, "skipped, but not recorded")
		}
	}
}

// tally counts across modes.
type tally struct {
	mu                           sync.Mutex
	compared, deviating, skipped int
	played                       map[string]bool
}

func (c *tally) add(id string, count *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*count++
	c.played[id] = true
}

func playMode(t *testing.T, d *deviations, count *tally, m mode, all []exchange) {
	t.Helper()
	w := newWorld(t, m, all)
	for _, e := range all { // in order: each starts from what those before it left
		t.Run(e.id(), func(t *testing.T) {
			require.Equal(t, m.name, e.Mode)
			if s, ok := skipOf(e); ok {
				count.add(e.id(), &count.skipped)
				w.requireStillMissing(t, d, e, s)
				return
			}
			count.add(e.id(), &count.compared)
			w.prepare(t, e)
			a, differences := w.playAndCompare(t, d, e)
			w.checkCallback(t, e)
			w.learn(t, e, a)
			row, listed := d.of(e)
			if !listed {
				require.Empty(t, differences, "differs from the recording; the answer: %d %s", a.status, a.raw)
				return
			}
			count.add(e.id(), &count.deviating)
			require.NotEmpty(t, differences, "docs/deviations.md says that this differs: %s", row.what)
			require.Equal(t, row.status, a.status, "docs/deviations.md: %s; the answer: %s", row.what, a.raw)
		})
	}
}

func (w *world) playAndCompare(t *testing.T, d *deviations, e exchange) (answer, []string) {
	t.Helper()
	a := w.play(t, e)
	if awaited[e.id()] {
		require.Eventually(t, func() bool {
			a = w.play(t, e)
			return a.status == e.Response.Status
		}, 10*time.Second, 100*time.Millisecond)
	}
	return a, w.compare(t, d, e, a)
}

// requireStillMissing keeps the list of skipped exchanges honest.
func (w *world) requireStillMissing(t *testing.T, d *deviations, e exchange, s skip) {
	t.Helper()
	_, listed := d.of(e)
	require.False(t, listed, "skipped until %s (%s), and in docs/deviations.md", s.until, s.why)
	if s.after != "" {
		group, name, _ := strings.Cut(s.after, "/")
		_, skips := skipOf(exchange{Group: group, Name: name})
		require.True(t, skips, "%s is played by now, so this can be", s.after)
		return
	}
	a, differences := w.playAndCompare(t, d, e)
	require.NotEmpty(t, differences, "answers as recorded by now: take it off the list of skipped exchanges")
	if s.status != 0 {
		require.Equal(t, s.status, a.status, "skipped until %s (%s); is it built by now? %s", s.until, s.why, a.raw)
		return
	}
	require.Contains(t, []int{404, 401}, a.status, "skipped until %s (%s); is it built by now? %s", s.until, s.why, a.raw)
}
