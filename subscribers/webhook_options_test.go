package subscribers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/subscribers"
)

func TestNewWebhookReportsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()

	_, err := subscribers.NewWebhook(subscribers.WebhookOptions{
		URL: "https://topsecret@shop.example", Timeout: -1,
		Secrets: []string{newSecret, "topsecret", "whsec_topsecret", "whsec_" + strings.Repeat("A", 28), "whsec_" + strings.Repeat("A", 88), strings.TrimPrefix(newSecret, "whsec_")},
	})

	for _, want := range []string{"a name or password", "secret 2 is not whsec_", "secret 3", "secret 4", "secret 5", "secret 6", "the timeout is negative"} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "secret 1 ")
	require.NotContains(t, err.Error(), "topsecret")
}

func TestWebhookURL(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		url          string
		allowPrivate bool
		want         string // "" is no problem
	}{
		"https":                  {url: "https://shop.example/hook?a=b"},
		"http":                   {url: "http://shop.example", want: "https is expected"},
		"http, vouched for":      {url: "http://10.0.0.1:8080", allowPrivate: true},
		"another scheme":         {url: "ftp://shop.example", allowPrivate: true, want: "this is not a URL"},
		"a path alone":           {url: "/hook", want: "this is not a URL"},
		"no host":                {url: "https://:443/", want: "this is not a URL"},
		"nothing":                {want: "this is not a URL"},
		"text":                   {url: "https://a b%", want: "this is not a URL"},
		"a name and a password":  {url: "https://topsecret:topsecret@shop.example", want: "a name or password"},
		"opaque":                 {url: "https:shop.example", want: "this is not a URL"},
		"a URL with a line feed": {url: "https://shop.example/\n", want: "this is not a URL"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := subscribers.NewWebhook(subscribers.WebhookOptions{URL: tt.url, AllowPrivate: tt.allowPrivate, Secrets: []string{newSecret}})

			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "topsecret")
		})
	}
}

func TestWebhookNeedsASecret(t *testing.T) {
	t.Parallel()

	_, err := subscribers.NewWebhook(subscribers.WebhookOptions{URL: "https://shop.example"})

	require.ErrorContains(t, err, "a webhook needs a secret")
}
