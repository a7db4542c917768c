package api_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
)

func (w *world) key(token, kind string) (id, secret string) {
	w.t.Helper()
	r := w.do("POST", "/admin/api-keys", object{"title": "t", "type": kind}, bearer(token))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return r.text(w.t, "api_key.id"), r.text(w.t, "api_key.token")
}

func basic(text string) header { return with("Authorization", "Basic "+text) }

func TestCreatingKeys(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	admin := w.claims(token).ActorID
	for kind, prefix := range map[string]string{"publishable": "pk_", "secret": "sk_"} {
		r := w.do("POST", "/admin/api-keys", object{"title": "golden", "type": kind}, bearer(token))
		require.Equal(t, 200, r.StatusCode, r.body)
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		require.Regexp(t, `^\{"api_key":\{"id":"apk_\w{26}","token":"`+prefix+`[0-9a-f]{64}","redacted":"`+prefix+`[0-9a-f]{3}\*\*\*[0-9a-f]{3}",`+
			`"title":"golden","type":"`+kind+`","last_used_at":null,"created_by":"`+admin+`","revoked_by":null,"revoked_at":null,`+
			`"created_at":`+iso+`,"updated_at":`+iso+`,"deleted_at":null\}\}$`, r.body)
		read := w.do("GET", "/admin/api-keys/"+r.text(t, "api_key.id"), nil, bearer(token))
		shown := ""
		if kind == "publishable" {
			shown = r.text(t, "api_key.token")
		}
		require.Regexp(t, `^\{"api_key":\{"id":"apk_\w{26}","title":"golden","token":"`+shown+`","redacted":"[^"]+","type":"`+kind+
			`","last_used_at":null,"updated_at":`+iso+`,"created_at":`+iso+`,"created_by":"`+admin+`","revoked_at":null,"revoked_by":null,`+
			`"sales_channels":\[\]\}\}$`, read.body)
		require.NotContains(t, w.logs.String(), r.text(t, "api_key.token"))
	}
	r := w.do("GET", "/admin/api-keys?type=secret&fields=type", nil, bearer(token))
	require.Regexp(t, `^\{"api_keys":\[\{"id":"apk_\w+","type":"secret"\}\],"count":1,"offset":0,"limit":20\}$`, r.body)
}

func TestKeyInputIsStrict(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	for name, tt := range map[string]struct {
		path string
		body any
		want string
	}{
		"bad type":         {"", object{"title": "x", "type": "other"}, "Expected: 'publishable, secret' for field 'type', but got: 'other'"},
		"type is a number": {"", object{"title": "x", "type": 5}, "Expected type: ''publishable' | 'secret'' for field 'type', got: '5'"},
		"nothing":          {"", nil, "Field 'title' is required; Field 'type' is required"},
		"null title":       {"", object{"title": nil, "type": "secret"}, "Expected type: 'string' for field 'title', got: 'null'"},
		"unknown field":    {"/apk_x", object{"title": "x", "type": "secret"}, "Unrecognized fields: 'type'"},
		"bad delay":        {"/apk_x/revoke", object{"revoke_in": "1"}, "Expected type: 'number' for field 'revoke_in', got: '1'"},
		"negative delay":   {"/apk_x/revoke", object{"revoke_in": -1}, "Value for field 'revoke_in' too small, expected at least: '0'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.do("POST", "/admin/api-keys"+tt.path, tt.body, bearer(token))
			require.Equal(t, 400, r.StatusCode)
			require.Equal(t, "Invalid request: "+tt.want, r.text(t, "message"))
		})
	}
	for _, line := range [][2]string{{"GET", ""}, {"POST", ""}, {"POST", "/revoke"}} {
		r := w.do(line[0], "/admin/api-keys/apk_x"+line[1], object{"title": "x"}, bearer(token))
		if line[1] != "" {
			r = w.do(line[0], "/admin/api-keys/apk_x"+line[1], nil, bearer(token))
		}
		require.Equal(t, 404, r.StatusCode, r.body)
		require.Equal(t, "API Key with id: apk_x was not found", r.text(t, "message"))
	}
}

