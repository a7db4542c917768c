package api_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
)

// identityOf is the identity of a token.
func (w *world) identityOf(token string) string { return w.claims(token).AuthIdentityID }

func TestListAuthIdentities(t *testing.T) {
	t.Parallel()

	w := setup(t)
	admin := bearer(w.admin("root@example.com"))
	ada := w.identityOf(w.customer("ada@example.com"))
	bob := w.identityOf(w.customer("bob@example.com"))
	orphan := w.identityOf(w.registered("customer", "100%_orphan@example.com"))
	customer := w.claims(w.login("customer", "ada@example.com")).ActorID
	_, err := w.store.UpdateCustomer(t.Context(), w.claims(w.login("customer", "bob@example.com")).ActorID,
		store.CustomerPatch{Email: store.To(new("robert@example.net"))})
	require.NoError(t, err)
	_, err = w.store.DisableIdentity(t.Context(), bob, everlatch.Event{})
	require.NoError(t, err)
	root := w.identityOf(w.login("user", "root@example.com"))

	for query, want := range map[string][]string{
		"":                              {root, ada, bob, orphan},
		"q=ADA":                         {ada},
		"q=robert":                      {bob},
		"q=example.com&actor_type=user": {root},
		"q=%25_orph":                    {orphan},
		"q=ada+bob":                     {},
		"provider=emailpass&limit=2&order=-created_at": nil,
		"provider=google":                      {},
		"actor_type=customer":                  {ada, bob},
		"actor_id=" + customer:                 {ada},
		"actor_type=user&actor_id=" + customer: {},
		"disabled=true":                        {bob},
		"disabled=false&actor_type=customer":   {ada},
		"id=" + orphan:                         {orphan},
	} {
		r := w.do("GET", "/admin/auth-identities?"+query, nil, admin)
		require.Equal(t, 200, r.StatusCode, r.body)
		var out struct {
			Identities []struct {
				ID        string `json:"id"`
				Providers []struct {
					EntityID string `json:"entity_id"`
				} `json:"provider_identities"`
			} `json:"auth_identities"`
			Count int `json:"count"`
		}
		require.NoError(t, json.Unmarshal([]byte(r.body), &out))
		if want == nil {
			require.Len(t, out.Identities, 2)
			require.Equal(t, 4, out.Count)
			continue
		}
		got := []string{}
		for _, i := range out.Identities {
			got = append(got, i.ID)
			require.Len(t, i.Providers, 1)
		}
		require.ElementsMatch(t, want, got, query)
		require.Equal(t, len(want), out.Count, query)
		require.NotContains(t, r.body, "supersecret")
	}
	require.Equal(t, 400, w.send(w.raw, "GET", "/admin/auth-identities?"+url.Values{"order": {"secret"}}.Encode(), nil, admin).StatusCode)
	require.Equal(t, 401, w.do("GET", "/admin/auth-identities", nil, bearer(w.login("customer", "ada@example.com"))).StatusCode)
}

