package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/tokens"
)

// invite invites an address and returns the invite's id and token.
func (w *world) invite(admin, email string) (id, token string) {
	w.t.Helper()
	r := w.do("POST", "/admin/invites", object{"email": email}, bearer(admin))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return r.text(w.t, "invite.id"), r.text(w.t, "invite.token")
}

const acceptPath = "/admin/invites/accept"

func TestInviting(t *testing.T) {
	t.Parallel()

	w := setup(t)
	admin := w.admin("root@example.com")
	r := w.do("POST", "/admin/invites", object{"email": "Ada@example.com", "metadata": object{"team": "a"}, "roles": []string{"role_1"}},
		bearer(admin), with("Idempotency-Key", "k-1"))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	token := r.text(t, "invite.token")
	require.Regexp(t, `^\{"invite":\{"id":"invite_\w{26}","email":"Ada@example.com","accepted":false,"token":"`+token+`",`+
		`"expires_at":`+iso+`,"metadata":\{"team":"a"\},"created_at":`+iso+`,"updated_at":`+iso+`,"deleted_at":null\}\}$`, r.body)
	said, err := w.tokens.VerifyInvite(token)
	require.NoError(t, err)
	require.Equal(t, r.text(t, "invite.id"), said.ID)
	asked := w.flows.invited[0]
	require.Equal(t, "k-1", asked.IdempotencyKey)
	require.Equal(t, []string{"role_1"}, asked.Roles)
	require.Equal(t, everlatch.ActorRef{ActorType: "user", ActorID: w.claims(admin).ActorID}, asked.By)
	require.NotContains(t, w.logs.String(), token)

	for name, tt := range map[string]struct {
		body any
		want string
	}{
		"nothing":              {nil, "Invalid request: Field 'email' is required"},
		"an unknown field":     {object{"email": "q@example.com", "role": "admin"}, "Invalid request: Unrecognized fields: 'role'"},
		"no address":           {object{"email": "not-an-address"}, "Invalid request: Invalid email address"},
		"roles that are none":  {object{"email": "q@example.com", "roles": 5}, "Invalid request: Expected type: 'string' for field 'roles', got: '5'"},
		"invited already":      {object{"email": "ada@example.com"}, "Invite with email: ada@example.com, already exists."},
		"an address of a user": {object{"email": "root@example.com"}, "User account for following email(s) already exist: root@example.com"},
	} {
		r := w.do("POST", "/admin/invites", tt.body, bearer(admin))
		require.Equal(t, 400, r.StatusCode, name)
		r.is(t, `{"type":"invalid_data","message":"`+tt.want+`"}`)
	}
	r = w.do("POST", "/admin/invites", object{"email": "q@example.com"}, bearer(admin), with("Idempotency-Key", "not visible"))
	require.Equal(t, 400, r.StatusCode)
	_, secret := w.key(admin, "secret")
	r = w.do("POST", "/admin/invites", object{"email": "by-key@example.com", "metadata": nil, "roles": nil}, basic(secret))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "api-key", w.flows.invited[len(w.flows.invited)-1].By.ActorType)
}