func TestSecretKeys(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	id, secret := w.key(token, "secret")
	encoded := base64.StdEncoding.EncodeToString([]byte(secret + ":"))
	users := func(h header) reply { return w.do("GET", "/admin/users", nil, h) }
	for name, value := range map[string]string{"plain": secret, "with a colon": secret + ":", "base64": encoded} {
		require.Equal(t, 200, users(basic(value)).StatusCode, name)
	}
	r := w.do("GET", "/admin/users/me", nil, basic(secret))
	require.Equal(t, 404, r.StatusCode)
	require.Equal(t, "User with id: "+id+" was not found", r.text(t, "message"))
	require.Equal(t, 401, users(basic(secret[:len(secret)-1]+"x")).StatusCode)
	require.Equal(t, 401, users(basic("%%%")).StatusCode)
	r = users(bearer(secret))
	require.Equal(t, 401, r.StatusCode)
	r.is(t, `{"message":"A secret API key was passed as a Bearer token. Secret API keys must be sent using HTTP Basic `+
		`authentication instead (Authorization: Basic <secret-api-key>)."}`)
	for _, line := range [][2]string{{"POST", "/auth/session"}, {"GET", "/store/customers/me"}} {
		require.Equal(t, 401, w.do(line[0], line[1], nil, basic(secret)).StatusCode)
	}
	r = w.do("POST", "/admin/api-keys", object{"title": "x", "type": "secret"}, basic(secret))
	require.Equal(t, id, r.text(t, "api_key.created_by"))

	r = w.do("DELETE", "/admin/api-keys/"+id, nil, bearer(token))
	require.Equal(t, 400, r.StatusCode)
	require.Equal(t, "Cannot delete api keys that are not revoked - "+id, r.text(t, "message"))
	r = w.do("POST", "/admin/api-keys/"+id+"/revoke", object{"revoke_in": 60}, bearer(token))
	require.Equal(t, w.claims(token).ActorID, r.text(t, "api_key.revoked_by"))
	require.Equal(t, 200, users(basic(secret)).StatusCode)
	w.clock.Advance(61 * time.Second)
	require.Equal(t, 401, users(basic(secret)).StatusCode)
	r = w.do("POST", "/admin/api-keys/"+id, object{"title": "renamed"}, bearer(token))
	require.Equal(t, "renamed", r.text(t, "api_key.title"))
	r = w.do("DELETE", "/admin/api-keys/"+id, nil, bearer(token))
	r.is(t, `{"id":"`+id+`","object":"api_key","deleted":true}`)
	require.Equal(t, 404, w.do("GET", "/admin/api-keys/"+id, nil, bearer(token)).StatusCode)
}

func TestListingKeys(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	one, _ := w.key(token, "publishable")
	w.clock.Advance(time.Second)
	two, _ := w.key(token, "secret")
	require.Equal(t, 200, w.do("POST", "/admin/api-keys/"+one+"/revoke", object{"revoke_in": 60}, bearer(token)).StatusCode)
	for query, want := range map[string]string{
		"type=secret": two, "revoked_at[$gt]=2026-11-23T13:48:46Z": one, "created_at[$lt]=2026-11-23T13:47:47Z": one,
		"updated_at[$gte]=2026-11-23T13:47:47Z&type=publishable": one, "$or[0][type]=secret&$or[1][q]=nothing": two,
		"$and[0][id]=" + one + "&$and[1][type]=publishable": one, "with_deleted=true&order=-created_at&limit=1": two,
	} {
		r := w.do("GET", "/admin/api-keys?fields=id&"+query, nil, bearer(token))
		require.Contains(t, r.body, `{"api_keys":[{"id":"`+want+`"}],`, query)
	}
	w.do("GET", "/admin/api-keys?fields=id&deleted_at[$gt]=2026-01-01", nil, bearer(token)).
		is(t, `{"api_keys":[],"count":0,"offset":0,"limit":20}`)
	r := w.do("GET", "/admin/api-keys?type=other", nil, bearer(token))
	require.Equal(t, "Invalid request: Expected: 'publishable, secret' for field 'type', but got: 'other'", r.text(t, "message"))
}

