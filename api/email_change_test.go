package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/tokens"
)

// emailToken is a token about the e-mail of an account.
func (w *world) emailToken(purpose tokens.Purpose, actor everlatch.ActorRef, id string) object {
	w.t.Helper()
	raw, err := w.tokens.IssueEmail(tokens.Email{
		Purpose: purpose, ActorType: actor.ActorType, ActorID: actor.ActorID, ID: id,
		IssuedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Hour),
	})
	require.NoError(w.t, err)
	return object{"token": raw}
}

// accountOf is who a token signs in.
func (w *world) accountOf(token string) everlatch.ActorRef {
	claims := w.claims(token)
	return everlatch.ActorRef{ActorType: claims.ActorType, ActorID: claims.ActorID}
}

// emailRoutes are where accounts of each type change their e-mail.
var emailRoutes = map[string]string{"customer": "/store/customers/me/email", "user": "/admin/users/me/email"}

func TestRequestingAnotherEmail(t *testing.T) {
	t.Parallel()

	for actorType, path := range emailRoutes {
		t.Run(actorType, func(t *testing.T) {
			t.Parallel()

			w := setup(t)
			token := w.customer("ada@example.com")
			other := w.admin("root@example.com")
			if actorType == "user" {
				token, other = other, token
			}
			r := w.do("POST", path, object{"email": "new@example.com"}, bearer(token))
			require.Equal(t, 202, r.StatusCode, r.body)
			r.is(t, `{"success":true}`)
			claims := w.claims(token)
			require.Equal(t, []flows.EmailRequest{{
				Actor: w.accountOf(token), AuthIdentityID: claims.AuthIdentityID, CredentialVersion: claims.CredentialVersion,
				Email: "new@example.com",
			}}, w.flows.requested)
			require.Equal(t, 202, w.do("POST", path, object{"email": "b@example.com"}, with("Cookie", w.session(token))).StatusCode)

			for name, tt := range map[string]struct {
				body    any
				headers []header
				code    int
			}{
				"no credentials":          {object{"email": "x@example.com"}, nil, 401},
				"another actor type":      {object{"email": "x@example.com"}, []header{bearer(other)}, 401},
				"without an actor":        {object{"email": "x@example.com"}, []header{bearer(w.registered(actorType, "fresh@example.com"))}, 401},
				"no e-mail":               {object{}, []header{bearer(token)}, 400},
				"null":                    {object{"email": nil}, []header{bearer(token)}, 400},
				"no address":              {object{"email": "nope"}, []header{bearer(token)}, 400},
				"another field":           {object{"email": "x@example.com", "id": "cus_2"}, []header{bearer(token)}, 400},
				"a cookie from elsewhere": {object{"email": "x@example.com"}, []header{with("Cookie", w.session(token)), with("Origin", "https://evil.example")}, 403},
			} {
				require.Equal(t, tt.code, w.do("POST", path, tt.body, tt.headers...).StatusCode, name)
			}
			require.Len(t, w.flows.requested, 2)

			w.clock.Advance(16 * time.Minute)
			r = w.do("POST", path, object{"email": "x@example.com"}, bearer(token))
			require.Equal(t, 401, r.StatusCode, "a browser that was left open gives no account away")
			require.Equal(t, "This request needs a recent sign-in. Sign in again and repeat it.", r.text(t, "message"))
		})
	}
}

// An API key has no e-mail that could change.
func TestAPIKeyHasNoEmail(t *testing.T) {
	t.Parallel()

	w := setup(t)
	_, secret := w.key(w.admin("root@example.com"), "secret")
	require.Equal(t, 401, w.do("POST", emailRoutes["user"], object{"email": "x@example.com"}, basic(secret)).StatusCode)
	require.Empty(t, w.flows.requested)
}

