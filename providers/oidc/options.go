package oidc

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/everlatch/everlatch"
)

// The defaults of [Options].
const (
	DefaultScopes         = "openid email profile"
	DefaultDisplayName    = "OpenID Connect"
	DefaultClockTolerance = 5 * time.Second
	DefaultDiscoveryTTL   = time.Hour
	DefaultHTTPTimeout    = 10 * time.Second
)

// maxClockTolerance keeps the tolerance well below the five minutes that go-oidc
// allows for nbf: its clock is late by the tolerance, so a larger one would refuse
// tokens of a provider whose clock is ahead.
const maxClockTolerance = 2 * time.Minute

// EntityID, Email and Name are the keys of [Options.ClaimMappings] that have a
// default: the claims "sub", "email" and "name".
const (
	EntityID = "entity_id"
	Email    = "email"
	Name     = "name"
)

// Options configures a [Provider]. Issuer, ClientID and CallbackURL are required;
// everything else has a default.
type Options struct {
	// Issuer is the provider's issuer URL, compared byte for byte. The discovery
	// document is below it.
	Issuer   string
	ClientID string
	// ClientSecret is sent in the form of the exchange (client_secret_post), or in
	// its header (client_secret_basic) where the discovery document allows nothing
	// else. Without it the client is a public one, and PKCE alone protects the code.
	ClientSecret string
	// CallbackURL is where the provider redirects users by default.
	CallbackURL string
	// AllowedCallbackURLs are other URLs that a request may choose, compared
	// byte for byte (docs/weak-spots.md#w46).
	AllowedCallbackURLs []string
	// Scopes are the requested scopes, separated by spaces; "" is [DefaultScopes].
	// "openid" is always included (docs/weak-spots.md#w53).
	Scopes string
	// The endpoints, "" for those of the discovery document. If all
	// three are set, discovery is skipped.
	AuthorizationEndpoint, TokenEndpoint, JWKSURI string
	// UserInfoEndpoint supplies the address if the ID token has none; "" is that of
	// the discovery document, if any.
	UserInfoEndpoint string
	// ClaimMappings maps keys to claims: [EntityID] permanently identifies a user,
	// [Email] is their address, and every key except [EntityID] goes into the user
	// metadata. Entries are added to the defaults.
	ClaimMappings map[string]string
	// RequireVerifiedEmail refuses users whose address the provider has not
	// verified; nil is true. Users with email_verified but no address may sign in,
	// and have no address here either.
	RequireVerifiedEmail *bool
	// AllowedEmailDomains are the allowed domains of addresses; none allows all.
	AllowedEmailDomains []string
	// ClockTolerance is the tolerated difference from the provider's clock; 0 is
	// [DefaultClockTolerance].
	ClockTolerance time.Duration
	// DisplayName is shown to end users; "" is [DefaultDisplayName].
	DisplayName string
	// DiscoveryTTL is how long the provider's document and keys are kept; 0 is
	// [DefaultDiscoveryTTL].
	DiscoveryTTL time.Duration
	// HTTPTimeout bounds each request; 0 is [DefaultHTTPTimeout].
	HTTPTimeout time.Duration
	// AllowPrivate permits private addresses, and http for localhost.
	AllowPrivate bool
	// Algorithms are the allowed signature algorithms of ID tokens; empty means
	// RS256, PS256, ES256 and EdDSA.
	Algorithms []string
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// HTTPClient makes the requests, for tests; nil is one that refuses private
	// addresses. Redirects are not followed in any case.
	HTTPClient *http.Client
}

// algorithms are the allowed values of Options.Algorithms. Algorithms with a
// shared secret are excluded: every verifier could forge a token.
var algorithms = []string{
	gooidc.RS256, gooidc.RS384, gooidc.RS512, gooidc.PS256, gooidc.PS384, gooidc.PS512,
	gooidc.ES256, gooidc.ES384, gooidc.ES512, gooidc.EdDSA,
}