// There are no sales channels, and clients may ask for them all the same.
func TestSalesChannelsOfKeys(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	id, _ := w.key(token, "publishable")
	secret, _ := w.key(token, "secret")
	change := func(id string, body any) reply {
		return w.do("POST", "/admin/api-keys/"+id+"/sales-channels?fields=sales_channels", body, bearer(token))
	}
	for _, body := range []any{nil, object{"add": []string{}}, object{"remove": []string{"sc_1"}}} {
		r := change(id, body)
		require.Equal(t, 200, r.StatusCode, r.body)
		r.is(t, `{"api_key":{"id":"`+id+`","sales_channels":[]}}`)
	}
	for name, tt := range map[string]struct {
		id   string
		body any
		code int
		want string
	}{
		"a channel":    {id, object{"add": []string{"sc_1", "sc_2"}}, 400, "Sales channels with IDs sc_1, sc_2 do not exist"},
		"a secret key": {secret, object{"add": []string{"sc_1"}}, 400, "Sales channels can only be associated with publishable API keys"},
		"an unknown":   {"apk_x", nil, 404, "API Key with id: apk_x was not found"},
		"no list":      {id, object{"add": "sc_1"}, 400, "Invalid request: Expected type: 'array' for field 'add', got: 'sc_1'"},
	} {
		r := change(tt.id, tt.body)
		require.Equal(t, tt.code, r.StatusCode, name)
		require.Equal(t, tt.want, r.text(t, "message"), name)
	}
}

func TestPublishableKeys(t *testing.T) {
	t.Parallel()

	const missing = "Publishable API key required in the request header: x-publishable-api-key. You can manage your keys in settings in the dashboard."
	const wrong = "A valid publishable key is required to proceed with the request"
	pk := func(key string) header { return with("x-publishable-api-key", key) }

	t.Run("are demanded as soon as there is one", func(t *testing.T) {
		t.Parallel()

		w := setup(t)
		customer, admin := w.customer("a@example.com"), w.admin("root@example.com")
		me := func(h header) reply { return w.do("GET", "/store/customers/me", nil, bearer(customer), h) }
		require.Equal(t, 200, me(with("X-None", "")).StatusCode)
		require.Equal(t, 200, me(pk("pk_unknown")).StatusCode, "nothing to compare with")
		id, key := w.key(admin, "publishable")
		for range 2 {
			require.Equal(t, 200, me(pk(key)).StatusCode)
			require.Equal(t, missing, me(with("X-None", "")).text(t, "message"))
			require.Equal(t, wrong, me(pk("pk_unknown")).text(t, "message"))
		}
		require.Equal(t, 400, me(pk("pk_unknown")).StatusCode)
		_, second := w.key(admin, "publishable")
		require.Equal(t, 200, w.do("POST", "/admin/api-keys/"+id+"/revoke", nil, bearer(admin)).StatusCode)
		require.Equal(t, 400, me(pk(key)).StatusCode, "revoked here: at once")
		require.Equal(t, 200, me(pk(second)).StatusCode)
	})
	t.Run("that another process revokes end within seconds", func(t *testing.T) {
		t.Parallel()

		w := setup(t)
		customer, admin := w.customer("a@example.com"), w.admin("root@example.com")
		w.key(admin, "publishable") // remains
		id, key := w.key(admin, "publishable")
		me := func() int {
			return w.do("GET", "/store/customers/me", nil, bearer(customer), pk(key)).StatusCode
		}
		require.Equal(t, 200, me())
		_, err := w.store.RevokeAPIKey(t.Context(), id, "other", w.clock.Now())
		require.NoError(t, err)
		require.Equal(t, 200, me(), "still believed")
		w.clock.Advance(5 * time.Second)
		require.Equal(t, 400, me())
	})
	t.Run("always, or never", func(t *testing.T) {
		t.Parallel()

		w := setup(t, options(func(o *api.Options) { o.PublishableKey = api.KeysRequired }))
		require.Equal(t, missing, w.do("GET", "/store/customers/me", nil).text(t, "message"))
		require.Equal(t, wrong, w.do("GET", "/store/customers/me", nil, pk("pk_x")).text(t, "message"))
		w = setup(t, options(func(o *api.Options) { o.PublishableKey = api.KeysOff }))
		w.key(w.admin("root@example.com"), "publishable")
		require.Equal(t, 401, w.do("GET", "/store/customers/me", nil).StatusCode)
	})
}