// docs/weak-spots.md#w13: who came with a token gets the next one, and a session goes on.
func TestConfirmingAnotherEmail(t *testing.T) {
	t.Parallel()

	for actorType, path := range emailRoutes {
		t.Run(actorType, func(t *testing.T) {
			t.Parallel()

			w := setup(t)
			var token string
			if actorType == "user" {
				token = w.admin("old@example.com")
			} else {
				token = w.customer("old@example.com")
			}
			cookie := with("Cookie", w.session(token))
			me := w.accountOf(token)
			good := w.emailToken(tokens.PurposeEmail, me, "good")
			w.flows.from, w.flows.to = "old@example.com", "new@example.com"

			for name, tt := range map[string]struct {
				body    object
				headers []header
				code    int
			}{
				"not signed in":       {good, nil, 401},
				"garbage":             {object{"token": "x"}, []header{bearer(token)}, 401},
				"an access token":     {object{"token": token}, []header{bearer(token)}, 401},
				"of the other kind":   {w.emailToken(tokens.PurposeEmailUndo, me, "good"), []header{bearer(token)}, 401},
				"of another account":  {w.emailToken(tokens.PurposeEmail, everlatch.ActorRef{ActorType: actorType, ActorID: "x"}, "good"), []header{bearer(token)}, 401},
				"of another type":     {w.emailToken(tokens.PurposeEmail, everlatch.ActorRef{ActorType: "vendor", ActorID: me.ActorID}, "good"), []header{bearer(token)}, 401},
				"no token":            {object{}, []header{bearer(token)}, 400},
				"another, superseded": {w.emailToken(tokens.PurposeEmail, me, "old"), []header{bearer(token)}, 401},
			} {
				r := w.do("POST", path+"/confirm", tt.body, tt.headers...)
				require.Equal(t, tt.code, r.StatusCode, "%s: %s", name, r.body)
			}
			require.Len(t, w.flows.confirmed, 1, "only the last one reaches a flow")

			r := w.do("POST", path+"/confirm", good, bearer(token))
			require.Equal(t, 200, r.StatusCode, r.body)
			require.Equal(t, "new@example.com", r.text(t, "email"))
			next := w.claims(r.text(t, "token"))
			require.Equal(t, w.claims(token).CredentialVersion+1, next.CredentialVersion)
			require.Equal(t, everlatch.ActorRef{ActorType: next.ActorType, ActorID: next.ActorID}, me)
			require.Equal(t, w.claims(token).AuthTime, next.AuthTime, "this was no sign-in")
			require.Equal(t, "no-store", r.Header.Get("Cache-Control"))

			mine := map[string]string{"customer": "/store/customers/me", "user": "/admin/users/me"}[actorType]
			require.Equal(t, 401, w.do("GET", mine, nil, bearer(token)).StatusCode)
			require.Equal(t, 200, w.do("GET", mine, nil, bearer(r.text(t, "token"))).StatusCode)
			require.Equal(t, "new@example.com", w.do("GET", mine, nil, cookie).text(t, actorType+".email"))

			w.flows.from, w.flows.to = "new@example.com", "third@example.com"
			r = w.do("POST", path+"/confirm", good, cookie)
			require.Equal(t, 200, r.StatusCode, r.body)
			r.is(t, `{"email":"third@example.com"}`)

			w.flows.failWith(&everlatch.Error{Code: everlatch.CodeDuplicate, Message: "Another account has this email."})
			require.Equal(t, 422, w.do("POST", path+"/confirm", good, cookie).StatusCode)
			require.Equal(t, 422, w.do("POST", path+"/undo", w.emailToken(tokens.PurposeEmailUndo, me, "good")).StatusCode)
		})
	}
}

// docs/weak-spots.md#w13: a customer who has lost the account is not signed in.
func TestUndoingAnotherEmail(t *testing.T) {
	t.Parallel()

	for actorType, path := range emailRoutes {
		t.Run(actorType, func(t *testing.T) {
			t.Parallel()

			w := setup(t)
			var token string
			if actorType == "user" {
				token = w.admin("new@example.com")
			} else {
				token = w.customer("new@example.com")
			}
			cookie := with("Cookie", w.session(token))
			me := w.accountOf(token)
			w.flows.from, w.flows.to = "old@example.com", "new@example.com"
			for name, body := range map[string]object{
				"garbage":           {"token": "x"},
				"of the other kind": w.emailToken(tokens.PurposeEmail, me, "good"),
				"of another type":   w.emailToken(tokens.PurposeEmailUndo, everlatch.ActorRef{ActorType: "vendor", ActorID: me.ActorID}, "good"),
			} {
				r := w.do("POST", path+"/undo", body)
				require.Equal(t, 401, r.StatusCode, name)
				r.is(t, `{"type":"unauthorized","message":"Invalid token"}`)
			}
			require.Empty(t, w.flows.undone)

			r := w.do("POST", path+"/undo", w.emailToken(tokens.PurposeEmailUndo, me, "good"))
			require.Equal(t, 200, r.StatusCode, r.body)
			r.is(t, `{"email":"old@example.com"}`)
			mine := map[string]string{"customer": "/store/customers/me", "user": "/admin/users/me"}[actorType]
			require.Equal(t, 401, w.do("GET", mine, nil, bearer(token)).StatusCode)
			require.Equal(t, 401, w.do("GET", mine, nil, cookie).StatusCode)
			token = w.login(actorType, "new@example.com") // the login is the flow's to change
			require.Equal(t, "old@example.com", w.do("GET", mine, nil, bearer(token)).text(t, actorType+".email"))
		})
	}
}
