package subscribers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/subscribers"
)

func TestWebhookRefusesPrivateAddresses(t *testing.T) {
	t.Parallel()

	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the request has arrived")
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	require.NoError(t, err)

	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0", "[::]", "10.0.0.1", "169.254.169.254",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()

			host += ":" + u.Port()
			webhook := newWebhook(t, subscribers.WebhookOptions{URL: "https://" + host + "/?token=topsecret"})

			err := webhook.Deliver(t.Context(), someDelivery())

			require.EqualError(t, err, host+" is not called: its address is private, which allow_private admits")
			require.False(t, everlatch.IsPermanent(err), "an operator may mend the name")
		})
	}
}

func TestWebhookCallsPrivateAddressesWhenAllowed(t *testing.T) {
	t.Parallel()

	base, last := receiver(t, http.StatusOK)
	u, err := url.Parse(base)
	require.NoError(t, err)
	webhook := newWebhook(t, subscribers.WebhookOptions{URL: "http://localhost:" + u.Port(), AllowPrivate: true})

	require.NoError(t, webhook.Deliver(t.Context(), someDelivery()))

	require.Equal(t, "localhost:"+u.Port(), last().Host)
}
