package githubtest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/githubtest"
)

const verifier = "a-verifier-of-more-than-forty-three-characters"

func authorization(s *githubtest.Server) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"client_id": {s.ClientID}, "redirect_uri": {"https://shop.example/callback?a=b"}, "response_type": {"code"},
		"scope": {"read:user user:email"}, "state": {"state"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
}

var transport = &http.Transport{}

// send returns the status and, when it is JSON, the object of an answer.
func send(t *testing.T, method, address string, form url.Values, header map[string]string) (status int, body map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	_ = json.Unmarshal(text, &body)
	return resp.StatusCode, body
}

// A provider that forgets something is found out.
func TestAuthorizeChecks(t *testing.T) {
	t.Parallel()

	s := githubtest.Start(t, githubtest.Options{})
	for name, value := range map[string]string{
		"client_id": "other", "redirect_uri": "/callback", "response_type": "token", "state": "",
		"code_challenge": "", "code_challenge_method": "plain",
	} {
		query := authorization(s)
		query.Set(name, value)
		status, _ := send(t, http.MethodGet, s.AuthorizationEndpoint+"?"+query.Encode(), nil, nil)
		require.GreaterOrEqual(t, status, 400, name)
	}
	require.Empty(t, s.Codes())
}

func TestTokenChecks(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		name, value string
		query       string
		accept      string
		want        any
	}{
		"all is well":      {},
		"a wrong secret":   {name: "client_secret", value: "x", want: "incorrect_client_credentials"},
		"a wrong app":      {name: "client_id", value: "x", want: "incorrect_client_credentials"},
		"a wrong code":     {name: "code", value: "x", want: "bad_verification_code"},
		"a wrong verifier": {name: "code_verifier", value: "x", want: "bad_verification_code"},
		"a wrong callback": {name: "redirect_uri", value: "https://shop.example/callback", want: "redirect_uri_mismatch"},
		"secrets in a URL": {query: "?client_secret=x", want: "secrets_in_url"},
		"another language": {accept: "text/html"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := githubtest.Start(t, githubtest.Options{})
			back := s.Visit(t, s.AuthorizationEndpoint+"?"+authorization(s).Encode())
			require.Equal(t, "b", back.Query().Get("a"))
			require.Equal(t, "state", back.Query().Get("state"))
			require.Equal(t, []string{back.Query().Get("code")}, s.Codes())
			form := url.Values{
				"client_id": {s.ClientID}, "client_secret": {s.ClientSecret}, "code": {back.Query().Get("code")},
				"redirect_uri": {"https://shop.example/callback?a=b"}, "code_verifier": {verifier},
			}
			if tt.name != "" {
				form.Set(tt.name, tt.value)
			}
			accept := map[string]string{"Accept": "application/json"}
			if tt.accept != "" {
				accept["Accept"] = tt.accept
			}
			status, body := send(t, http.MethodPost, s.TokenEndpoint+tt.query, form, accept)

			require.Equal(t, tt.want, body["error"])
			if tt.accept != "" {
				require.Equal(t, http.StatusNotAcceptable, status)
			}
			issued := 0
			if tt.want == nil && tt.accept == "" {
				issued = 1
				require.Contains(t, s.Secrets(), body["access_token"])
				require.Contains(t, s.Secrets(), verifier)
				require.Empty(t, s.Codes(), "a code is good for one attempt")
			}
			require.Equal(t, issued, s.Exchanges())
			require.Equal(t, 1, s.Requests(githubtest.Token))
		})
	}
}

func TestScript(t *testing.T) {
	t.Parallel()

	s := githubtest.Start(t, githubtest.Options{})
	s.Script(githubtest.User, githubtest.ServerError, githubtest.OK)
	s.Script(githubtest.User, githubtest.NotFound)
	for _, want := range []int{500, 401, 404, 401} {
		status, _ := send(t, http.MethodGet, s.APIEndpoint+"/user", nil, map[string]string{"User-Agent": "test"})
		require.Equal(t, want, status)
	}
	require.Equal(t, 4, s.Requests(githubtest.User))
	require.Zero(t, s.Requests(githubtest.Emails))
}
