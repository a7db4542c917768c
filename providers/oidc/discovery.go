package oidc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// document is what is read of a provider's discovery document (OpenID Connect
// Discovery 1.0, section 3; RFC 9207 for the last field).
type document struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	JWKSURI               string `json:"jwks_uri"`
	UserInfoEndpoint      string `json:"userinfo_endpoint"` // "" when there is none
	// AuthMethods are the ways in which clients may prove who they are.
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	// NamesIssuer says that every callback holds the issuer.
	NamesIssuer bool `json:"authorization_response_iss_parameter_supported"`
}

// wantsHeader says that the client's secret is taken in the header alone
// (client_secret_basic). A provider that does not say what it takes gets a form,
// as the contract has it (3.6).
func (d document) wantsHeader() bool {
	return slices.Contains(d.AuthMethods, "client_secret_basic") && !slices.Contains(d.AuthMethods, "client_secret_post")
}

// endpoints returns those of the options, and the provider's for the others.
func (p *Provider) endpoints(ctx context.Context) (document, error) {
	if d := p.configured(document{}); d.AuthorizationEndpoint != "" && d.TokenEndpoint != "" && d.JWKSURI != "" {
		return d, nil
	}
	s, err := p.document.get(ctx)
	return s.value, err
}

func (p *Provider) configured(d document) document {
	d.AuthorizationEndpoint = cmp.Or(p.options.AuthorizationEndpoint, d.AuthorizationEndpoint)
	d.TokenEndpoint = cmp.Or(p.options.TokenEndpoint, d.TokenEndpoint)
	d.JWKSURI = cmp.Or(p.options.JWKSURI, d.JWKSURI)
	d.UserInfoEndpoint = cmp.Or(p.options.UserInfoEndpoint, d.UserInfoEndpoint)
	return d
}

func (p *Provider) fetchDocument(ctx context.Context) (d document, err error) {
	address := strings.TrimSuffix(p.options.Issuer, "/") + "/.well-known/openid-configuration"
	if err := p.getJSON(ctx, "discovery", address, "", &d); err != nil {
		return document{}, err
	}
	// A document that speaks of another issuer is another's.
	if d.Issuer != p.options.Issuer {
		return document{}, failed(fmt.Errorf("discovery: the document is of issuer %.200q, not %q", d.Issuer, p.options.Issuer))
	}
	d = p.configured(d)
	problems := []error{
		checkURL("authorization_endpoint", d.AuthorizationEndpoint, p.options.AllowPrivate),
		checkURL("token_endpoint", d.TokenEndpoint, p.options.AllowPrivate),
		checkURL("jwks_uri", d.JWKSURI, p.options.AllowPrivate),
	}
	if d.UserInfoEndpoint != "" {
		problems = append(problems, checkURL("userinfo_endpoint", d.UserInfoEndpoint, p.options.AllowPrivate))
	}
	if err := errors.Join(problems...); err != nil {
		return document{}, failed(fmt.Errorf("discovery: %w", err))
	}
	return d, nil
}
