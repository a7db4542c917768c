package config

import (
	"strings"
)

// leastSecret is the least number of bytes of a signing secret: as many as the
// hash of HS256 has, which is what RFC 7518 section 3.2 demands.
const leastSecret = 32

// leastVariety is how many different bytes a secret must have. Random text of
// 32 bytes has more than 20; "aaaa…" and "123123…" have fewer.
const leastVariety = 10

// placeholders stand in secrets that were copied from an example, Medusa's
// default among them (docs/weak-spots.md#w35).
var placeholders = []string{"supersecret", "changeme", "change-me", "change_me", "example", "password", "replace"}

// Require reports what a process that serves cannot start without: the
// secrets and the database, each by name (docs/weak-spots.md#w35), and mails whose links work. A
// nil error means that no secret is missing or weak. dev generates what is
// missing instead, see [Generate].
func (c *Config) Require() error {
	out := append(c.requireKeys(), append(c.WeakSecrets(), c.requireData()...)...)
	out = append(out, c.requirePasskeys()...)
	return append(out, c.Mail.requireLinks()...).err()
}

// RequireDev is [Config.Require] for dev: a secret that was chosen there
// may be weak. It may not be missing, but [Config.Generate] sees to that.
func (c *Config) RequireDev() error {
	return append(c.requireKeys(), c.requireData()...).err()
}

// WeakSecrets names the signing secrets that could be guessed.
func (c *Config) WeakSecrets() Problems {
	var out Problems
	if strings.HasPrefix(c.HTTP.JWTOptions.Algorithm, "HS") {
		out = append(out, weakSecret(jwtSecret, c.HTTP.JWTSecret)...)
	}
	return append(out, weakSecret(cookieSecret, c.HTTP.CookieSecret)...)
}

// RequireData is [Config.Require] for a program that reaches the data and
// serves no requests, such as `everlatch user create`.
func (c *Config) RequireData() error { return c.requireData().err() }

func (c *Config) requireData() Problems {
	var out Problems
	if c.Encryption.Keys == "" {
		out = append(out, Problem{
			"encryption.keys (EVERLATCH_ENCRYPTION_KEYS)",
			"missing; make one with: echo \"k1:$(openssl rand -base64 32)\"",
		})
	}
	if c.Database.URL == "" {
		out = append(out, Problem{"database.url (DATABASE_URL)", "missing; postgres://user:password@host:5432/name"})
	}
	return out
}

const (
	jwtSecret    = "http.jwt_secret (JWT_SECRET)"
	cookieSecret = "http.cookie_secret (COOKIE_SECRET)"
	makeSecret   = "; make one with: openssl rand -base64 48"
)

func (c *Config) requireKeys() Problems {
	out := c.requireSigningKey()
	if c.HTTP.CookieSecret == "" {
		out = append(out, Problem{cookieSecret, "missing" + makeSecret})
	}
	return out
}

// requireSigningKey checks the form of the key; whether it fits the algorithm
// is found out where tokens are made.
func (c *Config) requireSigningKey() Problems {
	const key = jwtSecret
	isPEM := strings.Contains(c.HTTP.JWTSecret.Reveal(), "-----BEGIN ")
	symmetric := strings.HasPrefix(c.HTTP.JWTOptions.Algorithm, "HS")
	switch {
	case symmetric && isPEM:
		return Problems{{key, "is a key in PEM, which " + c.HTTP.JWTOptions.Algorithm + " does not use; set http.jwt_options.algorithm"}}
	case symmetric && c.HTTP.JWTPublicKey != "":
		return Problems{{"http.jwt_public_key (JWT_PUBLIC_KEY)", "is set, and " + c.HTTP.JWTOptions.Algorithm + " does not use one; set http.jwt_options.algorithm"}}
	case symmetric && c.HTTP.JWTSecret == "":
		return Problems{{key, "missing" + makeSecret}}
	case symmetric:
		return nil
	case c.HTTP.JWTSecret == "":
		return Problems{{key, "missing; " + c.HTTP.JWTOptions.Algorithm + " needs a private key in PEM"}}
	case !isPEM:
		return Problems{{key, "is not a private key in PEM, which " + c.HTTP.JWTOptions.Algorithm + " needs"}}
	}
	return nil
}

// weakSecret reports a secret that is set but can be guessed.
func weakSecret(key string, secret Secret) Problems {
	text := secret.Reveal()
	seen := map[byte]bool{}
	for i := range len(text) {
		seen[text[i]] = true
	}
	switch {
	case text == "":
		return nil
	case len(text) < leastSecret:
		return Problems{{key, "weak: shorter than 32 bytes" + makeSecret}}
	case len(seen) < leastVariety:
		return Problems{{key, "weak: made of a few characters that repeat" + makeSecret}}
	}
	for _, word := range placeholders {
		if strings.Contains(strings.ToLower(text), word) {
			return Problems{{key, "weak: looks like a placeholder, it contains \"" + word + "\"" + makeSecret}}
		}
	}
	return nil
}
