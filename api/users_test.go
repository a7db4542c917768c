package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

func TestReadingUsers(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	id := w.claims(token).ActorID
	user := `\{"id":"` + id + `","first_name":null,"last_name":null,"email":"root@example.com","avatar_url":null,"metadata":null,` +
		`"created_at":` + iso + `,"updated_at":` + iso + `,"deleted_at":null\}`
	w.clock.Advance(1e6)
	other := w.claims(w.admin("ada@example.com")).ActorID
	tests := map[string]string{
		"/admin/users/me":                                                       `^\{"user":` + user + `\}$`,
		"/admin/users/" + id:                                                    `^\{"user":` + user + `\}$`,
		"/admin/users/me?fields=id,email":                                       `^\{"user":\{"id":"` + id + `","email":"root@example.com"\}\}$`,
		"/admin/users?email=root@example.com&limit=1":                           `^\{"users":\[` + user + `\],"count":1,"offset":0,"limit":1\}$`,
		"/admin/users?fields=email&order=email":                                 `^\{"users":\[\{"id":"` + other + `","email":"ada@example.com"\},\{"id":"` + id + `","email":"root@example.com"\}\],"count":2,"offset":0,"limit":50\}$`,
		"/admin/users?q=ROOT&fields=id":                                         `^\{"users":\[\{"id":"` + id + `"\}\],"count":1,"offset":0,"limit":50\}$`,
		"/admin/users?id[]=" + other + "&id[]=x&fields=id":                      `^\{"users":\[\{"id":"` + other + `"\}\],"count":1,"offset":0,"limit":50\}$`,
		"/admin/users?created_at[$gt]=2026-11-23T13:47:46.000Z&fields=id":       `^\{"users":\[\{"id":"` + other + `"\}\],"count":1,"offset":0,"limit":50\}$`,
		"/admin/users?updated_at[$lte]=2026-11-23T13:47:46.000Z&fields=id":      `^\{"users":\[\{"id":"` + id + `"\}\],"count":1,"offset":0,"limit":50\}$`,
		"/admin/users?deleted_at[$gt]=2026-01-01&with_deleted=true":             `^\{"users":\[\],"count":0,"offset":0,"limit":50\}$`,
		"/admin/users?first_name=Unknown":                                       `^\{"users":\[\],"count":0,"offset":0,"limit":50\}$`,
		"/admin/users?email[0]=ada@example.com&email[1]=b@x.cc&fields=id":       `"count":1,`,
		"/admin/users/" + id + "/auth-providers":                                `^\{"providers":\["emailpass"\]\}$`,
		"/admin/users/unknown/auth-providers":                                   `^\{"providers":\[\]\}$`,
		"/admin/users/" + id + "?fields=email,a.b.c.d.e.f,first_name.x,*groups": `^\{"user":\{"id":"` + id + `","email":"root@example.com"\}\}$`,
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", path, nil, bearer(token))
			require.Equal(t, 200, r.StatusCode, r.body)
			require.Regexp(t, want, r.body)
		})
	}
}

func TestUsersAreForAdministrators(t *testing.T) {
	t.Parallel()

	w := setup(t)
	headers := map[string]header{
		"no credentials": with("X-None", ""),
		"a customer":     bearer(w.customer("a@example.com")),
		"not invited":    bearer(w.registered("user", "u@example.com")),
		"their cookies":  with("Cookie", w.session(w.login("customer", "a@example.com"))),
	}
	for name, h := range headers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, path := range []string{"/admin/users", "/admin/users/me", "/admin/users/x", "/admin/users/x/auth-providers", "/admin/api-keys"} {
				r := w.do("GET", path, nil, h)
				require.Equal(t, 401, r.StatusCode)
				r.is(t, `{"message":"Unauthorized"}`)
			}
		})
	}
	require.Equal(t, 200, w.do("GET", "/admin/users/me", nil, with("Cookie", w.session(w.admin("root@example.com")))).StatusCode)
}

func TestChangingUsers(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.admin("root@example.com")
	path := "/admin/users/" + w.claims(token).ActorID
	r := w.do("POST", path, object{"first_name": "Root", "metadata": object{"a": 1}}, bearer(token))
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "Root", r.value(t, "user.first_name"))
	r = w.do("POST", path, object{"avatar_url": "x", "email": "b@example.com"}, bearer(token))
	require.Equal(t, "Invalid request: Unrecognized fields: 'email'", r.text(t, "message"))
	r = w.do("POST", "/admin/users/user_nope", object{"first_name": "x"}, bearer(token))
	require.Equal(t, 404, r.StatusCode)
	require.Equal(t, `User with id "user_nope" not found`, r.text(t, "message"))
	r = w.do("GET", "/admin/users/user_nope", nil, bearer(token))
	require.Equal(t, "User with id: user_nope was not found", r.text(t, "message"))
}

func TestRemovingUsers(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token, other := w.admin("root@example.com"), w.admin("other@example.com")
	cookie := with("Cookie", w.session(other))
	r := w.do("DELETE", "/admin/users/"+w.claims(token).ActorID, nil, bearer(token))
	require.Equal(t, 400, r.StatusCode)
	r.is(t, `{"type":"not_allowed","message":"A user cannot delete itself"}`)
	r = w.do("DELETE", "/admin/users/user_nope", nil, bearer(token))
	r.is(t, `{"id":"user_nope","object":"user","deleted":true}`)
	r = w.do("DELETE", "/admin/users/"+w.claims(other).ActorID, nil, bearer(token))
	require.Equal(t, 200, r.StatusCode)
	// docs/weak-spots.md#w14: what the removed one has is refused at once.
	require.Equal(t, 401, w.do("GET", "/admin/users/me", nil, bearer(other)).StatusCode)
	require.Equal(t, 401, w.do("GET", "/admin/users/me", nil, cookie).StatusCode)
}

func TestProvidersOfAllIdentities(t *testing.T) {
	t.Parallel()

	w := setup(t) // docs/weak-spots.md#w9
	token := w.admin("root@example.com")
	user := w.claims(token).ActorID
	second, err := w.store.RegisterIdentity(t.Context(), store.NewIdentity{
		ID: ids.New(ids.AuthIdentity, w.clock.Now()), ProviderIdentityID: "p2", Provider: "oidc", EntityID: "s", EntityKey: "s",
	})
	require.NoError(t, err)
	require.NoError(t, w.store.LinkActor(t.Context(), store.Link{IdentityID: second.ID, ActorType: everlatch.ActorUser, ActorID: user, GroupID: "g"}))
	r := w.do("GET", "/admin/users/"+user+"/auth-providers", nil, bearer(token))
	require.ElementsMatch(t, []any{"emailpass", "oidc"}, r.value(t, "providers"))
}
