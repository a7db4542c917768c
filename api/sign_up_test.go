package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSignUpInOneCall covers docs/weak-spots.md#w4: a registration may bring its account along, and the
// token that it answers is one of a customer.
func TestSignUpInOneCall(t *testing.T) {
	t.Parallel()
	w := setup(t)
	r := w.do("POST", registerPath, object{
		"email": "ada@example.com", "password": "very secret words",
		"actor": object{"email": "ada@example.com", "first_name": "Ada", "metadata": object{"a": 1}},
	})
	require.Equal(t, 200, r.StatusCode, r.body)
	me := w.do("GET", "/store/customers/me", nil, bearer(r.text(t, "token")))
	require.Equal(t, 200, me.StatusCode, me.body)
	require.Contains(t, me.body, `"first_name":"Ada"`)
	require.Contains(t, me.body, `"metadata":{"a":1}`)
	require.NotContains(t, w.flows.seen[0].Input.Body, "actor", "the provider sees what is its own")

	without := w.do("POST", registerPath, object{"email": "b@example.com", "password": "very secret words", "actor": nil})
	require.Equal(t, 200, without.StatusCode, without.body)
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(without.text(t, "token"))).StatusCode, "null asks for no account")
}

func TestSignUpIsRefused(t *testing.T) {
	t.Parallel()
	const user, vendor = "/auth/user/emailpass/register", "/auth/vendor/emailpass/register"
	tests := map[string]struct {
		path string
		want string
		body any
	}{
		"a text":                {registerPath, `"invalid_data","message":"Invalid request: Expected type: 'object' for field 'actor', got: 'Ada'"`, "Ada"},
		"a list":                {registerPath, `"invalid_data","message":"Invalid request: Expected type: 'object' for field 'actor', got: ''"`, []any{}},
		"unknown fields":        {registerPath, `"invalid_data","message":"Invalid request: Unrecognized fields: 'has_account, id'"`, object{"id": "cus_1", "has_account": true}},
		"a field's type":        {registerPath, `"invalid_data","message":"Invalid request: Expected type: 'string' for field 'actor, phone', got: '5'"`, object{"phone": 5}},
		"no e-mail address":     {registerPath, `"invalid_data","message":"Invalid request: Invalid email address"`, object{"email": "nope"}},
		"an administrator":      {user, `"not_allowed","message":"Administrators are invited; they do not sign up."`, object{}},
		"an unknown actor type": {vendor, `"invalid_data","message":"There are no accounts of the actor type vendor."`, object{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			r := w.do("POST", tt.path, object{"email": "ada@example.com", "password": "very secret words", "actor": tt.body})
			require.Equal(t, 400, r.StatusCode, r.body)
			require.Contains(t, r.body, tt.want)
			again := w.do("POST", tt.path, object{"email": "ada@example.com", "password": "very secret words"})
			require.Equal(t, 200, again.StatusCode, "nothing was registered: %s", again.body)
		})
	}
}

// TestSignUpOfCustomActors: custom actor types are signed up like
// customers, by the rules of their definition.
func TestSignUpOfCustomActors(t *testing.T) {
	t.Parallel()
	w := setup(t, options(withManagers))
	const path = "/auth/manager/emailpass/register"
	send := func(actor any) reply {
		return w.ask("POST", path, object{"email": "ada@example.com", "password": "very secret words", "actor": actor})
	}
	refused := send(object{"email": "ada@example.com", "approved": true})
	require.Equal(t, 400, refused.StatusCode)
	require.Contains(t, refused.body, "Unrecognized fields: 'approved'")
	require.Contains(t, send(object{"email": "ada@example.com", "shift": "night"}).body, "Who works at night must drive.")
	r := send(object{"email": "ada@example.com", "name": "Ada"})
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Contains(t, w.ask("GET", "/manager/me", nil, bearer(r.text(t, "token"))).body, `"name":"Ada"`)
}
