package config

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// WebAuthn is about passkeys, as a way to sign in and as a second factor.
type WebAuthn struct {
	RPID             string   `koanf:"rp_id" doc:"Domain that passkeys belong to, such as shop.example. They work on its pages and on those of its subdomains. It cannot be changed later: passkeys of another domain stop working. By default localhost, for development."`
	RPName           string   `koanf:"rp_name" doc:"Name of the site, which some devices show; by default mail.brand."`
	Origins          []string `koanf:"origins" default:"[]" doc:"Origins where passkeys are used: pages on the domain, such as https://www.shop.example, and apps, such as android:apk-key-hash:…. By default those of http.auth_cors, http.store_cors and http.admin_cors that are on the domain."`
	RelatedOrigins   []string `koanf:"related_origins" default:"[]" doc:"Origins on other domains where the same passkeys are used, such as https://shop.test. Browsers look them up at https://<rp_id>/.well-known/webauthn, which has to lead to GET /.well-known/webauthn."`
	UserVerification string   `koanf:"user_verification" default:"preferred" oneof:"required,preferred,discouraged" doc:"Whether devices must verify their user, by PIN or biometrics. A sign-in with a passkey on a device that has done so counts as two factors. required refuses every other one."`
	Attestation      string   `koanf:"attestation" default:"none" oneof:"none,indirect,direct,enterprise" doc:"Whether devices are asked which model they are. With another value than none, some ask their user, and the statement is stored with the passkey."`
	Timeout          Span     `koanf:"timeout" default:"5m" min:"30s" doc:"How long users have to answer with their device."`
}

// Passkeys returns the settings with those defaults that depend on others. configured says
// that the provider is listed, or that there is a domain.
func (c *Config) Passkeys() (w WebAuthn, configured bool) {
	w = c.Auth.WebAuthn
	configured = c.signsInWithPasskeys() || w.RPID != ""
	if w.RPName == "" {
		w.RPName = c.Mail.Brand
	}
	if w.RPID == "" {
		w.RPID = "localhost"
	}
	if len(w.Origins) == 0 {
		w.Origins = c.passkeyOrigins(w.RPID)
	}
	return w, configured
}

func (c *Config) signsInWithPasskeys() bool {
	return slices.ContainsFunc(c.Auth.Providers, func(p Provider) bool { return p.Resolve == "passkey" })
}

// requirePasskeys reports that the domain is missing. localhost is for dev, and for a trial
// that says so.
func (c *Config) requirePasskeys() Problems {
	if !c.signsInWithPasskeys() || c.Auth.WebAuthn.RPID != "" {
		return nil
	}
	return Problems{{"auth.webauthn.rp_id (EVERLATCH_AUTH_WEBAUTHN_RP_ID)", "missing; the domain that passkeys belong to, such as shop.example"}}
}

// passkeyOrigins are the configured origins on a domain, and on localhost the service
// itself, which has pages of its own in dev.
func (c *Config) passkeyOrigins(domain string) (out []string) {
	h := c.HTTP
	for entry := range strings.SplitSeq(strings.Join([]string{h.AuthCORS, h.StoreCORS, h.AdminCORS}, ","), ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		u, err := url.Parse(entry)
		if err != nil || neverSent(entry) != "" || slices.Contains(out, entry) {
			continue // nothing, or a regular expression
		}
		host, web := u.Hostname(), u.Scheme == "https" || u.Scheme == "http" && domain == "localhost"
		if web && (host == domain || strings.HasSuffix(host, "."+domain)) {
			out = append(out, entry)
		}
	}
	host, port, err := net.SplitHostPort(h.Address)
	if own := "http://localhost:" + port; domain == "localhost" && err == nil && thisMachine(host) && !slices.Contains(out, own) {
		out = append(out, own)
	}
	return out
}
