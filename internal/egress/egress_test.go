package egress_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/egress"
)

func TestPublicAddresses(t *testing.T) {
	t.Parallel()

	for _, address := range []string{
		"1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "169.253.0.1", "192.0.1.1", "223.255.255.254",
		"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e",
	} {
		require.True(t, egress.IsPublic(netip.MustParseAddr(address)), address)
	}
}

func TestAddressesThatAreNotPublic(t *testing.T) {
	t.Parallel()

	tests := map[string][]string{
		"loopback":             {"127.0.0.1", "127.255.255.254", "::1"},
		"unspecified":          {"0.0.0.0", "::", "0.1.2.3"},
		"private":              {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"},
		"unique local":         {"fc00::1", "fd12:3456::1"},
		"link-local":           {"169.254.1.1", "fe80::1", "fe80::1%eth0"},
		"metadata":             {"169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"},
		"carriers":             {"100.64.0.1", "100.127.255.255"},
		"multicast":            {"224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"},
		"broadcast, reserved":  {"255.255.255.255", "240.0.0.1"},
		"documentation":        {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"},
		"benchmarks":           {"198.18.0.1", "198.19.255.255"},
		"mapped":               {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:100.64.0.1"},
		"compatible":           {"::127.0.0.1", "::8.8.8.8"},
		"NAT64":                {"64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1"},
		"6to4 and Teredo":      {"2002:7f00:1::1", "2001:0:7f00:1::1"},
		"not allocated":        {"4000::1", "100::1", "fec0::1", "5f00::1"},
		"nothing":              {""},
		"IPv4 seen through v6": {"::ffff:0:127.0.0.1"},
	}
	for name, addresses := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, address := range addresses {
				a, _ := netip.ParseAddr(address)
				require.False(t, egress.IsPublic(a), address)
			}
		})
	}
}

// The check is made on the address that is dialled, whatever name led there.