// docs/weak-spots.md#w7: a token is shown once, to the caller who asked for it.
func TestReadingInvites(t *testing.T) {
	t.Parallel()

	w := setup(t)
	admin := w.admin("root@example.com")
	first, _ := w.invite(admin, "ada@example.com")
	w.clock.Advance(time.Hour)
	second, _ := w.invite(admin, "grace@example.org")
	middle := url.QueryEscape(w.clock.Now().Add(-time.Minute).Format(time.RFC3339))
	invite := `\{"id":"` + first + `","email":"ada@example.com","accepted":false,"token":"","expires_at":` + iso +
		`,"metadata":null,"created_at":` + iso + `,"updated_at":` + iso + `,"deleted_at":null\}`
	one := func(id string) string {
		return `^\{"invites":\[\{"id":"` + id + `"\}\],"count":1,"offset":0,"limit":50\}$`
	}
	for path, want := range map[string]string{
		"/admin/invites/" + first:                                                        `^\{"invite":` + invite + `\}$`,
		"/admin/invites/" + first + "?fields=token,roles":                                `^\{"invite":\{"id":"` + first + `","token":"","roles":\[\]\}\}$`,
		"/admin/invites?email=ADA@example.com":                                           `^\{"invites":\[` + invite + `\],"count":1,"offset":0,"limit":50\}$`,
		"/admin/invites?fields=id&order=-email":                                          `^\{"invites":\[\{"id":"` + second + `"\},\{"id":"` + first + `"\}\],"count":2,"offset":0,"limit":50\}$`,
		"/admin/invites?fields=id&limit=1&offset=1":                                      `^\{"invites":\[\{"id":"` + second + `"\}\],"count":2,"offset":1,"limit":1\}$`,
		"/admin/invites?fields=id&q=EXAMPLE.org":                                         one(second),
		"/admin/invites?fields=id&id[]=" + first + "&id[]=x":                             one(first),
		"/admin/invites?fields=id&created_at[$gte]=" + middle:                            one(second),
		"/admin/invites?fields=id&created_at[$lt]=" + middle:                             one(first),
		"/admin/invites?fields=id&created_at[$gt]=2026-11-23&created_at[$lte]=" + middle: one(first),
		"/admin/invites?fields=id&updated_at[$lt]=2026-11-23":                            `^\{"invites":\[\],"count":0,"offset":0,"limit":50\}$`,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			r := w.do("GET", path, nil, bearer(admin))
			require.Equal(t, 200, r.StatusCode, r.body)
			require.Regexp(t, want, r.body)
		})
	}
	r := w.do("GET", "/admin/invites/invite_nope", nil, bearer(admin))
	require.Equal(t, 404, r.StatusCode)
	r.is(t, `{"type":"not_found","message":"Invite with id: invite_nope was not found"}`)
	for _, bad := range []string{"created_at=yesterday", "created_at[$near]=2026-01-01", "updated_at[$gt]=", "accepted=true", "order=token_hash"} {
		require.Equal(t, 400, w.do("GET", "/admin/invites?"+bad, nil, bearer(admin)).StatusCode, bad)
	}
}

func TestResendingInvites(t *testing.T) {
	t.Parallel()

	w := setup(t)
	admin := w.admin("root@example.com")
	id, former := w.invite(admin, "ada@example.com")
	w.clock.Advance(48 * time.Hour) // also when it has expired
	admin = w.login("user", "root@example.com")
	r := w.do("POST", "/admin/invites/"+id+"/resend", nil, bearer(admin))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Equal(t, id, r.text(t, "invite.id"))
	require.NotEqual(t, former, r.text(t, "invite.token"))
	require.Equal(t, w.claims(admin).ActorID, w.flows.fakeInvites.by[0].ActorID)
	_, err := w.tokens.VerifyInvite(r.text(t, "invite.token"))
	require.NoError(t, err)

	r = w.do("POST", "/admin/invites/invite_nope/resend", nil, bearer(admin))
	require.Equal(t, 400, r.StatusCode)
	r.is(t, `{"type":"invalid_data","message":"The following invites do not exist: invite_nope"}`)
}

func TestRevokingInvites(t *testing.T) {
	t.Parallel()

	w := setup(t)
	admin := w.admin("root@example.com")
	id, token := w.invite(admin, "ada@example.com")
	for _, revoked := range []string{id, id, "invite_nope"} {
		r := w.do("DELETE", "/admin/invites/"+revoked, nil, bearer(admin))
		require.Equal(t, 200, r.StatusCode)
		r.is(t, `{"id":"`+revoked+`","object":"invite","deleted":true}`)
	}
	require.Equal(t, 404, w.do("GET", "/admin/invites/"+id, nil, bearer(admin)).StatusCode)
	require.Equal(t, 400, w.do("POST", "/admin/invites/"+id+"/resend", nil, bearer(admin)).StatusCode)
	r := w.do("POST", acceptPath+"?token="+token, object{}, bearer(w.registered("user", "ada@example.com")))
	require.Equal(t, 401, r.StatusCode)
	r.is(t, `{"type":"unauthorized","message":"The invite token is invalid"}`)
}

