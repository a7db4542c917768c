package oidc

import (
	"context"
	"errors"
	"maps"

	"github.com/everlatch/everlatch/providers"
)

// complete adds the claims of the UserInfo endpoint if the ID token has no address,
// which is allowed if there is an access token (OpenID Connect Core, section 5.4).
func (p *Provider) complete(ctx context.Context, token claims, t providers.Tokens) (claims, error) {
	if _, told := token[p.options.ClaimMappings[keyEmail]]; told || t.AccessToken == "" {
		return token, nil
	}
	d, err := p.endpoints(ctx)
	if err != nil || d.userInfo == "" {
		return token, err
	}
	var info claims
	if err := p.getJSON(ctx, "user info", d.userInfo, t.AccessToken, &info); err != nil {
		return nil, err
	}
	// Section 5.3.2: a response about another subject must not be used.
	if info.text("sub") != token.text("sub") || info.text("sub") == "" {
		return nil, failed(errors.New("the user info is of another subject than the ID token"))
	}
	return merge(info, token), nil
}

// merge combines the claims; those of the signed ID token take precedence.
// email_verified is taken from the source of the email claim.
func merge(info, token claims) claims {
	info, token = maps.Clone(info), maps.Clone(token)
	if _, told := token["email"]; told {
		delete(info, "email_verified")
	} else {
		delete(token, "email_verified")
	}
	maps.Copy(info, token)
	return info
}
