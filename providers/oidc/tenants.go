package oidc

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Microsoft Entra ID has one discovery document for all tenants, whose issuer is a
// template: each token has the issuer of its tenant. So the issuer alone says
// nothing about who may sign in; the list of tenants does.
const (
	tenantPlaceholder = "{tenantid}"
	anyTenant         = "*"
)

var (
	tenantForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	// sharedTenants are the path segments of an issuer for several tenants.
	sharedTenants = []string{"common", "organizations"}
)

// issuerTemplate returns the issuer with [tenantPlaceholder] in place of the shared
// tenant, "" if it has none.
func issuerTemplate(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	segments := strings.Split(u.Path, "/")
	for i, segment := range segments {
		if slices.Contains(sharedTenants, segment) {
			segments[i] = tenantPlaceholder
			return u.Scheme + "://" + u.Host + strings.Join(segments, "/")
		}
	}
	return ""
}

// checkTenants reports what is wrong with the option tenants.
func (o Options) checkTenants() error {
	if len(o.Tenants) == 0 {
		return nil
	}
	var problems []error
	if issuerTemplate(o.Issuer) == "" {
		problems = append(problems, invalid("OIDC 'tenants' needs an 'issuer' for several tenants, such as https://login.microsoftonline.com/organizations/v2.0"))
	}
	for _, tenant := range o.Tenants {
		if tenant != anyTenant && !tenantForm.MatchString(tenant) {
			problems = append(problems, invalid("OIDC 'tenants' must hold tenant ids in lower case, or * for all, not %q", tenant))
		}
	}
	return errors.Join(problems...)
}

// checkTenant refuses a token of a tenant that is not listed, or whose issuer is not
// that of its tenant.
func (p *Provider) checkTenant(c claims) error {
	if len(p.options.Tenants) == 0 {
		return nil // go-oidc has compared the issuer
	}
	tenant := c.text("tid")
	if !p.permitsTenant(tenant) || c.text("iss") != p.issuerOf(tenant) {
		return errors.New("the ID token is of a tenant that may not sign in, or its issuer is not that of its tenant")
	}
	return nil
}

func (p *Provider) permitsTenant(tenant string) bool {
	return tenantForm.MatchString(tenant) && (slices.Contains(p.options.Tenants, tenant) || slices.Contains(p.options.Tenants, anyTenant))
}

func (p *Provider) issuerOf(tenant string) string {
	return strings.ReplaceAll(issuerTemplate(p.options.Issuer), tenantPlaceholder, tenant)
}

// isOurs reports whether a callback's issuer (RFC 9207) is the provider's: the one
// of the options, or that of a tenant.
func (p *Provider) isOurs(issuer string) bool {
	if issuer == p.options.Issuer || len(p.options.Tenants) == 0 {
		return issuer == p.options.Issuer
	}
	before, after, _ := strings.Cut(issuerTemplate(p.options.Issuer), tenantPlaceholder)
	tenant := strings.TrimSuffix(strings.TrimPrefix(issuer, before), after)
	return p.permitsTenant(tenant) && issuer == p.issuerOf(tenant)
}