func TestAcceptingInvites(t *testing.T) {
	t.Parallel()

	// The token is taken from wherever it is (docs/weak-spots.md#w7: an address is a bad place).
	for name, send := range map[string]func(w *world, token string, as header) reply{
		"in the query": func(w *world, token string, as header) reply {
			return w.do("POST", acceptPath+"?token="+token, object{"first_name": "Ada", "last_name": nil}, as)
		},
		"in a header": func(w *world, token string, as header) reply {
			return w.do("POST", acceptPath, object{"first_name": "Ada"}, as, with("X-Invite-Token", token))
		},
		"in the body": func(w *world, token string, as header) reply {
			return w.do("POST", acceptPath, object{"first_name": "Ada", "token": token, "email": nil}, as)
		},
		"beside an administrator's session": func(w *world, token string, as header) reply {
			return w.do("POST", acceptPath+"?token="+token, object{"first_name": "Ada"}, as,
				with("Cookie", w.session(w.login("user", "root@example.com"))), with("Origin", adminOrigin))
		},
		"by a session, with the invited address, however it is written": func(w *world, token string, _ header) reply {
			return w.do("POST", acceptPath, object{"first_name": "Ada", "token": token, "email": "ADA@example.com"},
				with("Cookie", w.session(w.registered("user", "ada2@example.com"))), with("Origin", adminOrigin))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := setup(t)
			admin := w.admin("root@example.com")
			_, token := w.invite(admin, "ada@example.com")
			as := bearer(w.registered("user", "ada@example.com"))
			r := send(w, token, as)
			require.Equal(t, 200, r.StatusCode, r.body)
			require.Regexp(t, `^\{"user":\{"id":"user_\w{26}","first_name":"Ada","last_name":null,"email":"ada@example.com","avatar_url":null,`+
				`"metadata":null,"created_at":`+iso+`,"updated_at":`+iso+`,"deleted_at":null\}\}$`, r.body)
			require.NotContains(t, w.logs.String(), token)
			r = w.do("POST", acceptPath+"?token="+token+"&fields=id", nil, as)
			require.Equal(t, 401, r.StatusCode, "once")
			r.is(t, `{"type":"unauthorized","message":"The invite token is invalid"}`)
		})
	}
}

// A request that is sent again, because its answer was lost, gets that answer; the used
// token is good for nothing else.
func TestAcceptingAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, token := w.invite(w.admin("root@example.com"), "ada@example.com")
	as := bearer(w.registered("user", "ada@example.com"))
	other := bearer(w.registered("user", "eve@example.com"))
	accept := func(firstName string, as header) reply {
		return w.do("POST", acceptPath+"?token="+token, object{"first_name": firstName}, as)
	}
	first := accept("Ada", as)
	require.Equal(t, 200, first.StatusCode, first.body)

	again := accept("Ada", as)
	require.Equal(t, 200, again.StatusCode, again.body)
	require.Equal(t, first.body, again.body)
	for name, r := range map[string]reply{"another request": accept("Eve", as), "another identity": accept("Ada", other)} {
		require.Equal(t, 401, r.StatusCode, name)
		r.is(t, `{"type":"unauthorized","message":"The invite token is invalid"}`)
	}
}