func (o Options) withDefaults() Options {
	scopes := strings.Fields(cmp.Or(o.Scopes, DefaultScopes))
	if !slices.Contains(scopes, "openid") {
		scopes = append([]string{"openid"}, scopes...)
	}
	o.Scopes = strings.Join(scopes, " ")
	o.DisplayName = cmp.Or(o.DisplayName, DefaultDisplayName)
	o.ClockTolerance = cmp.Or(o.ClockTolerance, DefaultClockTolerance)
	o.DiscoveryTTL = cmp.Or(o.DiscoveryTTL, DefaultDiscoveryTTL)
	o.HTTPTimeout = cmp.Or(o.HTTPTimeout, DefaultHTTPTimeout)

	mappings := map[string]string{EntityID: "sub", Email: "email", Name: "name"}
	maps.Copy(mappings, o.ClaimMappings)
	o.ClaimMappings = mappings
	o.AllowedCallbackURLs = slices.Clone(o.AllowedCallbackURLs)
	o.AllowedEmailDomains = slices.Clone(o.AllowedEmailDomains)
	for i, domain := range o.AllowedEmailDomains {
		o.AllowedEmailDomains[i] = strings.ToLower(domain)
	}
	if len(o.Algorithms) == 0 {
		o.Algorithms = []string{gooidc.RS256, gooidc.PS256, gooidc.ES256, gooidc.EdDSA}
	}
	if o.RequireVerifiedEmail == nil {
		o.RequireVerifiedEmail = new(true)
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the one place that decides on a clock
	}
	return o
}

// check reports every problem of o, which has its defaults. The problems repeat
// no value that may be a secret in the wrong place.
func (o Options) check() error {
	return errors.Join(o.checkNeeded(), o.checkURLs(), o.checkClaims(), o.checkTimes(), o.checkAlgorithms())
}

func (o Options) checkNeeded() error {
	var problems []error
	for _, needed := range []struct{ label, value string }{
		{"issuer", o.Issuer}, {"client_id", o.ClientID}, {"callback_url", o.CallbackURL},
	} {
		if needed.value == "" {
			problems = append(problems, invalid("OIDC provider requires an '%s' option", needed.label))
		}
	}
	return errors.Join(problems...)
}

func (o Options) checkURLs() error {
	urls := []struct{ label, value string }{
		{"issuer", o.Issuer},
		{"callback_url", o.CallbackURL},
		{"authorization_endpoint", o.AuthorizationEndpoint},
		{"token_endpoint", o.TokenEndpoint},
		{"jwks_uri", o.JWKSURI},
		{"userinfo_endpoint", o.UserInfoEndpoint},
	}
	var problems []error
	for _, u := range urls {
		if u.value != "" {
			problems = append(problems, checkURL(u.label, u.value, o.AllowPrivate))
		}
	}
	for i, allowed := range o.AllowedCallbackURLs {
		problems = append(problems, checkURL(fmt.Sprintf("allowed_callback_urls[%d]", i), allowed, o.AllowPrivate))
	}
	if strings.Contains(o.Issuer, "?") {
		problems = append(problems, invalid("OIDC 'issuer' must not have a query"))
	}
	return errors.Join(problems...)
}

// checkURL holds the contract's rule for every URL of the options, and of the
// discovery document.
func checkURL(label, text string, allowPrivate bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || strings.Contains(text, "#"):
		return invalid("OIDC '%s' must be a valid URL", label)
	case u.Scheme == "https", u.Scheme == "http" && allowPrivate && isLocal(u.Hostname()):
		return nil
	}
	return invalid("OIDC '%s' must use https (http is only allowed for localhost outside of production)", label)
}

func isLocal(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

func (o Options) checkClaims() error {
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(o.ClaimMappings)) {
		if key == "" || o.ClaimMappings[key] == "" {
			problems = append(problems, invalid("OIDC 'claim_mappings' has an empty name: %q is %q", key, o.ClaimMappings[key]))
		}
	}
	for _, domain := range o.AllowedEmailDomains {
		if domain == "" || strings.ContainsAny(domain, "@ \t\n*") {
			problems = append(problems, invalid("OIDC 'allowed_email_domains' must hold names such as example.com, not %q", domain))
		}
	}
	return errors.Join(problems...)
}

func (o Options) checkTimes() error {
	var problems []error
	for _, d := range []struct {
		label string
		value time.Duration
	}{
		{"clock_tolerance_seconds", o.ClockTolerance},
		{"discovery_cache_ttl_ms", o.DiscoveryTTL},
		{"http_timeout_ms", o.HTTPTimeout},
	} {
		if d.value < 0 {
			problems = append(problems, invalid("OIDC '%s' must not be negative", d.label))
		}
	}
	if o.ClockTolerance > maxClockTolerance {
		problems = append(problems, invalid("OIDC 'clock_tolerance_seconds' must be at most %.0f", maxClockTolerance.Seconds()))
	}
	return errors.Join(problems...)
}

func (o Options) checkAlgorithms() error {
	var problems []error
	for _, name := range o.Algorithms {
		if !slices.Contains(algorithms, name) {
			problems = append(problems, invalid("OIDC 'algorithms' must hold asymmetric algorithms such as RS256, not %q", name))
		}
	}
	return errors.Join(problems...)
}

func invalid(format string, args ...any) error {
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: fmt.Sprintf(format, args...)}
}
