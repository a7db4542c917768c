package oidc

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

const (
	defaultScopes         = "openid email profile"
	defaultDisplayName    = "OpenID Connect"
	defaultClockTolerance = 5 * time.Second
	defaultDiscoveryTTL   = time.Hour
)

// maxClockTolerance keeps the tolerance well below the five minutes that go-oidc
// allows for nbf: its clock is late by the tolerance, so a larger one would refuse
// tokens of a provider whose clock is ahead.
const maxClockTolerance = 2 * time.Minute

// The keys of [Options.ClaimMappings] that have a default: the claims "sub",
// "email" and "name".
const (
	keyEntityID = "entity_id"
	keyEmail    = "email"
	keyName     = "name"
)

// Options configures a [Provider]. Issuer, ClientID and CallbackURL are required;
// a zero field has its default. The JSON names are those of the configuration.
//
// The comment of each field is its description in docs/guides/provider-options.md.
type Options struct {
	providers.OAuthClient

	// The provider's issuer URL, compared byte for byte. The discovery document is
	// below it. (docs/contract.md#s3-6)
	Issuer string `json:"issuer"`
	// The tenants whose users may sign in, by their ids, for an issuer of several:
	// https://login.microsoftonline.com/organizations/v2.0 or .../common/v2.0 of
	// Microsoft Entra ID. The issuer of a token must be that of its tenant (claim
	// `tid`). `*` permits every tenant, and so everyone who makes one.
	Tenants []string `json:"tenants"`
	// The requested scopes. `openid` is always included. (docs/contract.md#s3-6,
	// docs/weak-spots.md#w53)
	Scopes providers.Scopes `json:"scopes"`
	// Where users are redirected to sign in. This and the next two come from
	// discovery by default; if all three are set, discovery is skipped.
	// (docs/contract.md#s3-6)
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	// Where codes are exchanged. This and the next two may use plain http to
	// private addresses with `allow_private`, for a provider whose issuer is public
	// and which this service reaches on an internal network. (docs/contract.md#s3-6)
	TokenEndpoint string `json:"token_endpoint"`
	// The URL of the keys that sign ID tokens. (docs/contract.md#s3-6)
	JWKSURI string `json:"jwks_uri"`
	// The UserInfo endpoint, which supplies the address if the ID token has none. By
	// default from discovery.
	UserInfoEndpoint string `json:"userinfo_endpoint"`
	// Accepted but ignored, as in Medusa. (docs/contract.md#s3-6)
	EndSessionEndpoint string `json:"end_session_endpoint"`
	// Maps keys to claims of the ID token. `entity_id` permanently identifies a
	// user, and `email` is their address; every key except `entity_id` goes into
	// `user_metadata`. Entries are added to the default. (docs/contract.md#s3-6)
	ClaimMappings map[string]string `json:"claim_mappings"`
	// Refuse users whose address the provider has not verified: `email_verified`
	// must be true, and the mapped claim must be `email`. Users with `email_verified`
	// but no address may sign in, and have no address here either.
	// (docs/contract.md#s3-6)
	RequireVerifiedEmail *bool `json:"require_verified_email"`
	// The allowed domains of email addresses; an empty list allows all. It checks
	// only the address, so it restricts access only together with
	// `require_verified_email`. (docs/contract.md#s3-6)
	AllowedEmailDomains []string `json:"allowed_email_domains"`
	// The tolerated difference between the provider's clock and ours. 0 means the
	// default; the maximum is 120. (docs/contract.md#s3-6)
	ClockTolerance time.Duration `json:"clock_tolerance_seconds"`
	// How long a user may take to sign in at the provider. By default
	// `auth.redirect.ttl`, which is 10 minutes. (docs/contract.md#s3-6)
	StateTTL time.Duration `json:"state_ttl_seconds"`
	// The name shown in the list of providers. (docs/contract.md#s3-6)
	DisplayName string `json:"display_name"`
	// How long the provider's discovery document and keys are cached. A token with
	// an unknown key fetches the keys sooner. (docs/contract.md#s3-6)
	DiscoveryTTL time.Duration `json:"discovery_cache_ttl_ms"`
	// The allowed signature algorithms of ID tokens. RS384, RS512, PS384, PS512,
	// ES384 and ES512 are also supported; algorithms with a shared secret are not.
	// (docs/contract.md#s3-6)
	Algorithms []string `json:"algorithms"`

	// Now is the clock; nil is the system's.
	Now func() time.Time `json:"-"`
	// HTTPClient makes the requests, for tests; nil is one that refuses private
	// addresses. Redirects are not followed in any case.
	HTTPClient *http.Client `json:"-"`
}

