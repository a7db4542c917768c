package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// maxEntityID bounds the identifier of a user, in bytes. A subject has at most
// 255; a mapped claim may be longer.
const maxEntityID = 512

// maxIDToken bounds an ID token, in bytes.
const maxIDToken = 1 << 20

// Profile implements [providers.Redirect]. Tokens are discarded.
func (p *Provider) Profile(ctx context.Context, t providers.Tokens, c providers.Callback) (providers.Profile, error) {
	if t.IDToken == "" || len(t.IDToken) > maxIDToken {
		return providers.Profile{}, failed(errors.New("there is no ID token, or a very long one"))
	}
	token, err := p.verify(ctx, t.IDToken, c)
	if err != nil {
		return providers.Profile{}, err
	}
	signed := token // how the user has signed in is for the ID token alone to say
	if token, err = p.complete(ctx, token, t); err != nil {
		return providers.Profile{}, err
	}
	profile, err := p.read(token)
	if err != nil {
		return providers.Profile{}, failed(err)
	}
	profile.AMR, profile.AuthenticatedAt = methods(signed), authTime(signed)
	return profile, nil
}

// registered are the authentication methods that RFC 8176 registers.
var registered = []string{
	"face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pop", "pwd", "rba", "retina", "sc", "sms", "swk", "tel",
	"user", "vbm", "wia",
}

// methods returns the claim amr. Values that mean something to the provider alone are left
// out.
func methods(token claims) (out []string) {
	var told []string
	if json.Unmarshal(token["amr"], &told) != nil {
		return nil
	}
	for _, method := range told {
		if slices.Contains(registered, method) && !slices.Contains(out, method) {
			out = append(out, method)
		}
	}
	return out
}

// authTime returns the claim auth_time, zero for one that is missing or no time.
func authTime(token claims) time.Time {
	at, told, err := token.seconds("auth_time")
	if !told || err != nil || at <= 0 || at > maxSeconds {
		return time.Time{}
	}
	return time.Unix(int64(at), 0).UTC()
}

// maxSeconds is the year 9999.
const maxSeconds = 253402300799

// read maps claims to a profile, and refuses users who may not sign in.
func (p *Provider) read(token claims) (providers.Profile, error) {
	if token.text("sub") == "" {
		return providers.Profile{}, errors.New("the ID token has no subject")
	}
	id, err := entityID(token[p.options.ClaimMappings[keyEntityID]])
	if err != nil {
		return providers.Profile{}, err
	}
	email, vouched := p.email(token)
	profile := providers.Profile{
		EntityID: id, Email: email, EmailVerified: email != "" && vouched, UserMetadata: everlatch.Metadata{},
	}
	if *p.options.RequireVerifiedEmail && !vouched {
		return providers.Profile{}, errors.New("the provider does not vouch for the e-mail address")
	}
	if !p.allowsDomain(email) {
		return providers.Profile{}, errors.New("the e-mail address is not of an allowed domain")
	}
	for key, claim := range p.options.ClaimMappings {
		var value any
		if key == keyEntityID || json.Unmarshal(token[claim], &value) != nil || value == nil {
			continue // absent
		}
		profile.UserMetadata[key] = value
	}
	return profile, nil
}

// email returns the mapped address, "" for none, and whether the provider has
// verified it. Only the claim "email" can be verified, whichever claim is
// mapped. A user without an address can count as verified too, as in the
// contract (docs/contract.md#s3-6): such a token claims no address.
func (p *Provider) email(token claims) (address string, vouched bool) {
	mapped := p.options.ClaimMappings[keyEmail]
	address = token.text(mapped)
	if address == "" && token.has(mapped) {
		return "", false // not an address
	}
	return address, token.is("email_verified") && (address == "" || address == token.text("email"))
}

func (p *Provider) allowsDomain(email string) bool {
	if len(p.options.AllowedEmailDomains) == 0 {
		return true
	}
	at := strings.LastIndex(email, "@")
	return at > 0 && slices.Contains(p.options.AllowedEmailDomains, strings.ToLower(email[at+1:]))
}

// integer is the only accepted form of a number: others have several spellings.
var integer = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

// entityID returns the identifier of a user: a string, or an integer, as some
// providers use. There is no fallback: other values could be the same for
// several users.
func entityID(claim json.RawMessage) (string, error) {
	var id string
	if integer.Match(claim) {
		id = string(claim)
	} else if json.Unmarshal(claim, &id) != nil || id == "" {
		return "", errors.New("the claim that identifies people is missing, empty or not a text")
	}
	if len(id) > maxEntityID || strings.ContainsFunc(id, unicode.IsControl) {
		return "", errors.New("the claim that identifies people is too long, or has control characters")
	}
	return id, nil
}
