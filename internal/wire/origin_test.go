package wire_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/wire"
)

func TestOriginCheck(t *testing.T) {
	t.Parallel()

	trusted, err := wire.ParseOrigins(`https://shop.example, /^https:\/\/[a-z]+\.preview\.example$/`)
	require.NoError(t, err)
	const (
		origin    = "Origin"
		site      = "Sec-Fetch-Site"
		forwarded = "X-Forwarded-Host"
	)
	tests := map[string]struct {
		headers map[string]string
		// direct is the decision without proxies, proxied with them.
		direct, proxied bool
	}{
		"no browser":                        {nil, true, true},
		"this host":                         {map[string]string{origin: "https://auth.example"}, true, true},
		"a trusted origin":                  {map[string]string{origin: "https://shop.example", site: "cross-site"}, true, true},
		"a trusted pattern":                 {map[string]string{origin: "https://pr.preview.example"}, true, true},
		"a foreign origin":                  {map[string]string{origin: "https://evil.example"}, false, false},
		"a foreign origin, cross-site":      {map[string]string{origin: "https://evil.example", site: "cross-site"}, false, false},
		"a sibling without Origin":          {map[string]string{site: "same-site"}, false, false},
		"this host over another scheme":     {map[string]string{origin: "http://auth.example", site: "same-site"}, false, false},
		"a sandbox":                         {map[string]string{origin: "null"}, false, false},
		"the host in front of a proxy":      {map[string]string{origin: "https://front.example", forwarded: "front.example"}, false, true},
		"another host in front of a proxy":  {map[string]string{origin: "https://evil.example", forwarded: "front.example"}, false, false},
		"cross-site, through the same host": {map[string]string{site: "cross-site", forwarded: "front.example"}, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := httptest.NewRequest(http.MethodPost, "http://auth.example/store/customers/me", nil)
			for header, value := range tt.headers {
				r.Header.Set(header, value)
			}
			require.Equal(t, tt.direct, wire.NewOriginCheck(false).Allow(r, trusted))
			require.Equal(t, tt.proxied, wire.NewOriginCheck(true).Allow(r, trusted))
			r.Method = http.MethodGet
			require.True(t, wire.NewOriginCheck(false).Allow(r, nil), "reading is free")
		})
	}
}
