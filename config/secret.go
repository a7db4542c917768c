package config

import (
	"log/slog"
	"net/url"
	"strings"
)

// masked is what is printed for a secret that is set.
const masked = "[secret]"

// Secret is a setting that is never printed: every way to format it gives
// "[secret]", or nothing when it is empty.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String implements [fmt.Stringer] without the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// GoString implements [fmt.GoStringer] without the secret.
func (s Secret) GoString() string { return s.String() }

// LogValue implements [slog.LogValuer] without the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements [encoding.TextMarshaler] without the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Secrets are several of them.
type Secrets []Secret

// Reveal returns the secrets themselves.
func (s Secrets) Reveal() []string {
	out := make([]string, len(s))
	for i := range s {
		out[i] = s[i].Reveal()
	}
	return out
}

// URL is a connection string or the address of a webhook; its password is never
// printed, nor are parameters that are secrets by their name.
type URL string

// Reveal returns the whole connection string.
func (u URL) Reveal() string { return string(u) }

// String implements [fmt.Stringer] without the password, and with nothing but
// a mask for text that cannot be read as a URL.
func (u URL) String() string {
	if u == "" {
		return ""
	}
	parsed, err := url.Parse(string(u))
	if err != nil || !strings.Contains(string(u), "://") {
		return masked
	}
	query := parsed.Query()
	for name := range query {
		if namesSecret(name) {
			query.Set(name, "xxxxx")
			parsed.RawQuery = query.Encode()
		}
	}
	return parsed.Redacted()
}

// GoString implements [fmt.GoStringer] without the password.
func (u URL) GoString() string { return u.String() }

// LogValue implements [slog.LogValuer] without the password.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText implements [encoding.TextMarshaler] without the password.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
