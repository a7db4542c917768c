package github

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestIsPublic(t *testing.T) {
	t.Parallel()

	for _, public := range []string{"140.82.112.3", "8.8.8.8", "2606:50c0:8000::64", "::ffff:8.8.8.8", "64:ff9b::808:808"} {
		require.True(t, isPublic(netip.MustParseAddr(public)), public)
	}
	for _, private := range []string{
		"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192",
		"0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "198.18.0.1", "203.0.113.1", "::", "::1", "::127.0.0.1", "fe80::1%eth0",
		"fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:a00:1::", "2001::1", "2001:db8::1",
	} {
		require.False(t, isPublic(netip.MustParseAddr(private)), private)
	}
	require.False(t, isPublic(netip.Addr{}))
}

// FuzzUser looks for a user that panics, or that is accepted without a number.
func FuzzUser(f *testing.F) {
	for _, seed := range []string{
		`{"id":583231,"login":"ada","name":"Ada","company":null,"html_url":"https://github.com/ada","two_factor_authentication":true}`,
		`{"id":9007199254740993}`, `{"id":1e3}`, `{"id":"1"}`, `{"id":[`, `{"ID":1}`, `null`, `[]`, ``, `{"id":-0}`, `{"name":"\ud800","id":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var who user
		if err := (answer{status: http.StatusOK, body: body}).read("user", &who); err != nil || who.ID == "" {
			return
		}
		require.Regexp(t, `^[1-9][0-9]{0,31}$`, string(who.ID))
		claims := who.metadata("")
		require.Len(t, claims, 6)
		_, err := json.Marshal(claims)
		require.NoError(t, err)
	})
}

// FuzzTokens looks for an answer that panics, or that gives a token which no
// header can hold, or one that has expired before it was asked for.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"gho_1","token_type":"bearer","expires_in":28800,"refresh_token":"ghr_1","refresh_token_expires_in":15897600}`,
		`{"error":"bad_verification_code"}`, `{"access_token":"a\nb"}`, `{"access_token":"a","expires_in":"60"}`, `{"expires_in":""}`, `null`, ``,
	} {
		f.Add(http.StatusOK, []byte(seed))
	}
	asked := time.Date(2026, 7, 8, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		tokens, err := readTokens(answer{status: status, body: body}, asked)
		if err != nil {
			require.Empty(t, tokens)
			return
		}
		require.Regexp(t, `^[!-~]+$`, tokens.AccessToken)
		require.True(t, tokens.AccessTokenExpiresAt.IsZero() || tokens.AccessTokenExpiresAt.After(asked))
	})
}
