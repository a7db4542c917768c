package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
)

const factorMissing = `{"message":"MFA verification is required to complete this request"}`

// factor enables a second factor for the identity of a token, by another sign-in.
func (w *world) factor(token string) (identityID, factorID string) {
	w.t.Helper()
	identityID, factorID = w.claims(token).AuthIdentityID, ids.New(ids.Factor, w.clock.Now())
	_, err := w.store.StartFactor(w.t.Context(), store.NewFactor{ID: factorID, IdentityID: identityID, Provider: "totp"})
	require.NoError(w.t, err)
	_, err = w.store.EnableFactor(w.t.Context(), store.FactorUse{IdentityID: identityID, FactorID: factorID, SignInID: "another"},
		everlatch.Event{ID: "evt_" + factorID, Name: everlatch.EventMFAEnabled, AuthIdentityID: identityID})
	require.NoError(w.t, err)
	return identityID, factorID
}

// challenged signs in and returns the challenge and its token.
func (w *world) challenged(actorType, email string) (id, token string) {
	w.t.Helper()
	r := w.do("POST", "/auth/"+actorType+"/emailpass", object{"email": email, "password": "supersecret"})
	require.Equal(w.t, 200, r.StatusCode, r.body)
	require.Equal(w.t, true, r.value(w.t, "mfa_required"))
	return r.text(w.t, "mfa_challenge.id"), r.text(w.t, "token")
}

func (w *world) answer(id, code string, headers ...header) reply {
	w.t.Helper()
	return w.do("POST", "/auth/mfa/challenges/"+id+"/verify", object{"method": "totp", "code": code}, headers...)
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.customer("ada@example.com")
	identityID, _ := w.factor(first)
	customerID := w.claims(first).ActorID
	w.flows.kept = nil

	r := w.do("POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": "supersecret"})
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	id, pending := r.text(t, "mfa_challenge.id"), r.text(t, "token")
	r.is(t, `{"mfa_required":true,"mfa_challenge":{"id":"`+id+`","auth_identity_id":"`+identityID+`","auth_provider":"emailpass",`+
		`"methods":["totp"],"expires_at":"2026-11-23T13:52:46.000Z","attempts":0,"max_attempts":5,"completed_at":null,"metadata":null},`+
		`"token":"`+pending+`"}`)
	claims := w.claims(pending)
	require.Empty(t, claims.ActorID)
	require.True(t, claims.MFAEnabled)
	require.Nil(t, claims.MFACompletedAt)
	require.Empty(t, claims.AppMetadata, "the actor is hidden")

	for _, path := range []string{"/store/customers/me", "/auth/identities"} {
		w.do("GET", path, nil, bearer(pending)).is(t, factorMissing)
	}
	w.do("POST", "/store/customers", object{"email": "zz@example.com"}, bearer(pending)).is(t, factorMissing)

	w.clock.Advance(20 * time.Second)
	require.Empty(t, w.flows.kept, "an account that waits for its deletion is kept by both factors")
	r = w.answer(id, "right", bearer(pending))
	require.Equal(t, 200, r.StatusCode, r.body)
	done := w.claims(r.text(t, "token"))
	require.Equal(t, customerID, done.ActorID)
	require.Equal(t, "customer", done.ActorType)
	require.True(t, done.MFAEnabled)
	require.Equal(t, "2026-11-23T13:48:06.000Z", *done.MFACompletedAt)
	require.Equal(t, claims.SignInID, done.SignInID, "they end together")
	require.Equal(t, claims.AuthTime, done.AuthTime, "the first factor is as old as it is")
	require.Equal(t, []string{"pwd"}, claims.AMR)
	require.Equal(t, "aal1", claims.ACR)
	require.Equal(t, []string{"pwd", "otp", "mfa"}, done.AMR)
	require.Equal(t, "aal2", done.ACR)
	require.Len(t, w.flows.kept, 1)
	require.Equal(t, customerID, w.flows.kept[0].ActorID)
	token := bearer(r.text(t, "token"))
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, token).StatusCode)

	r = w.do("POST", "/auth/token/refresh", nil, token)
	require.Equal(t, done.MFACompletedAt, w.claims(r.text(t, "token")).MFACompletedAt, "it survives refreshes")
	require.Equal(t, done.AMR, w.claims(r.text(t, "token")).AMR)
	cookie := with("Cookie", w.session(r.text(t, "token")))
	r = w.do("POST", "/auth/token/refresh", nil, cookie)
	require.Equal(t, done.AMR, w.claims(r.text(t, "token")).AMR, "a session knows as well")
	require.Equal(t, customerID, w.claims(r.text(t, "token")).ActorID)
}

