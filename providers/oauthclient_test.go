package providers_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers"
)

func TestScopes(t *testing.T) {
	t.Parallel()

	for text, want := range map[string][]string{
		`"openid email"`: {"openid", "email"}, `["openid","email"]`: {"openid", "email"}, `" openid  "`: {"openid"}, `[]`: {}, `null`: {},
	} {
		var scopes providers.Scopes
		require.NoError(t, json.Unmarshal([]byte(text), &scopes), text)
		require.Equal(t, want, scopes.List(), text)
	}
	var scopes providers.Scopes
	require.ErrorContains(t, json.Unmarshal([]byte("7"), &scopes), "neither a list of words nor a text")
}

// docs/weak-spots.md#w46: byte for byte, and a caller's slice is not shared.
func TestChooseCallback(t *testing.T) {
	t.Parallel()

	allowed := []string{"https://shop.example/other?lang=de"}
	c := providers.OAuthClient{CallbackURL: "https://shop.example/cb", AllowedCallbackURLs: allowed}.WithDefaults()
	allowed[0] = "https://evil.example"
	for requested, want := range map[string]string{
		"": "https://shop.example/cb", "https://shop.example/cb": "https://shop.example/cb",
		"https://shop.example/other?lang=de": "https://shop.example/other?lang=de",
	} {
		got, err := c.ChooseCallback(requested)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, requested := range []string{"https://evil.example", "https://shop.example/cb/", "https://shop.example/other"} {
		_, err := c.ChooseCallback(requested)
		requireRefusal(t, err, "The provided callback URL is not allowed")
	}
}
