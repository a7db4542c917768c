package api

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/returnto"
	"github.com/everlatch/everlatch/internal/wire"
)

// Options are the settings of a [Server] (docs/contract.md#s5-1). The zero value works
// except for CookieSecrets.
type Options struct {
	// AdminCORS, StoreCORS and AuthCORS are comma-separated origins, or regular
	// expressions wrapped in one of / ~ @ ; % # ' with optional flags. Blanks
	// around them are ignored, and an empty AuthCORS means the other two
	// together (docs/weak-spots.md#w41).
	AdminCORS, StoreCORS, AuthCORS string
	// AuthMethodsPerActor names the providers that an actor type may use. A
	// type without an entry may use all; "user" without one may use emailpass.
	AuthMethodsPerActor map[string][]string
	// Verifications say, for each actor type, which providers' identities have to verify
	// their address (docs/contract.md#s5-1).
	Verifications map[string][]VerificationRule
	// RequireBeforeActor refuses to create an account for an identity that has to
	// verify its address and hasn't (docs/weak-spots.md#w55).
	RequireBeforeActor bool
	// CookieSecrets sign the session cookie: the first one signs, all verify.
	// At least one is required (docs/weak-spots.md#w35).
	CookieSecrets []string
	// CookieRing, if set, returns them instead: see [wire.Cookies].
	CookieRing func(unknown bool) []string
	Cookie     CookieOptions
	// SessionIdle ends an unused session, SessionAbsolute every session (docs/weak-spots.md#w32).
	// Zero means 10 hours and 7 days.
	SessionIdle, SessionAbsolute time.Duration
	// LogRequests logs every request, not only those that fail.
	LogRequests bool
	// RecentWithin is how long a sign-in counts as recent, which operations that
	// cannot be undone require; 0 is 15 minutes.
	RecentWithin time.Duration
	// NewDeviceMail has a mail sent about a sign-in from a device that isn't known.
	NewDeviceMail bool
	// MFA is about second factors.
	MFA MFAOptions
	// PublishableKey says whether /store demands a publishable key; "" is auto.
	PublishableKey KeyPolicy
	// BodyLimit is in bytes, after decompression; 0 is 100 kB.
	BodyLimit int64
	// TrustProxy is how many proxies stand in front. With 0, X-Forwarded-Proto
	// and X-Forwarded-Host are ignored.
	TrustProxy int
	// HSTS is how long browsers remember to use https only; 0 says nothing.
	HSTS time.Duration
	// MaxMetadata is how many bytes of JSON the metadata of a record may be in a
	// request, and MaxResetMetadata that of a password reset; 0 is 16 kB and 2 kB.
	MaxMetadata, MaxResetMetadata int
	// RestrictedFields cannot be selected on /store (docs/contract.md#s5-1).
	RestrictedFields []string
	// StoreRelationsLimit is how deep fields may reach on /store; 0 is 3.
	StoreRelationsLimit int
	// LoginByGET lets GET on a sign-in route read credentials from its body, as
	// Medusa does. Off by default (docs/weak-spots.md#w42).
	LoginByGET bool
	// RequireBrowser requires every callback of a provider to come from the client
	// that began the sign-in: with the cookie that was set then, or the header
	// Everlatch-Browser that was sent.
	RequireBrowser bool
	// ReturnTo are the pages that get authorization codes: origins, perhaps with a path.
	ReturnTo []string
	// RelatedOrigins are pages on other domains that use the passkeys of this service.
	RelatedOrigins []string
	// ResetTokens says who may obtain an administrator's reset token; "" is off.
	ResetTokens ResetPolicy
	// SignUpDomains are e-mail domains whose users may become administrators
	// without an invite, if the provider vouches for the address (docs/weak-spots.md#w6).
	SignUpDomains []string
	// InviteAnyEmail lets the invited person choose the e-mail of the account, as
	// Medusa does. Off by default (docs/weak-spots.md#w7).
	InviteAnyEmail bool
	// ActorTypes are the custom actor types, complete and with their stores.
	ActorTypes []everlatch.ActorType
	// AnyCustomerEmail says that a new customer may have any email, as in Medusa.
	AnyCustomerEmail bool
	// NeutralRegister are the actor types whose registrations with an address are
	// answered alike for known and unknown addresses (docs/weak-spots.md#w19).
	NeutralRegister []string
	// Brand is the name of the service; "" is Everlatch.
	Brand string
	// RBAC requires administrators to have the permissions of each route
	// (docs/contract.md#s4-8). The store must have been set up for it.
	RBAC bool
	// Hooks says that flows have hooks, which are told about requests.
	Hooks bool
	// Statistics say what is recorded to be counted.
	Statistics StatisticsOptions
	// Home is the page at GET /; its zero value leaves the path unknown.
	Home HomeInfo
}

// CookieOptions are the attributes of the session cookie (docs/contract.md#s4-2).
type CookieOptions struct {
	Name   string // "" is connect.sid
	Domain string
	Path   string // "" is /
	// SameSite is lax, strict or none; "" is lax (docs/weak-spots.md#w40).
	SameSite string
	// Secure sets the attribute always or never; nil sets it when the request
	// came by https.
	Secure *bool
	// Rolling sends the cookie again with each answer to a request that used it.
	Rolling bool
}

// KeyPolicy says when /store demands a publishable key.
type KeyPolicy string

// The key policies.
const (
	// KeysAuto demands one as soon as any publishable key exists.
	KeysAuto KeyPolicy = "auto"
	// KeysRequired demands one always, as Medusa does.
	KeysRequired KeyPolicy = "required"
	// KeysOff never demands one.
	KeysOff KeyPolicy = "off"
)