func TestChallengeRefusals(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.factor(w.customer("ada@example.com"))
	stranger := w.customer("eve@example.com")
	id, pending := w.challenged("customer", "ada@example.com")
	_, other := w.challenged("customer", "ada@example.com")
	verify := "/auth/mfa/challenges/" + id + "/verify"

	for name, tt := range map[string]struct {
		path, token string
		body        any
		status      int
		want        string
	}{
		"no token":         {verify, "", object{"method": "totp", "code": "right"}, 401, `{"message":"Unauthorized"}`},
		"no body":          {verify, pending, nil, 400, `{"type":"invalid_data","message":"Invalid request: Field 'method' is required; Field 'code' is required"}`},
		"empty":            {verify, pending, object{"method": "", "code": ""}, 400, `{"type":"invalid_data","message":"Invalid request: Value for field 'method' too small, expected at least: '1'; Value for field 'code' too small, expected at least: '1'"}`},
		"wrong types":      {verify, pending, object{"method": 1, "code": 2, "x": 3}, 400, `{"type":"invalid_data","message":"Invalid request: Expected type: 'string' for field 'method', got: '1'; Expected type: 'string' for field 'code', got: '2'; Unrecognized fields: 'x'"}`},
		"unknown":          {"/auth/mfa/challenges/authmfachal_nope/verify", pending, object{"method": "totp", "code": "right"}, 404, `{"type":"not_found","message":"MFA challenge with id \"authmfachal_nope\" was not found"}`},
		"another identity": {verify, stranger, object{"method": "totp", "code": "right"}, 404, `{"type":"not_found","message":"MFA challenge with id \"` + id + `\" was not found"}`},
		"another sign-in":  {verify, other, object{"method": "totp", "code": "right"}, 404, `{"type":"not_found","message":"MFA challenge with id \"` + id + `\" was not found"}`},
		"another method":   {verify, pending, object{"method": "sms", "code": "right"}, 400, `{"type":"invalid_data","message":"MFA challenge does not support method \"sms\""}`},
		"wrong":            {verify, pending, object{"method": "totp", "code": "wrong"}, 400, `{"type":"not_allowed","message":"Invalid MFA challenge code"}`},
		"prompt, unknown":  {"/auth/mfa/challenges/authmfachal_nope/prompt", pending, object{"method": "totp"}, 404, `{"type":"not_found","message":"MFA challenge with id \"authmfachal_nope\" was not found"}`},
		"prompt, nothing":  {"/auth/mfa/challenges/" + id + "/prompt", pending, object{}, 400, `{"type":"invalid_data","message":"Invalid request: Field 'method' is required"}`},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []header
			if tt.token != "" {
				headers = append(headers, bearer(tt.token))
			}
			r := w.send(w.raw, "POST", tt.path, tt.body, headers...)
			require.Equal(t, tt.status, r.StatusCode, r.body)
			r.is(t, tt.want)
		})
	}
	for range 3 {
		w.answer(id, "wrong", bearer(pending)).is(t, `{"type":"not_allowed","message":"Invalid MFA challenge code"}`)
	}
	for _, code := range []string{"wrong", "wrong", "right"} { //nolint:paralleltest // the cases share a challenge
		w.answer(id, code, bearer(pending)).is(t, `{"type":"not_allowed","message":"MFA challenge has too many failed attempts"}`)
	}

	id, pending = w.challenged("customer", "ada@example.com")
	w.clock.Advance(5 * time.Minute)
	w.answer(id, "right", bearer(pending)).is(t, `{"type":"not_allowed","message":"MFA challenge has expired"}`)

	id, pending = w.challenged("customer", "ada@example.com")
	r := w.do("POST", "/auth/mfa/challenges/"+id+"/prompt", object{"method": "totp"}, bearer(pending))
	r.is(t, `{"prompt":{"sent_to":"+43 *** 17"}}`)
	require.Equal(t, 200, w.answer(id, "right", bearer(pending)).StatusCode)
	w.answer(id, "right", bearer(pending)).is(t, `{"type":"not_allowed","message":"MFA challenge has already been completed"}`)
}