// algorithms are the allowed values of Options.Algorithms. Algorithms with a
// shared secret are excluded: every verifier could forge a token.
var algorithms = []string{
	gooidc.RS256, gooidc.RS384, gooidc.RS512, gooidc.PS256, gooidc.PS384, gooidc.PS512,
	gooidc.ES256, gooidc.ES384, gooidc.ES512, gooidc.EdDSA,
}

// WithDefaults returns o with its defaults, as [New] uses them.
func (o Options) WithDefaults() Options {
	o.OAuthClient = o.OAuthClient.WithDefaults()
	scopes := cmp.Or(o.Scopes, defaultScopes).List()
	if !slices.Contains(scopes, "openid") {
		scopes = append([]string{"openid"}, scopes...)
	}
	o.Scopes = providers.Scopes(strings.Join(scopes, " "))
	o.DisplayName = cmp.Or(o.DisplayName, defaultDisplayName)
	o.ClockTolerance = cmp.Or(o.ClockTolerance, defaultClockTolerance)
	o.DiscoveryTTL = cmp.Or(o.DiscoveryTTL, defaultDiscoveryTTL)

	mappings := map[string]string{keyEntityID: "sub", keyEmail: "email", keyName: "name"}
	maps.Copy(mappings, o.ClaimMappings)
	o.ClaimMappings = mappings
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

// check reports every problem of o, which has its defaults. The problems quote
// no value that may be a misplaced secret.
func (o Options) check() error {
	return errors.Join(o.checkNeeded(), o.checkURLs(), o.checkTenants(), o.checkClaims(), o.checkTimes(), o.checkAlgorithms())
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
	var problems []error
	for _, u := range []struct {
		label, value string
		check        func(label, text string, allowPrivate bool) error
	}{
		{"issuer", o.Issuer, checkURL},
		{"callback_url", o.CallbackURL, checkURL},
		{"authorization_endpoint", o.AuthorizationEndpoint, checkURL}, // browsers go there
		{"token_endpoint", o.TokenEndpoint, checkBackend},
		{"jwks_uri", o.JWKSURI, checkBackend},
		{"userinfo_endpoint", o.UserInfoEndpoint, checkBackend},
	} {
		if u.value != "" {
			problems = append(problems, u.check(u.label, u.value, o.AllowPrivate))
		}
	}
	for i, allowed := range o.AllowedCallbackURLs {
		if !isAppCallback(allowed) {
			problems = append(problems, checkURL(fmt.Sprintf("allowed_callback_urls[%d]", i), allowed, o.AllowPrivate))
		}
	}
	if strings.Contains(o.Issuer, "?") {
		problems = append(problems, invalid("OIDC 'issuer' must not have a query"))
	}
	return errors.Join(problems...)
}

// checkBackend is [checkURL] for an endpoint of the options that only this service
// calls. A provider behind a public issuer may have one on its internal network by
// plain http, where allowed; the client reaches only private addresses by http.
func checkBackend(label, text string, allowPrivate bool) error {
	if u, err := url.Parse(text); err == nil && u.Scheme == "http" && allowPrivate && u.Hostname() != "" && u.User == nil && !strings.Contains(text, "#") {
		return nil
	}
	return checkURL(label, text, allowPrivate)
}

// appScheme is a private-use scheme of an app (RFC 8252, section 7.1).
var appScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)

// otherSchemes are schemes that a browser or the operating system handles itself.
var otherSchemes = []string{
	"http", "https", "ws", "wss", "ftp", "file", "data", "blob", "about", "javascript", "vbscript", "mailto", "tel", "sms", "intent",
	"view-source", "filesystem",
}

// isAppCallback reports whether text is the callback of a native app, such as
// myapp://callback or com.example.app:/callback.
func isAppCallback(text string) bool {
	u, err := url.Parse(text)
	return err == nil && appScheme.MatchString(u.Scheme) && !slices.Contains(otherSchemes, u.Scheme) &&
		u.User == nil && !strings.Contains(text, "#") && (u.Host != "" || strings.HasPrefix(u.Path, "/"))
}

// checkURL applies the contract's rule for the URLs of the options and of the
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
		{"state_ttl_seconds", o.StateTTL},
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
