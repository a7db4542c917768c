package limits_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/limits"
)

// A forged X-Forwarded-For changes nothing, unless the operator trusts who sends it.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	networks := limits.Proxies{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	tests := map[string]struct {
		proxies limits.Proxies
		peer    string
		header  []string
		want    string
	}{
		"no proxies":                        {peer: "203.0.113.7:1234", want: "203.0.113.7"},
		"forged without proxies":            {peer: "203.0.113.7:1234", header: []string{"198.51.100.1"}, want: "203.0.113.7"},
		"forged past the proxies":           {proxies: networks, peer: "203.0.113.7:1234", header: []string{"198.51.100.1"}, want: "203.0.113.7"},
		"through a proxy":                   {proxies: networks, peer: "10.0.0.1:1", header: []string{"203.0.113.7"}, want: "203.0.113.7"},
		"forged before a proxy":             {proxies: networks, peer: "10.0.0.1:1", header: []string{"198.51.100.1, 203.0.113.7"}, want: "203.0.113.7"},
		"forged in a header of its own":     {proxies: networks, peer: "10.0.0.1:1", header: []string{"198.51.100.1", "203.0.113.7"}, want: "203.0.113.7"},
		"through two proxies":               {proxies: networks, peer: "10.0.0.1:1", header: []string{"198.51.100.1, 203.0.113.7, 10.0.0.2"}, want: "203.0.113.7"},
		"a proxy itself":                    {proxies: networks, peer: "10.0.0.1:1", want: "10.0.0.1"},
		"garbage from the client":           {proxies: networks, peer: "10.0.0.1:1", header: []string{"unknown"}, want: "10.0.0.1"},
		"with a port":                       {proxies: networks, peer: "10.0.0.1:1", header: []string{"203.0.113.7:4711"}, want: "203.0.113.7"},
		"IPv6":                              {proxies: networks, peer: "[fd00::1]:1", header: []string{"2001:db8::7"}, want: "2001:db8::7"},
		"IPv4 in IPv6":                      {proxies: networks, peer: "[::ffff:10.0.0.1]:1", header: []string{"::ffff:203.0.113.7"}, want: "203.0.113.7"},
		"a zone makes no second address":    {peer: "[fe80::1%eth0]:1", want: "fe80::1"},
		"one hop":                           {proxies: limits.Proxies{Hops: 1}, peer: "192.0.2.1:1", header: []string{"198.51.100.1, 203.0.113.7"}, want: "203.0.113.7"},
		"two hops":                          {proxies: limits.Proxies{Hops: 2}, peer: "192.0.2.1:1", header: []string{"198.51.100.1, 203.0.113.7"}, want: "198.51.100.1"},
		"networks win over hops":            {proxies: limits.Proxies{Hops: 2, Networks: networks.Networks}, peer: "192.0.2.1:1", header: []string{"198.51.100.1"}, want: "192.0.2.1"},
		"a connection that is no IP at all": {peer: "@", want: "invalid IP"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.RemoteAddr = tt.peer
			for _, h := range tt.header {
				r.Header.Add("X-Forwarded-For", h)
			}
			require.Equal(t, tt.want, tt.proxies.Client(r).String())
		})
	}
}