// docs/weak-spots.md#w56: what was issued earlier waits for the factor.
func TestEarlierSignIns(t *testing.T) {
	t.Parallel()
	w := setup(t)
	before := w.customer("ada@example.com")
	cookie := with("Cookie", w.session(before))
	_, factorID := w.factor(before)
	for _, of := range []header{bearer(before), cookie} {
		w.do("GET", "/store/customers/me", nil, of).is(t, factorMissing)
		r := w.do("POST", "/auth/token/refresh", nil, of)
		require.Equal(t, 200, r.StatusCode, r.body)
		pending := w.claims(r.text(t, "token"))
		require.Empty(t, pending.ActorID, "a refresh upgrades nothing")
		require.Nil(t, pending.MFACompletedAt)
		r = w.answer(r.text(t, "mfa_challenge.id"), "right", bearer(r.text(t, "token")))
		require.Equal(t, w.claims(before).ActorID, w.claims(r.text(t, "token")).ActorID)
	}

	r := w.do("POST", "/auth/mfa/challenges", nil, cookie)
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, 200, w.answer(r.text(t, "mfa_challenge.id"), "right", bearer(before)).StatusCode)

	_, err := w.store.DisableFactor(t.Context(), w.claims(before).AuthIdentityID, factorID, everlatch.Event{ID: "evt_off", Name: everlatch.EventMFADisabled})
	require.NoError(t, err)
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, bearer(before)).StatusCode)
	w.do("POST", "/auth/mfa/challenges", nil, bearer(before)).is(t,
		`{"type":"not_allowed","message":"Auth identity does not have any enabled MFA methods"}`)
}

func TestStepUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.server.Echo().GET("/fresh", func(c echo.Context) error { return c.String(http.StatusOK, "ok") },
		api.Authenticate([]string{"*"}, []api.Method{api.MethodBearer, api.MethodSession}, api.AuthOptions{MFAMaxAge: time.Minute}))
	w.factor(w.customer("ada@example.com"))
	id, pending := w.challenged("customer", "ada@example.com")
	token := w.answer(id, "right", bearer(pending)).text(t, "token")
	cookie := with("Cookie", w.session(token))
	fresh := func(of header) string { return w.send(w.raw, "GET", "/fresh", nil, of).body }
	require.Equal(t, "ok", fresh(bearer(token)))
	require.Equal(t, "ok", fresh(cookie))
	w.clock.Advance(2 * time.Minute)
	const tooOld = `{"message":"MFA was verified too long ago to complete this request"}`
	require.JSONEq(t, tooOld, fresh(bearer(token)))
	require.JSONEq(t, tooOld, fresh(cookie))

	r := w.do("POST", "/auth/mfa/challenges", nil, cookie)
	require.Equal(t, 200, r.StatusCode, r.body)
	id = r.text(t, "mfa_challenge.id")
	require.JSONEq(t, tooOld, fresh(cookie), "asking is not answering")
	r = w.answer(id, "right", cookie)
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "ok", fresh(cookie), "the session is upgraded in place")
	require.Equal(t, "ok", fresh(bearer(r.text(t, "token"))))
	require.JSONEq(t, tooOld, fresh(bearer(token)), "an existing token stays as old as it is")
	require.Equal(t, w.claims(token).AuthTime, w.claims(r.text(t, "token")).AuthTime, "a renewal has an end")

	// A session that waits for its first second factor is not upgraded in place: its user signs in with the token.
	id, pending = w.challenged("customer", "ada@example.com")
	waiting := with("Cookie", w.session(pending))
	r = w.answer(id, "right", waiting)
	require.Equal(t, 200, r.StatusCode, r.body)
	w.do("GET", "/store/customers/me", nil, waiting).is(t, factorMissing)
	signedIn := with("Cookie", w.session(r.text(t, "token")))
	require.Equal(t, 200, w.do("GET", "/store/customers/me", nil, signedIn).StatusCode)
}

