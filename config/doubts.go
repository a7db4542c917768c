package config

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Doubt is a setting that is valid and, on a server that people use, seldom right.
type Doubt struct {
	Topic Topic
	// Message names the setting and what follows from its value, and Advice says what would
	// be right, a sentence each.
	Message, Advice string
}

// Topic is what a [Doubt] is about.
type Topic string

// The topics.
const (
	TopicSecrets       Topic = "secrets"
	TopicMailLinks     Topic = "mail_links"
	TopicOrigins       Topic = "origins"
	TopicCookies       Topic = "cookies"
	TopicProxies       Topic = "proxies"
	TopicCompatibility Topic = "compatibility"
)

// Doubts lists the settings that an operator should look at again. dev has other needs:
// it is not asked. now tells whether a migration is still going on.
func (c *Config) Doubts(now time.Time) []Doubt {
	var out []Doubt
	for _, of := range []func() []Doubt{
		c.doubtSecrets, c.doubtLinks, c.doubtOrigins, c.doubtCookies, c.doubtProxies, func() []Doubt { return c.doubtCompatibility(now) },
	} {
		out = append(out, of()...)
	}
	return out
}

func (c *Config) doubtSecrets() []Doubt {
	if c.HTTP.JWTSecret == "" || c.HTTP.JWTSecret != c.HTTP.CookieSecret {
		return nil
	}
	return []Doubt{{
		TopicSecrets, "http.cookie_secret is the same as http.jwt_secret, so neither can be replaced alone",
		"Make COOKIE_SECRET a secret of its own: openssl rand -base64 48.",
	}}
}

func (c *Config) doubtLinks() []Doubt {
	var out []Doubt
	if c.Mail.SMTP.Address == "" {
		return nil
	}
	if c.Mail.AllowLocalhostLinks {
		out = append(out, Doubt{
			TopicMailLinks, "mail.allow_localhost_links is on: mails may link to localhost, where recipients have nothing",
			"Set mail.urls to the public URLs and remove the setting.",
		})
	}
	for _, actor := range sortedKeys(c.Mail.URLs) {
		if u, err := webURL(c.Mail.URLs[actor]); err == nil && u.Scheme == "http" && !thisMachine(u.Hostname()) {
			out = append(out, Doubt{
				TopicMailLinks, "mail.urls: links for " + actor + " use http: their tokens travel unencrypted",
				"Set an https URL in mail.urls.",
			})
		}
	}
	return out
}

func (c *Config) doubtOrigins() []Doubt {
	var out []Doubt
	for _, list := range []struct{ key, text, route string }{
		{"http.store_cors", c.HTTP.StoreCORS, "/store"}, {"http.admin_cors", c.HTTP.AdminCORS, "/admin"}, {"http.auth_cors", c.HTTP.AuthCORS, "/auth"},
	} {
		local, others := 0, 0
		for entry := range strings.SplitSeq(list.text, ",") {
			entry = strings.TrimSpace(entry)
			if entry == "" || entry == "null" {
				continue
			}
			why, advice := doubtfulOrigin(entry)
			if why != "" {
				out = append(out, Doubt{TopicOrigins, fmt.Sprintf("%s: %s %s", list.key, entry, why), advice})
			}
			if u, err := url.Parse(entry); err == nil && thisMachine(u.Hostname()) {
				local++
			} else {
				others++
			}
		}
		if local > 0 && others == 0 {
			out = append(out, Doubt{
				TopicOrigins, list.key + ": only pages on localhost may call " + list.route + " from a browser",
				"Set the public origins in " + list.key + ", such as https://shop.example.",
			})
		}
	}
	return out
}

// allowsStrangers says whether a pattern matches an origin that no list means.
func allowsStrangers(pattern string) bool {
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString("https://an-origin-of-a-stranger.invalid")
}

// doubtfulOrigin says what is unsafe about an origin or a pattern that [neverSent] accepts.
func doubtfulOrigin(entry string) (why, advice string) {
	if strings.IndexByte("/~@;%#'", entry[0]) < 0 {
		if u, err := url.Parse(entry); err == nil && u.Scheme == "http" && !thisMachine(u.Hostname()) {
			return "is not https: who is in its network can change its pages and use its visitors' sessions", "Serve the page by https and list that origin."
		}
		return "", ""
	}
	source := entry[1:strings.LastIndexByte(entry, entry[0])]
	switch {
	case allowsStrangers(source):
		return "allows every origin: any page can act with the session of its visitor", "List the origins of your own pages."
	case !strings.HasPrefix(source, "^") || !strings.HasSuffix(source, "$"):
		return "is not anchored: an origin that only contains a match is allowed too", `Start the pattern with ^ and end it with $, as in /^https:\/\/[a-z]+\.shop\.example$/.`
	}
	return "", ""
}

func (c *Config) doubtCookies() []Doubt {
	switch {
	case c.Cookie.Secure == "false":
		return []Doubt{{
			TopicCookies, "cookie_options.secure is off: browsers send the session cookie unencrypted, too",
			"Remove the setting, and set http.trust_proxy to the number of proxies in front of the API.",
		}}
	case c.Cookie.Secure == "auto" && c.Cookie.SameSite != "none" && c.HTTP.TrustProxy == 0:
		return []Doubt{{
			TopicCookies, "http.trust_proxy is 0: no proxy is believed that a request came by https, so session cookies are not Secure",
			"Set http.trust_proxy to the number of proxies in front of the API, or cookie_options.secure to true.",
		}}
	}
	return nil
}

func (c *Config) doubtProxies() []Doubt {
	for _, network := range Networks(c.HTTP.TrustedProxies) {
		if network.Bits() == 0 {
			return []Doubt{{
				TopicProxies, "http.trusted_proxies: " + network.String() + " trusts every address: callers choose the address that limits count",
				"List the networks of your proxies only.",
			}}
		}
	}
	if len(c.HTTP.TrustedProxies) == 0 && c.HTTP.TrustProxy == 0 {
		return []Doubt{{
			TopicProxies, "http.trusted_proxies is empty: limits count all callers that come through one proxy as one",
			"Set http.trusted_proxies to the networks of the proxies in front of the API, such as 10.0.0.0/8.",
		}}
	}
	return nil
}

func (c *Config) doubtCompatibility(now time.Time) []Doubt {
	var out []Doubt
	if until, err := c.Temporal.AcceptUnsealed(now); err == nil && !until.IsZero() {
		out = append(out, Doubt{
			TopicCompatibility, acceptUnsealedUntil + ": payloads that are not encrypted are accepted: everyone who reaches Temporal can start any workflow",
			"Remove the setting as soon as the migration is over.",
		})
	}
	for _, s := range []struct {
		on                   bool
		key, message, advice string
	}{
		{c.Compat.LoginByGET, "compat.login_by_get", "passwords arrive in URLs, which proxies log", "Sign in with POST, and remove the setting."},
		{c.Compat.UntypedTokens, "compat.untyped_tokens", "tokens without a purpose are accepted", "Remove the setting once the tokens from before the move have expired."},
		{c.Compat.CustomerEmail == "free", "compat.customer_email", "a customer may take any address", "Set it to own, unless a storefront needs it."},
	} {
		if s.on {
			out = append(out, Doubt{TopicCompatibility, s.key + ": " + s.message, s.advice})
		}
	}
	return out
}
