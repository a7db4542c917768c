package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
)

// Profile implements [providers.Redirect]. It requests the profile every time,
// so that the metadata are never older than the last sign-in.
func (p *Provider) Profile(ctx context.Context, t providers.Tokens, _ providers.Callback) (providers.Profile, error) {
	if !isToken(t.AccessToken) {
		return providers.Profile{}, failed(errors.New("there is no access token"))
	}
	who, err := p.user(ctx, t.AccessToken)
	if err != nil {
		return providers.Profile{}, err
	}
	email, err := p.verifiedEmail(ctx, t.AccessToken)
	if err != nil {
		return providers.Profile{}, err
	}
	profile := providers.Profile{
		EntityID: string(who.ID), Email: email, EmailVerified: email != "", UserMetadata: who.metadata(email),
	}
	if p.options.KeepTokens {
		profile.Secrets = &t
	}
	return profile, nil
}

// user is the used part of GET /user. A nil string is JSON null.
type user struct {
	ID        id      `json:"id"`
	HTMLURL   *string `json:"html_url"`
	AvatarURL *string `json:"avatar_url"`
	Name      *string `json:"name"`
	Company   *string `json:"company"`
	// TwoFactor is set for apps with the scope user.
	TwoFactor bool `json:"two_factor_authentication"`
}

// id is a JSON number as it was written: a float could round it.
type id string

// UnmarshalJSON implements [json.Unmarshaler].
func (i *id) UnmarshalJSON(raw []byte) error {
	const maxDigits = 32
	if len(raw) > maxDigits || raw[0] == '0' {
		return errors.New("the id is not a positive integer")
	}
	for _, digit := range raw {
		if digit < '0' || digit > '9' {
			return errors.New("the id is not a positive integer")
		}
	}
	*i = id(raw)
	return nil
}

// metadata returns the claims of the contract (docs/contract.md#s3-5). Their
// address is the verified one, or null: the address that users enter in their
// profile is not verified, and clients trust claims (docs/weak-spots.md#w6).
func (u user) metadata(email string) everlatch.Metadata {
	claims := everlatch.Metadata{
		"profile_url": text(u.HTMLURL), "avatar": text(u.AvatarURL), "email": nil,
		"name": text(u.Name), "company": text(u.Company), "two_factor_authentication": u.TwoFactor,
	}
	if email != "" {
		claims["email"] = email
	}
	return claims
}

// text returns JSON null for nil.
func text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

func (p *Provider) user(ctx context.Context, token string) (user, error) {
	got, err := p.get(ctx, "/user", token)
	if err != nil {
		return user{}, err
	}
	var who user
	if err := got.read("user", &who); err != nil {
		return user{}, err
	}
	if who.ID == "" {
		return user{}, failed(errors.New("github's user has no id"))
	}
	return who, nil
}

// verifiedEmail returns the primary address if it is verified. GitHub answers
// 404 to apps without the scope, and 403 to those without the permission: they
// see no addresses.
func (p *Provider) verifiedEmail(ctx context.Context, token string) (string, error) {
	got, err := p.get(ctx, "/user/emails?per_page=100", token)
	if err != nil {
		return "", err
	}
	if got.status == http.StatusNotFound || got.status == http.StatusForbidden {
		return p.noEmail(fmt.Errorf("github answers %d to a question for the addresses", got.status))
	}
	var emails []struct {
		Email    string `json:"email"`
		Primary  bool   `json:"primary"`
		Verified bool   `json:"verified"`
	}
	if err := got.read("addresses", &emails); err != nil {
		return "", err
	}
	for _, e := range emails {
		if e.Primary && e.Verified && e.Email != "" {
			return e.Email, nil
		}
	}
	return p.noEmail(errors.New("none of the addresses is primary and verified"))
}

// noEmail handles users without an address that GitHub has verified.
func (p *Provider) noEmail(cause error) (string, error) {
	if *p.options.RequireVerifiedEmail {
		return "", unverified(cause)
	}
	return "", nil
}

// read decodes a response of the API. It drops the messages of encoding/json,
// which may quote the response.
func (a answer) read(what string, into any) error {
	switch {
	case a.status != http.StatusOK:
		return failed(fmt.Errorf("github answers %d to a question for the %s", a.status, what))
	case json.Unmarshal(a.body, into) != nil:
		return failed(fmt.Errorf("github's answer about the %s cannot be read", what))
	}
	return nil
}
