package github

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers"
)

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
		p := &Provider{
			options: Options{TokenEndpoint: "https://github.example/token", Now: func() time.Time { return asked }},
			client: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(body))}, nil
			})},
		}
		tokens, err := p.Exchange(t.Context(), providers.Callback{Code: "code"})
		if err != nil {
			require.Empty(t, tokens)
			return
		}
		require.Regexp(t, `^[!-~]+$`, tokens.AccessToken)
		require.True(t, tokens.AccessTokenExpiresAt.IsZero() || tokens.AccessTokenExpiresAt.After(asked))
	})
}

// roundTrip answers without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
