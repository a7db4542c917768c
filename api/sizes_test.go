package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestActorTypesAreBounded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, actorType := range []string{strings.Repeat("a", 65), strings.Repeat("a", 1000), "a\r\nb", "a b", "ä", "a/b"} {
		for _, path := range []string{"", "/register", "/callback", "/reset-password", "/update"} {
			r := w.do("POST", "/auth/"+url.PathEscape(actorType)+"/emailpass"+path, object{"email": "a@example.com", "password": "supersecret"})
			require.Equal(t, 400, r.StatusCode, "%q %s", actorType, r.body)
			require.Equal(t, "invalid_data", r.text(t, "type"))
		}
	}
	r := w.do("POST", "/auth/"+strings.Repeat("a", 64)+"/emailpass", object{"email": "a@example.com", "password": "supersecret"})
	require.Equal(t, 401, r.StatusCode, r.body)
}

func TestMetadataIsBounded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	of := func(bytes int) object { return object{"a": strings.Repeat("x", bytes-len(`{"a":""}`))} }
	token := w.customer("ada@example.com")
	for size, want := range map[int]int{16 << 10: 200, 16<<10 + 1: 400} {
		for _, path := range []string{"/store/customers/me", "/store/customers/me/addresses"} {
			r := w.do("POST", path, object{"metadata": of(size)}, bearer(token))
			require.Equal(t, want, r.StatusCode, r.body)
			if want == 400 {
				r.is(t, `{"type":"invalid_data","message":"The metadata is larger than 16384 bytes."}`)
			}
		}
	}
	r := w.do("POST", "/store/customers/me", object{"metadata": object{"b": "1"}}, bearer(token))
	require.Equal(t, 400, r.StatusCode, "what is stored already counts")
	r = w.do("POST", "/auth/customer/emailpass/register", object{
		"email": "b@example.com", "password": "supersecret", "actor": object{"metadata": of(17 << 10)},
	})
	require.Equal(t, 400, r.StatusCode, r.body)
	for size, want := range map[int]int{2 << 10: 201, 2<<10 + 1: 400} {
		r := w.do("POST", "/auth/customer/emailpass/reset-password", object{"identifier": "ada@example.com", "metadata": of(size)})
		require.Equal(t, want, r.StatusCode, r.body)
	}
}

func TestAddressesAreBounded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.customer("ada@example.com")
	for range 50 {
		require.Equal(t, 200, w.do("POST", "/store/customers/me/addresses?fields=id", object{}, bearer(token)).StatusCode)
	}
	r := w.do("POST", "/store/customers/me/addresses", object{}, bearer(token))
	require.Equal(t, 400, r.StatusCode)
	r.is(t, `{"type":"not_allowed","message":"A customer can have 50 addresses."}`)
}