// docs/weak-spots.md#w8: reasons are given where they reveal nothing, and an outage is no
// bad token.
func TestAcceptingIsRefused(t *testing.T) {
	t.Parallel()

	w := setup(t)
	admin := w.admin("root@example.com")
	id, token := w.invite(admin, "ada@example.com")
	_, former := w.invite(admin, "bob@example.com")
	registered := w.registered("user", "ada@example.com")
	as := bearer(registered)
	mint := func(change func(*tokens.Invite)) string {
		said, err := w.tokens.VerifyInvite(token)
		require.NoError(t, err)
		change(&said)
		raw, err := w.tokens.IssueInvite(said)
		require.NoError(t, err)
		return raw
	}
	const (
		anonymous = `{"message":"Unauthorized"}`
		invalid   = `{"type":"unauthorized","message":"The invite token is invalid"}`
	)
	for name, tt := range map[string]struct {
		query   string
		body    any
		headers []header
		status  int
		want    string
	}{
		"no credentials":               {"token=" + token, object{}, nil, 401, anonymous},
		"a customer to be":             {"token=" + token, object{}, []header{bearer(w.registered("customer", "c@example.com"))}, 401, anonymous},
		"the invite's token as bearer": {"token=" + token, object{}, []header{bearer(token)}, 401, anonymous},
		"a secret API key":             {"token=" + token, object{}, []header{basic("sk_" + strings.Repeat("0", 64))}, 401, anonymous},
		"an administrator":             {"token=" + token, object{}, []header{bearer(admin)}, 400, `{"type":"invalid_data","message":"The user is already authenticated and cannot accept an invite."}`},
		"no token":                     {"", object{}, []header{as}, 400, `{"type":"invalid_data","message":"Invalid request: Field 'token' is required"}`},
		"an unknown field":             {"token=" + token, object{"password": "x"}, []header{as}, 400, `{"type":"invalid_data","message":"Invalid request: Unrecognized fields: 'password'"}`},
		"an unknown parameter":         {"tokens=" + token, object{}, []header{as}, 400, `{"type":"invalid_data","message":"Invalid request: Unrecognized fields: 'tokens'"}`},
		"another address":              {"token=" + token, object{"email": "eve@example.com"}, []header{as}, 400, `{"type":"not_allowed","message":"The invite is for another email."}`},
		"no address":                   {"token=" + token, object{"email": "eve"}, []header{as}, 400, `{"type":"invalid_data","message":"Invalid request: Invalid email address"}`},
		"no token at all":              {"token=x", object{}, []header{as}, 401, invalid},
		"a token that signs in":        {"token=" + registered, object{}, []header{as}, 401, invalid},
		"another signer":               {"token=" + token[:len(token)-4] + "AAAA", object{}, []header{as}, 401, invalid},
		"another token of the invite":  {"token=" + mint(func(i *tokens.Invite) { i.TokenID = "other" }), object{}, []header{as}, 401, invalid},
		"an invite that is not there":  {"token=" + mint(func(i *tokens.Invite) { i.ID = "invite_nope" }), object{}, []header{as}, 401, invalid},
		"a token that has expired":     {"token=" + mint(func(i *tokens.Invite) { i.ExpiresAt = w.clock.Now().Add(-time.Second) }), object{}, []header{as}, 401, `{"type":"unauthorized","message":"The invite has expired"}`},
	} {
		r := w.do("POST", acceptPath+"?"+tt.query, tt.body, tt.headers...)
		require.Equal(t, tt.status, r.StatusCode, name)
		require.Equal(t, tt.want, r.body, name)
	}
	require.Empty(t, w.flows.accepted, "no flow was asked")

	r := w.do("POST", "/admin/invites/"+id+"/resend", nil, bearer(admin))
	require.Equal(t, 200, r.StatusCode)
	r = w.do("POST", acceptPath+"?token="+token, object{}, as)
	require.Equal(t, 401, r.StatusCode, "superseded")
	r.is(t, invalid)

	w.flows.failWith(everlatch.Unavailable("Temporal", nil))
	r = w.do("POST", acceptPath+"?token="+former, object{}, as)
	require.Equal(t, 503, r.StatusCode)
	require.Equal(t, "2", r.Header.Get("Retry-After"))
	w.flows.failWith(nil)
	require.NoError(t, w.store.Close())
	require.Equal(t, 503, w.do("POST", acceptPath+"?token="+former, object{}, as).StatusCode)
}

// docs/weak-spots.md#w7: what the compat setting restores, and nothing more.
func TestAcceptingWithAnyEmail(t *testing.T) {
	t.Parallel()

	w := setup(t, options(func(o *api.Options) { o.InviteAnyEmail = true }))
	_, token := w.invite(w.admin("root@example.com"), "ada@example.com")
	as := bearer(w.registered("user", "ada@example.com"))
	r := w.do("POST", acceptPath+"?token="+token, object{"email": "root@example.com"}, as)
	require.Equal(t, 400, r.StatusCode)
	r.is(t, `{"type":"invalid_data","message":"User with email: root@example.com, already exists."}`)
	r = w.do("POST", acceptPath+"?token="+token, object{"email": "lovelace@example.com"}, as)
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "lovelace@example.com", r.text(t, "user.email"))
	require.Empty(t, w.flows.accepted[0].VerifiedEmail, "a typed address proves nothing")
}

func TestInvitesAreForAdministrators(t *testing.T) {
	t.Parallel()

	w := setup(t)
	id, _ := w.invite(w.admin("root@example.com"), "ada@example.com")
	lines := [][2]string{
		{"GET", "/admin/invites"},
		{"POST", "/admin/invites"},
		{"GET", "/admin/invites/" + id},
		{"GET", acceptPath},
		{"DELETE", "/admin/invites/" + id},
		{"POST", "/admin/invites/" + id + "/resend"},
		{"DELETE", acceptPath},
	}
	for name, h := range map[string]header{
		"no credentials": with("X-None", ""),
		"a customer":     bearer(w.customer("a@example.com")),
		"not invited":    bearer(w.registered("user", "u@example.com")),
	} {
		for _, line := range lines {
			r := w.do(line[0], line[1], nil, h)
			require.Equal(t, 401, r.StatusCode, "%s: %s %s", name, line[0], line[1])
			r.is(t, `{"message":"Unauthorized"}`)
		}
	}
	// A session from a foreign page changes nothing (docs/weak-spots.md#w40).
	cookie := with("Cookie", w.session(w.login("user", "root@example.com")))
	r := w.do("POST", "/admin/invites", object{"email": "eve@example.com"}, cookie, with("Origin", "https://evil.example"))
	require.Equal(t, 403, r.StatusCode)
}
