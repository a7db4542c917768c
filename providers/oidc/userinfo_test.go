package oidc_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/oidc"
)

// apart is a world whose ID tokens and UserInfo endpoint tell different things
// of Ada, beside who she is.
func apart(t *testing.T, token, info oidctest.Person, change func(*oidc.Options)) world {
	t.Helper()
	w := setup(t, oidctest.Options{UserInfo: true}, change)
	ada := func(told oidctest.Person) oidctest.Person {
		all := oidctest.Person{"sub": "ada"}
		maps.Copy(all, told)
		return all
	}
	w.idp.Login(ada(token))
	w.idp.Tell(ada(info))
	return w
}

func whole() oidctest.Person {
	return oidctest.Person{"email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace"}
}

// A provider that keeps to OpenID Connect Core, section 5.4, tells addresses at
// its UserInfo endpoint.
func TestUserInfo(t *testing.T) {
	t.Parallel()

	for name, change := range map[string]func(o *oidc.Options){
		"found by discovery": nil,
		"as the options say": func(o *oidc.Options) {
			o.AuthorizationEndpoint, o.TokenEndpoint = o.Issuer+string(oidctest.Authorization), o.Issuer+string(oidctest.Token)
			o.JWKSURI, o.UserInfoEndpoint = o.Issuer+string(oidctest.Keys), o.Issuer+string(oidctest.UserInfo)
		},
		"of an allowed domain":  func(o *oidc.Options) { o.AllowedEmailDomains = []string{"example.com"} },
		"verification optional": func(o *oidc.Options) { o.RequireVerifiedEmail = new(false) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := apart(t, nil, whole(), change)
			profile, err := w.signIn(t)
			require.NoError(t, err)
			require.Equal(t, providers.Profile{
				EntityID: "ada", Email: "ada@example.com", EmailVerified: true,
				UserMetadata: everlatch.Metadata{"email": "ada@example.com", "name": "Ada Lovelace"},
			}, profile)
			require.Equal(t, 1, w.idp.Requests(oidctest.UserInfo))
		})
	}
}

// What identifies people may be told there as well.
func TestUserInfoIdentifies(t *testing.T) {
	t.Parallel()

	info := whole()
	info["employee"], info["groups"] = 7, []string{"staff"}
	w := apart(t, nil, info, func(o *oidc.Options) {
		o.ClaimMappings = map[string]string{"entity_id": "employee", "groups": "groups"}
	})
	profile, err := w.signIn(t)
	require.NoError(t, err)
	require.Equal(t, "7", profile.EntityID)
	require.Equal(t, []any{"staff"}, profile.UserMetadata["groups"])
}

// Nothing is asked that the token tells, and nothing without a token to ask with.
func TestUserInfoIsNotAsked(t *testing.T) {
	t.Parallel()

	w := apart(t, whole(), nil, nil)
	_, err := w.signIn(t)
	require.NoError(t, err)
	require.Zero(t, w.idp.Requests(oidctest.UserInfo))

	w = apart(t, nil, whole(), nil)
	c := w.callback(t)
	tokens, err := w.Exchange(t.Context(), c)
	require.NoError(t, err)
	tokens.AccessToken = ""
	_, err = w.Profile(t.Context(), tokens, c)
	requireFailed(t, err, "does not vouch for the e-mail address")
	require.Zero(t, w.idp.Requests(oidctest.UserInfo))
}

