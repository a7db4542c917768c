package oidc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// document is what this package uses of a provider's discovery document.
type document struct {
	oauth2.Endpoint

	jwksURI  string
	userInfo string // "" if there is none
	// namesIssuer reports that every callback contains the issuer (RFC 9207).
	namesIssuer bool
}

// authStyle returns how the provider takes the client's secret. It goes into
// the header only if discovery allows nothing else. It is never detected by
// trying: that would send a code twice.
func authStyle(methods []string, secret string) oauth2.AuthStyle {
	if secret != "" && slices.Contains(methods, "client_secret_basic") && !slices.Contains(methods, "client_secret_post") {
		return oauth2.AuthStyleInHeader
	}
	return oauth2.AuthStyleInParams
}

// endpoints returns those of the options, and the provider's for the others.
func (p *Provider) endpoints(ctx context.Context) (document, error) {
	d := p.configured(document{Endpoint: oauth2.Endpoint{AuthStyle: oauth2.AuthStyleInParams}})
	if d.AuthURL != "" && d.TokenURL != "" && d.jwksURI != "" {
		return d, nil
	}
	if p.document == nil { // a probe keeps nothing
		return p.fetchDocument(ctx)
	}
	s, err := p.document.get(ctx)
	return s.value, err
}

func (p *Provider) configured(d document) document {
	d.AuthURL = cmp.Or(p.options.AuthorizationEndpoint, d.AuthURL)
	d.TokenURL = cmp.Or(p.options.TokenEndpoint, d.TokenURL)
	d.jwksURI = cmp.Or(p.options.JWKSURI, d.jwksURI)
	d.userInfo = cmp.Or(p.options.UserInfoEndpoint, d.userInfo)
	return d
}

func (p *Provider) fetchDocument(ctx context.Context) (document, error) {
	ctx = gooidc.ClientContext(ctx, p.reader)
	if len(p.options.Tenants) > 0 { // the document names the template, checkTenant each token's issuer
		ctx = gooidc.InsecureIssuerURLContext(ctx, issuerTemplate(p.options.Issuer))
	}
	found, err := gooidc.NewProvider(ctx, p.options.Issuer)
	if mismatch, ok := errors.AsType[*gooidc.IssuerMismatchError](err); ok {
		return document{}, failed(fmt.Errorf("discovery: the document is of issuer %.200q, not %q", mismatch.Discovered, mismatch.Provided))
	}
	if err != nil {
		return document{}, unread("discovery", err)
	}
	var more struct {
		JWKSURI     string   `json:"jwks_uri"`
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
		NamesIssuer bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&more); err != nil {
		return document{}, unread("discovery", err)
	}
	d := document{
		Endpoint: found.Endpoint(), jwksURI: more.JWKSURI, userInfo: found.UserInfoEndpoint(), namesIssuer: more.NamesIssuer,
	}
	d.AuthStyle = authStyle(more.AuthMethods, p.options.ClientSecret)
	d = p.configured(d)
	if err := p.checkEndpoints(d); err != nil {
		return document{}, failed(fmt.Errorf("discovery: %w", err))
	}
	return d, nil
}

// checkEndpoints applies the rules of the options to the endpoints that discovery
// names; those of the options themselves have been checked.
func (p *Provider) checkEndpoints(d document) error {
	var problems []error
	for _, e := range []struct{ label, value, configured string }{
		{"authorization_endpoint", d.AuthURL, p.options.AuthorizationEndpoint},
		{"token_endpoint", d.TokenURL, p.options.TokenEndpoint},
		{"jwks_uri", d.jwksURI, p.options.JWKSURI},
		{"userinfo_endpoint", d.userInfo, p.options.UserInfoEndpoint},
	} {
		optional := e.label == "userinfo_endpoint" && e.value == ""
		if e.configured == "" && !optional {
			problems = append(problems, checkURL(e.label, e.value, p.options.AllowPrivate))
		}
	}
	return errors.Join(problems...)
}
