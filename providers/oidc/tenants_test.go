package oidc_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/oidctest"
	"github.com/everlatch/everlatch/providers/oidc"
)

const (
	ourTenant   = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	otherTenant = "11111111-2222-3333-4444-555555555555"
)

// entra serves the discovery document of another provider as Microsoft Entra ID
// does: below a path for all tenants, with a template as its issuer.
type entra struct{ issuer string }

func (e entra) RoundTrip(r *http.Request) (*http.Response, error) {
	const shared = "/organizations/v2.0"
	discovery := strings.HasPrefix(r.URL.Path, shared)
	if discovery {
		r = r.Clone(r.Context())
		r.URL.Path = strings.TrimPrefix(r.URL.Path, shared)
	}
	resp, err := new(http.Transport).RoundTrip(r)
	if err != nil || !discovery {
		return resp, err
	}
	defer func() { _ = resp.Body.Close() }()
	document, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	document = bytes.Replace(document, []byte(`"issuer":"`+e.issuer+`"`), []byte(`"issuer":"`+e.issuer+`/{tenantid}/v2.0"`), 1)
	document = bytes.Replace(document, []byte(`_iss_parameter_supported":true`), []byte(`_iss_parameter_supported":false`), 1)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(document)), int64(len(document))
	resp.Header.Del("Content-Length")
	return resp, nil
}

func TestTenants(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		tenants []string
		issuer  string // what follows the provider's URL in the claim iss
		tid     any
		signIn  bool
	}{
		"listed":                         {[]string{otherTenant, ourTenant}, "/" + ourTenant + "/v2.0", ourTenant, true},
		"all of them":                    {[]string{"*"}, "/" + otherTenant + "/v2.0", otherTenant, true},
		"not listed":                     {[]string{ourTenant}, "/" + otherTenant + "/v2.0", otherTenant, false},
		"another issuer than its tenant": {[]string{ourTenant}, "/" + otherTenant + "/v2.0", ourTenant, false},
		"the template":                   {[]string{"*"}, "/{tenantid}/v2.0", "{tenantid}", false},
		"the shared path":                {[]string{"*"}, "/organizations/v2.0", "organizations", false},
		"no tenant":                      {[]string{"*"}, "/" + ourTenant + "/v2.0", nil, false},
		"another provider's":             {[]string{ourTenant}, "x/" + ourTenant + "/v2.0", ourTenant, false},
		"a path behind":                  {[]string{"*"}, "/" + ourTenant + "/v2.0/x", ourTenant + "/v2.0/x", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := setup(t, oidctest.Options{}, func(o *oidc.Options) {
				o.HTTPClient = &http.Client{Transport: entra{o.Issuer}}
				o.Issuer, o.Tenants = o.Issuer+"/organizations/v2.0", tt.tenants
			})
			w.idp.Always(oidctest.NoIssParameter)
			w.idp.Login(oidctest.Person{
				"iss": w.idp.URL() + tt.issuer, "tid": tt.tid, "sub": "sub-1", "email": "ada@corp.example", "email_verified": true,
			})
			profile, err := w.signIn(t)
			if !tt.signIn {
				require.ErrorIs(t, err, everlatch.ErrUnauthorized)
				require.ErrorContains(t, everlatch.Cause(err), "tenant")
				return
			}
			require.NoError(t, err)
			require.Equal(t, "sub-1", profile.EntityID)
		})
	}
}

// Without the option, the document of all tenants is refused as before.
func TestTemplateWithoutTenants(t *testing.T) {
	t.Parallel()

	w := setup(t, oidctest.Options{}, func(o *oidc.Options) {
		o.HTTPClient = &http.Client{Transport: entra{o.Issuer}}
		o.Issuer += "/organizations/v2.0"
	})
	require.ErrorContains(t, everlatch.Cause(w.begin(t.Context())), "discovery: the document is of issuer")
}

func TestTenantOptions(t *testing.T) {
	t.Parallel()

	o := valid()
	o.Tenants = []string{ourTenant}
	_, err := oidc.New(o)
	require.ErrorContains(t, err, "OIDC 'tenants' needs an 'issuer' for several tenants")
	o.Issuer = "https://login.microsoftonline.com/common/v2.0"
	_, err = oidc.New(o)
	require.NoError(t, err)
	o.Tenants = []string{"corp.example", strings.ToUpper(ourTenant)}
	_, err = oidc.New(o)
	require.ErrorContains(t, err, `not "corp.example"`)
	require.ErrorContains(t, err, "in lower case")
}