// What a credential that waits for its factor reaches, of the routes that need one.
func TestWaitingCredentials(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.factor(w.admin("root@example.com"))
	reached := map[string]bool{}
	ask := func(route *echo.Route, id string, headers ...header) int {
		path := strings.NewReplacer(":id", id, ":actor_type", "user", ":auth_provider", "emailpass").Replace(route.Path)
		return w.send(w.raw, route.Method, path, object{}, append(headers, with("Origin", adminOrigin))...).StatusCode
	}
	for _, route := range w.server.Echo().Routes() {
		if ask(route, "x") != http.StatusUnauthorized {
			continue // open to everyone
		}
		for _, byCookie := range []bool{false, true} {
			id, pending := w.challenged("user", "root@example.com")
			of := bearer(pending)
			if byCookie {
				of = with("Cookie", w.session(pending))
			}
			if ask(route, id, of) != http.StatusUnauthorized {
				reached[route.Method+" "+route.Path] = true
			}
		}
	}
	require.Equal(t, map[string]bool{
		"POST /auth/session": true, "GET /auth/sessions/current": true, "DELETE /auth/session": true, "DELETE /auth/token": true, "POST /auth/token/refresh": true,
		"POST /auth/mfa/challenges": true, "POST /auth/mfa/challenges/:id/prompt": true, "POST /auth/mfa/challenges/:id/verify": true,
		"POST /auth/verification/request": true,
	}, reached)
}

// docs/weak-spots.md#w57: guesses are counted over all challenges, before a flow is asked.
func TestGuessesOfSecondFactors(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{})
	identityID, _ := w.factor(w.customer("ada@example.com"))
	home := func() (id, token string) { return w.challenged("customer", "ada@example.com") }
	id, token := home()
	r := w.answer(id, "right", bearer(token), with("X-Everlatch-Device", "new"))
	require.Equal(t, 200, r.StatusCode, r.body)
	device := with("X-Everlatch-Device", r.Header.Get("X-Everlatch-Device"))

	guess := func(headers ...header) reply {
		id, token := w.challenged("customer", "ada@example.com")
		return w.answer(id, "wrong", append(headers, bearer(token))...)
	}
	for range 20 {
		r := guess()
		require.Equal(t, 400, r.StatusCode, r.body)
		require.Empty(t, r.Header.Get("X-Everlatch-Device"))
	}
	requireLimited(t, guess(), "900")
	id, token = home()
	requireLimited(t, w.answer(id, "right", bearer(token)), "900")
	locked, _, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInLocked}, store.Page{})
	require.NoError(t, err)
	require.Len(t, locked, 1)
	require.Equal(t, identityID, locked[0].AuthIdentityID)
	require.Equal(t, true, locked[0].Data["second_factor"])

	// A first factor alone makes no device known; one that has passed goes on.
	r = w.do("POST", "/auth/customer/emailpass", object{"email": "ada@example.com", "password": "supersecret"}, with("X-Everlatch-Device", "new"))
	requireLimited(t, guess(with("X-Everlatch-Device", r.Header.Get("X-Everlatch-Device"))), "900")
	require.Equal(t, 400, guess(device).StatusCode)
	id, token = home()
	require.Equal(t, 200, w.answer(id, "right", bearer(token), device).StatusCode)

	for _, code := range []string{"x", "y"} { // what checks nothing is no guess
		require.Equal(t, 404, w.answer("authmfachal_"+code, "wrong", bearer(token), device).StatusCode)
	}
	id, token = home()
	w.flows.failWith(everlatch.Unavailable("x", nil))
	for range 40 {
		require.Equal(t, 503, w.answer(id, "right", bearer(token), device).StatusCode)
	}
	w.flows.failWith(nil)
	require.Equal(t, 200, w.answer(id, "right", bearer(token), device).StatusCode)
}

// A new password shuts the stranger out who knew the former one, and lifts the lock.
func TestResetLiftsFactorLock(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{})
	w.factor(w.customer("ada@example.com"))
	for range 21 {
		id, token := w.challenged("customer", "ada@example.com")
		w.answer(id, "wrong", bearer(token))
	}
	id, token := w.challenged("customer", "ada@example.com")
	requireLimited(t, w.answer(id, "right", bearer(token)), "900")
	reset := w.mailedReset("ada@example.com")
	r := w.do("POST", "/auth/customer/emailpass/update", object{"password": "supersecret"}, bearer(reset))
	require.Equal(t, 200, r.StatusCode, r.body)
	id, token = w.challenged("customer", "ada@example.com")
	require.Equal(t, 200, w.answer(id, "right", bearer(token)).StatusCode)
}