func TestReadAuthIdentity(t *testing.T) {
	t.Parallel()

	w := setup(t)
	admin := bearer(w.admin("root@example.com"))
	token := w.customer("ada@example.com")
	id := w.identityOf(token)
	_, err := w.store.StartFactor(t.Context(), store.NewFactor{ID: "authmfa_1", IdentityID: id, Provider: "totp", Secret: "planted-secret"})
	require.NoError(t, err)
	require.Equal(t, 200, w.do("DELETE", "/auth/token", nil, bearer(token)).StatusCode)

	r := w.do("GET", "/admin/auth-identities/"+id, nil, admin)
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, w.claims(token).ActorID, r.text(t, "auth_identity.app_metadata.customer_id"))
	require.NotContains(t, r.body, "planted-secret")
	require.NotContains(t, r.body, "supersecret")
	var out struct {
		Factors []struct {
			ID     string `json:"id"`
			Status string `json:"status"`
		} `json:"factors"`
		SignIns []struct {
			ID   string `json:"id"`
			Live bool   `json:"live"`
		} `json:"sign_ins"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &out))
	require.Equal(t, "authmfa_1", out.Factors[0].ID)
	require.Equal(t, "pending", out.Factors[0].Status)
	require.Len(t, out.SignIns, 2, "the registration and the sign-in, which has ended")
	for _, one := range out.SignIns {
		require.Equal(t, one.ID != w.claims(token).SignInID, one.Live)
	}

	r = w.do("GET", "/admin/auth-identities/authid_x", nil, admin)
	require.Equal(t, 404, r.StatusCode)
	r.is(t, `{"type":"not_found","message":"AuthIdentity with id: authid_x was not found"}`)
}

func TestDisableAnIdentity(t *testing.T) {
	t.Parallel()

	w := setup(t)
	adminToken := w.admin("root@example.com")
	admin := bearer(adminToken)
	token := w.customer("ada@example.com")
	cookie := w.session(token)
	id := w.identityOf(token)
	path := "/admin/auth-identities/" + id

	for _, body := range []any{nil, object{}, object{"reason": " "}, object{"reason": string(make([]byte, 501))}} {
		require.Equal(t, 400, w.send(w.raw, "POST", path+"/disable", body, admin).StatusCode)
	}
	for range 2 {
		r := w.do("POST", path+"/disable", object{"reason": "chargebacks"}, admin)
		require.Equal(t, 200, r.StatusCode, r.body)
		require.NotNil(t, r.value(t, "auth_identity.disabled_at"))
	}
	for _, h := range []header{bearer(token), with("Cookie", cookie)} {
		for _, route := range []string{"GET /store/customers/me", "POST /auth/token/refresh", "POST /auth/session", "GET /auth/sessions"} {
			method, path := cut(route)
			require.Equal(t, 401, w.do(method, path, nil, h).StatusCode, route)
		}
	}
	events, count, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventIdentityDisabled}, store.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, count)
	require.Equal(t, everlatch.Metadata{
		"auth_identity_id": id, "reason": "chargebacks",
		"disabled_by": everlatch.Metadata{"actor_type": "user", "actor_id": w.claims(adminToken).ActorID},
	}, events[0].Data)

	r := w.do("POST", path+"/enable", nil, admin)
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Nil(t, r.value(t, "auth_identity.disabled_at"))
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(token)).StatusCode, "what ended stays ended")
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(w.login("customer", "ada@example.com"))).StatusCode)

	own := w.do("POST", "/admin/auth-identities/"+w.identityOf(adminToken)+"/disable", object{"reason": "x"}, admin)
	require.Equal(t, 400, own.StatusCode)
	own.is(t, `{"type":"not_allowed","message":"You can't disable the identity that you use."}`)
}

func cut(route string) (method, path string) {
	for i := range route {
		if route[i] == ' ' {
			return route[:i], route[i+1:]
		}
	}
	return "", ""
}

func TestEndSessionsOfAnIdentity(t *testing.T) {
	t.Parallel()

	w := setup(t)
	admin := bearer(w.admin("root@example.com"))
	token, other := w.customer("ada@example.com"), w.login("customer", "ada@example.com")
	stranger := w.customer("bob@example.com")
	path := "/admin/auth-identities/" + w.identityOf(token) + "/sessions"
	signIn := w.claims(token).SignInID

	require.Equal(t, 404, w.do("DELETE", path+"/"+w.claims(stranger).SignInID, nil, admin).StatusCode, "of another identity")
	for range 2 {
		r := w.do("DELETE", path+"/"+signIn, object{"reason": "stolen phone"}, admin)
		require.Equal(t, 200, r.StatusCode, r.body)
		r.is(t, `{"id":"`+signIn+`","object":"session","deleted":true}`)
	}
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(token)).StatusCode)
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(other)).StatusCode)
	events, count, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInEnded}, store.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, count)
	require.Equal(t, "stolen phone", events[0].Data["note"])

	r := w.do("DELETE", path, nil, admin)
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, 401, w.do("GET", "/store/customers/me", nil, bearer(other)).StatusCode)
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(stranger)).StatusCode)
}

func TestRemoveAFactorAndDeleteAnIdentity(t *testing.T) {
	t.Parallel()

	w := setup(t)
	admin := bearer(w.admin("root@example.com"))
	linked := "/admin/auth-identities/" + w.identityOf(w.customer("ada@example.com"))
	free := "/admin/auth-identities/" + w.identityOf(w.registered("customer", "bob@example.com"))
	_, err := w.store.StartFactor(t.Context(), store.NewFactor{ID: "authmfa_1", IdentityID: w.identityOf(w.login("customer", "ada@example.com")), Provider: "totp"})
	require.NoError(t, err)

	require.Equal(t, 400, w.send(w.raw, "DELETE", linked+"/factors/authmfa_1", nil, admin).StatusCode, "no reason")
	require.Equal(t, 404, w.do("DELETE", free+"/factors/authmfa_1", object{"reason": "lost"}, admin).StatusCode)
	r := w.do("DELETE", linked+"/factors/authmfa_1", object{"reason": "lost"}, admin)
	require.Equal(t, 200, r.StatusCode, r.body)
	removal := w.flows.removals[1]
	require.Equal(t, "lost", removal.Reason)
	require.Equal(t, "customer", removal.ActorType)
	require.Equal(t, "user", removal.RemovedBy.ActorType)

	r = w.do("DELETE", linked, nil, admin)
	require.Equal(t, 400, r.StatusCode)
	r.is(t, `{"type":"not_allowed","message":"This identity signs in to an account. Remove the account, and the identity goes with it."}`)
	r = w.do("DELETE", free, object{"reason": "spam"}, admin)
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, 404, w.do("GET", free, nil, admin).StatusCode)
}

func TestResetOfAnIdentity(t *testing.T) {
	t.Parallel()

	w := setup(t, options(withManagers))
	root := w.admin("root@example.com")
	admin := bearer(root)
	path := func(token string) string {
		return "/admin/auth-identities/" + w.identityOf(token) + "/reset-password"
	}
	for _, of := range []struct{ token, actorType, key string }{
		{w.customer("Ada@example.com"), "customer", "ada@example.com"},
		{root, "user", "root@example.com"},
		{w.manager("mina@example.com", object{"name": "Mina"}), "manager", "mina@example.com"},
	} {
		for _, body := range []any{nil, object{}, object{"actor_type": of.actorType}} {
			before := len(w.flows.asked)
			w.do("POST", path(of.token), body, admin, with("Accept-Language", "ja")).is(t, `{"success":true}`)
			require.Len(t, w.flows.asked, before+1)
			require.Equal(t, flows.ResetRequest{ActorType: of.actorType, Provider: "emailpass", EntityKey: of.key}, w.flows.asked[before])
			require.Empty(t, w.flows.askedIn[before], "the administrator's language is not that of the recipient")
		}
	}
	e := w.audit()[0]
	require.Equal(t, []string{"user", w.claims(root).ActorID, "/admin/auth-identities/:id/reset-password", "done"},
		[]string{e.ActorType, e.ActorID, e.Action, e.Outcome})

	asked := len(w.flows.asked)
	ada := path(w.login("customer", "ada@example.com"))
	w.do("POST", ada, object{"actor_type": "user"}, admin).is(t, `{"type":"invalid_data","message":"The identity has no account of the type user."}`)
	require.Equal(t, 400, w.send(w.raw, "POST", ada, object{"password": "x"}, admin).StatusCode)
	require.NoError(t, w.store.LinkActor(t.Context(), store.Link{
		IdentityID: w.identityOf(w.login("customer", "ada@example.com")), ActorType: "manager", ActorID: "mana_1", GroupID: "g",
	}))
	w.do("POST", ada, nil, admin).is(t,
		`{"type":"invalid_data","message":"The identity has accounts of several types. Choose one with actor_type: customer, manager."}`)
	w.do("POST", path(w.registered("customer", "new@example.com")), nil, admin).is(t,
		`{"type":"not_allowed","message":"The identity has no account, so there is no page for a new password to link to."}`)
	bob := w.customer("bob@example.com")
	require.Equal(t, 200, w.do("POST", "/admin/auth-identities/"+w.identityOf(bob)+"/disable", object{"reason": "x"}, admin).StatusCode)
	const disabled = `{"type":"not_allowed","message":"The identity is disabled. Enable it first: its user can't use a link for a new password."}`
	w.do("POST", path(bob), nil, admin).is(t, disabled)
	w.do("POST", "/admin/customers/"+w.claims(bob).ActorID+"/reset-password", nil, admin).is(t, disabled)
	require.Equal(t, 404, w.do("POST", "/admin/auth-identities/authid_x/reset-password", nil, admin).StatusCode)
	require.Equal(t, 401, w.do("POST", ada, nil, bearer(w.login("customer", "ada@example.com"))).StatusCode)
	require.Len(t, w.flows.asked, asked, "nothing that was refused was asked")
}

// TestAuthorityOverIdentities: with roles, an identity is controlled by those who may
// change every account that it signs in to.
func TestAuthorityOverIdentities(t *testing.T) {
	t.Parallel()

	w := withRBAC(t)
	w.role("helper", "auth_identity:read", "auth_identity:update", "auth_identity:delete", "customer:update", "user:update")
	w.role("reader", "auth_identity:read", "customer:update")
	helper, _ := w.adminWith("helper@example.com", "role_helper")
	reading, _ := w.adminWith("reader@example.com", "role_reader")
	super, _ := w.adminWith("super@example.com", superAdmin)
	admin, reader := bearer(helper), bearer(reading)
	ada := "/admin/auth-identities/" + w.identityOf(w.customer("ada@example.com"))
	theirs := "/admin/auth-identities/" + w.identityOf(super)
	require.Equal(t, 200, w.do("GET", theirs, nil, reader).StatusCode)
	require.Equal(t, 403, w.do("POST", ada+"/disable", object{"reason": "x"}, reader).StatusCode)
	require.Equal(t, 200, w.do("POST", ada+"/disable", object{"reason": "x"}, admin).StatusCode)
	require.Equal(t, 200, w.do("POST", ada+"/enable", nil, admin).StatusCode)
	require.Equal(t, 200, w.do("POST", ada+"/reset-password", nil, reader).StatusCode, "the account may be changed")
	for _, route := range []string{"POST /reset-password", "POST /disable", "POST /enable", "DELETE /sessions", "DELETE /sessions/x", "DELETE /factors/x", "DELETE "} {
		method, path := cut(route)
		body := object{"reason": "x"}
		if path == "/reset-password" {
			body = object{}
		}
		r := w.do(method, theirs+path, body, admin)
		require.Equal(t, 403, r.StatusCode, "%s: %s", route, r.body)
	}
	require.Equal(t, 200, w.do("GET", "/admin/users/me", nil, bearer(super)).StatusCode)
}