// The ID token goes before, and email_verified never moves to another address.
func TestUserInfoContradicts(t *testing.T) {
	t.Parallel()

	byUPN := func(o *oidc.Options) { o.ClaimMappings = map[string]string{"email": "upn"} }
	tests := map[string]struct {
		token, info oidctest.Person
		change      func(o *oidc.Options)
		cause       string // "" signs in
	}{
		"another subject":  {info: oidctest.Person{"sub": "eve", "email": "ada@example.com", "email_verified": true}, cause: "of another subject"},
		"no subject":       {info: oidctest.Person{"sub": nil, "email": "ada@example.com", "email_verified": true}, cause: "of another subject"},
		"a subject of 1":   {info: oidctest.Person{"sub": 1, "email": "ada@example.com", "email_verified": true}, cause: "of another subject"},
		"no address":       {cause: "does not vouch"},
		"not vouched for":  {info: oidctest.Person{"email": "ada@example.com", "email_verified": false}, cause: "does not vouch"},
		"another name":     {token: oidctest.Person{"name": "Ada Lovelace"}, info: oidctest.Person{"email": "ada@example.com", "email_verified": true, "name": "Eve"}},
		"another audience": {info: oidctest.Person{"aud": "another client", "exp": 1, "email": "ada@example.com", "email_verified": true}},
		"vouched for in the token alone": {
			token: oidctest.Person{"email_verified": true}, info: oidctest.Person{"email": "ada@example.com"},
			cause: "does not vouch",
		},
		"an address of the token, vouched for there alone": {
			token:  oidctest.Person{"email": "ada@example.com"},
			info:   oidctest.Person{"email": "eve@example.com", "email_verified": true, "upn": "ada@example.com"},
			change: byUPN, cause: "does not vouch",
		},
		"an address of the token, vouched for in the token": {
			token:  oidctest.Person{"email": "ada@example.com", "email_verified": true},
			info:   oidctest.Person{"email": "eve@example.com", "email_verified": false, "upn": "ada@example.com"},
			change: byUPN,
		},
		"vouched for, and mapped from elsewhere": {
			info:   oidctest.Person{"email": "eve@example.com", "email_verified": true, "upn": "ada@example.com"},
			change: byUPN, cause: "does not vouch",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := apart(t, tt.token, tt.info, tt.change)
			profile, err := w.signIn(t)
			require.Equal(t, 1, w.idp.Requests(oidctest.UserInfo))
			if tt.cause != "" {
				requireFailed(t, err, tt.cause)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "ada@example.com", profile.Email)
			require.True(t, profile.EmailVerified)
			require.NotEqual(t, "Eve", profile.UserMetadata["name"])
		})
	}
}

func TestUserInfoMisbehaves(t *testing.T) {
	t.Parallel()

	//nolint:exhaustive // those of an endpoint
	tests := map[oidctest.Misbehaviour]struct {
		cause string
		again bool // the same call may be made again
	}{
		oidctest.ServerError: {"user info: status 500", true},
		oidctest.Hang:        {"user info: Get", true},
		oidctest.Break:       {"reading the answer: unexpected EOF", true},
		oidctest.Refuse:      {"user info: status 400", false},
		oidctest.Huge:        {"user info: the answer is longer than 1 MiB", false},
		oidctest.Garbage:     {"user info: invalid character", false},
		oidctest.Redirect:    {"user info: status 307", false},
	}
	for wrong, tt := range tests {
		t.Run(string(wrong), func(t *testing.T) {
			t.Parallel()

			w := apart(t, nil, whole(), func(o *oidc.Options) {
				if wrong == oidctest.Hang {
					o.HTTPTimeout = 2 * time.Second // the second call must make it on a busy machine
				}
			})
			c := w.callback(t)
			tokens, err := w.Exchange(t.Context(), c)
			require.NoError(t, err)
			w.idp.Once(wrong.At(oidctest.UserInfo))
			_, err = w.Profile(t.Context(), tokens, c)
			if tt.again {
				requireAway(t, err)
				require.ErrorContains(t, errors.Unwrap(err), tt.cause)
			} else {
				requireFailed(t, err, tt.cause)
			}
			requireNothingLeaks(t, err, c, tokens)
			require.Zero(t, w.idp.Trespasses(), "redirects are not followed")

			_, err = w.Profile(t.Context(), tokens, c)
			require.NoError(t, err, "the access token is good for another try")
		})
	}
}