const (
	defaultSessionIdle     = 10 * time.Hour
	defaultSessionAbsolute = 7 * 24 * time.Hour
	defaultRecentWithin    = 15 * time.Minute
	defaultBodyLimit       = 100 << 10
	defaultRelationsLimit  = 3
	defaultMetadata        = 16 << 10
	defaultResetMetadata   = 2 << 10
	defaultCookieName      = "connect.sid"
)

func (o Options) withDefaults() Options {
	o.SessionIdle = cmp.Or(o.SessionIdle, defaultSessionIdle)
	o.SessionAbsolute = cmp.Or(o.SessionAbsolute, defaultSessionAbsolute)
	o.RecentWithin = cmp.Or(o.RecentWithin, defaultRecentWithin)
	o.MFA = o.MFA.withDefaults()
	o.BodyLimit = cmp.Or(o.BodyLimit, defaultBodyLimit)
	o.StoreRelationsLimit = cmp.Or(o.StoreRelationsLimit, defaultRelationsLimit)
	o.MaxMetadata = cmp.Or(o.MaxMetadata, defaultMetadata)
	o.MaxResetMetadata = cmp.Or(o.MaxResetMetadata, defaultResetMetadata)
	o.PublishableKey = cmp.Or(o.PublishableKey, KeysAuto)
	o.Brand = cmp.Or(o.Brand, "Everlatch")
	o.ResetTokens = cmp.Or(o.ResetTokens, ResetsOff)
	o.Cookie.Name = cmp.Or(o.Cookie.Name, defaultCookieName)
	o.Cookie.Path = cmp.Or(o.Cookie.Path, "/")
	o.Cookie.SameSite = cmp.Or(o.Cookie.SameSite, "lax")
	if strings.TrimSpace(o.AuthCORS) == "" {
		o.AuthCORS = o.AdminCORS + "," + o.StoreCORS
	}
	methods := maps.Clone(o.AuthMethodsPerActor)
	if methods == nil {
		methods = map[string][]string{}
	}
	if _, ok := methods["user"]; !ok {
		methods["user"] = []string{"emailpass"}
	}
	o.AuthMethodsPerActor = methods
	return o
}

func (o Options) validate() error {
	var errs []error
	if len(o.CookieSecrets) == 0 && o.CookieRing == nil {
		errs = append(errs, errors.New("http.cookie_secret is missing"))
	}
	for i, secret := range o.CookieSecrets {
		if secret == "" {
			errs = append(errs, fmt.Errorf("http.cookie_secret %d is empty", i+1))
		}
	}
	switch o.PublishableKey {
	case KeysAuto, KeysRequired, KeysOff:
	default:
		errs = append(errs, fmt.Errorf("store.publishable_key is %q, want auto, required or off", o.PublishableKey))
	}
	switch o.ResetTokens {
	case ResetsOff, ResetsSelf, ResetsAll:
	default:
		errs = append(errs, fmt.Errorf("admin.reset_tokens is %q, want off, self or all", o.ResetTokens))
	}
	if _, ok := sameSites[o.Cookie.SameSite]; !ok {
		errs = append(errs, fmt.Errorf("cookie_options.same_site is %q, want lax, strict or none", o.Cookie.SameSite))
	}
	if !validCookieName(o.Cookie.Name) {
		errs = append(errs, fmt.Errorf("session_options.name %q is not a cookie name", o.Cookie.Name))
	}
	if o.SessionIdle < 0 || o.SessionAbsolute < o.SessionIdle {
		errs = append(errs, errors.New("session_options.absolute_ttl is shorter than session_options.ttl"))
	}
	if o.BodyLimit < 0 || o.TrustProxy < 0 || o.StoreRelationsLimit < 0 {
		errs = append(errs, errors.New("http.body_limit, trust_proxy and store_relations_limit cannot be negative"))
	}
	return errors.Join(errs...)
}

var sameSites = map[string]http.SameSite{
	"lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode, "none": http.SameSiteNoneMode,
}

// cookies returns the jar of the session cookie.
func (o Options) cookies() wire.Cookies {
	return wire.Cookies{
		Secrets: o.CookieSecrets, Ring: o.CookieRing, Name: o.Cookie.Name, Path: o.Cookie.Path, Domain: o.Cookie.Domain,
		SameSite: sameSites[o.Cookie.SameSite], Secure: o.Cookie.Secure, TrustProxy: o.TrustProxy > 0,
	}
}

func validCookieName(name string) bool {
	probe := http.Cookie{Name: name, Value: "x"} //nolint:gosec // never sent: it only has its name checked
	return probe.Valid() == nil
}

// pages parses the list of pages that get codes.
func (o Options) pages() (returnto.List, error) {
	list, err := returnto.Parse(o.ReturnTo)
	if err != nil {
		err = fmt.Errorf("pages.return_to: %w", err)
	}
	return list, err
}

// origins parses the three lists.
func (o Options) origins() (map[prefix]*wire.Origins, error) {
	out := make(map[prefix]*wire.Origins, 3)
	var errs []error
	for _, l := range []struct {
		prefix  prefix
		setting string
	}{{prefixAdmin, o.AdminCORS}, {prefixStore, o.StoreCORS}, {prefixAuth, o.AuthCORS}} {
		list, err := wire.ParseOrigins(l.setting)
		if err != nil {
			errs = append(errs, fmt.Errorf("http.%s_cors: %w", l.prefix, err))
		}
		out[l.prefix] = list
	}
	return out, errors.Join(errs...)
}
