package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

const (
	storefront = shopOrigin + "/signed-in"
	// The pair of RFC 7636, appendix B.
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

	notTheCode = `{"type":"unauthorized","message":"This code is not valid. Sign in again."}`
)

func withStorefront(o *api.Options) { o.ReturnTo = []string{shopOrigin} }

func authorization(change ...func(object)) object {
	body := object{"return_to": storefront, "code_challenge": challenge, "code_challenge_method": "S256"}
	for _, f := range change {
		f(body)
	}
	return body
}

func (w *world) code(headers ...header) string {
	w.t.Helper()
	r := w.do("POST", "/auth/authorization-codes", authorization(), headers...)
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return r.text(w.t, "code")
}

func (w *world) exchange(code string, headers ...header) reply {
	w.t.Helper()
	return w.do("POST", "/auth/authorization-codes/exchange", object{"code": code, "code_verifier": verifier, "return_to": storefront}, headers...)
}

// status is what a token gets where a customer reads their own account.
func (w *world) status(h header) int {
	w.t.Helper()
	return w.do("GET", "/store/customers/me", nil, h).StatusCode
}

func TestExchangingAnAuthorizationCode(t *testing.T) {
	t.Parallel()
	w := setup(t, options(withStorefront))
	signedIn := w.customer("ada@example.com")
	for name, by := range map[string]header{"by token": bearer(signedIn), "by session": with("Cookie", w.session(signedIn))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.do("POST", "/auth/authorization-codes", authorization(), by)
			require.Equal(t, 200, r.StatusCode, r.body)
			require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
			require.Equal(t, "2026-11-23T13:48:46.000Z", r.text(t, "expires_at"))
			raw, err := base64.RawURLEncoding.DecodeString(r.text(t, "code"))
			require.NoError(t, err)
			require.Len(t, raw, 32)

			r = w.exchange(r.text(t, "code"), with("Origin", shopOrigin))
			require.Equal(t, 200, r.StatusCode, r.body)
			require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
			got, want := w.claims(r.text(t, "token")), w.claims(signedIn)
			require.NotEqual(t, want.ID, got.ID)
			require.Equal(t, want.SignInID, got.SignInID, "of the same sign-in")
			want.ID = got.ID
			require.Equal(t, want, got)
			require.Equal(t, []string{"pwd"}, got.AMR)
			require.Equal(t, tokens.ACROne, got.ACR)
			require.Equal(t, 200, w.status(bearer(r.text(t, "token"))))
			require.NotContains(t, w.logs.String(), verifier)
		})
	}
	sum := sha256.Sum256([]byte(verifier))
	require.Equal(t, challenge, base64.RawURLEncoding.EncodeToString(sum[:]))
}

// TestASecondFactorIsCarriedOver: the token says what was proven when, and does not outlive
// its sign-in.
func TestASecondFactorIsCarriedOver(t *testing.T) {
	t.Parallel()
	w := setup(t, options(withStorefront), func(_ *api.Options, c *tokens.Config) { c.AbsoluteTTL = time.Hour })
	w.factor(w.customer("ada@example.com"))
	id, pending := w.challenged("customer", "ada@example.com")
	r := w.do("POST", "/auth/authorization-codes", authorization(), bearer(pending))
	require.Equal(t, 401, r.StatusCode, "the second factor is missing")
	signedIn := w.answer(id, "right", bearer(pending)).text(t, "token")
	want := w.claims(signedIn)

	w.clock.Advance(50 * time.Minute)
	got := w.claims(w.exchange(w.code(bearer(signedIn))).text(t, "token"))
	require.Equal(t, []string{"pwd", "otp", "mfa"}, got.AMR)
	require.Equal(t, tokens.ACRTwo, got.ACR)
	require.Equal(t, want.MFACompletedAt, got.MFACompletedAt)
	require.Equal(t, want.AuthTime, got.AuthTime)
	require.Equal(t, want.AuthTime+3600, got.ExpiresAt)

	w.clock.Advance(10*time.Minute - time.Second)
	code := w.code(bearer(signedIn))
	w.clock.Advance(time.Second)
	w.exchange(code).is(t, notTheCode)
}

func TestAnAuthorizationCodeIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, options(withStorefront))
	signedIn := bearer(w.customer("ada@example.com"))
	unregistered := bearer(w.registered("customer", "new@example.com"))
	set := func(name string, value any) func(object) { return func(b object) { b[name] = value } }
	tests := map[string]struct {
		body   object
		caller header
		status int
		want   string
	}{
		"no caller":          {authorization(), with("X-None", ""), 401, `{"message":"Unauthorized"}`},
		"no account yet":     {authorization(), unregistered, 401, `{"message":"Unauthorized"}`},
		"another page":       {authorization(set("return_to", "https://evil.example/")), signedIn, 400, `{"type":"not_allowed","message":"The page to return to is not one of pages.return_to."}`},
		"a page alike":       {authorization(set("return_to", shopOrigin+".evil.example")), signedIn, 400, `{"type":"not_allowed","message":"The page to return to is not one of pages.return_to."}`},
		"no page":            {authorization(set("return_to", "")), signedIn, 400, `{"type":"invalid_data","message":"Invalid request: Value for field 'return_to' too small, expected at least: '1'"}`},
		"the plain method":   {authorization(set("code_challenge_method", "plain")), signedIn, 400, `{"type":"invalid_data","message":"Invalid request: Expected: 'S256' for field 'code_challenge_method', but got: 'plain'"}`},
		"without the method": {object{"return_to": storefront, "code_challenge": challenge}, signedIn, 400, `{"type":"invalid_data","message":"Invalid request: Field 'code_challenge_method' is required"}`},
		"no challenge":       {authorization(set("code_challenge", 1.0)), signedIn, 400, `{"type":"invalid_data","message":"Invalid request: Expected type: 'string' for field 'code_challenge', got: '1'"}`},
		"a short challenge":  {authorization(set("code_challenge", challenge[1:])), signedIn, 400, `{"type":"invalid_data","message":"Invalid request: Value for field 'code_challenge' does not have the expected form"}`},
		"a padded challenge": {authorization(set("code_challenge", challenge[1:]+"=")), signedIn, 400, `{"type":"invalid_data","message":"Invalid request: Value for field 'code_challenge' does not have the expected form"}`},
		"more than it knows": {authorization(set("client_id", "shop")), signedIn, 400, `{"type":"invalid_data","message":"Invalid request: Unrecognized fields: 'client_id'"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.do("POST", "/auth/authorization-codes", tt.body, tt.caller)
			require.Equal(t, tt.status, r.StatusCode, r.body)
			r.is(t, tt.want)
		})
	}
	t.Run("no page is allowed unless it is named", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		r := w.do("POST", "/auth/authorization-codes", authorization(), bearer(w.customer("ada@example.com")))
		require.Equal(t, 400, r.StatusCode, r.body)
	})
	t.Run("a cookie from a foreign page", func(t *testing.T) {
		t.Parallel()
		r := w.do("POST", "/auth/authorization-codes", authorization(), with("Cookie", w.session(w.login("customer", "ada@example.com"))), with("Origin", "https://evil.example"))
		require.Equal(t, 403, r.StatusCode, r.body)
	})
	_, err := api.New(w.parts, api.Options{CookieSecrets: []string{cookieSecret}, ReturnTo: []string{"http://shop.example"}})
	require.ErrorContains(t, err, "pages.return_to: entry 1: an address is https")
}

// TestAnExchangeIsRefused where a part of it is missing or wrong, and the code stays usable.
func TestAnExchangeIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, options(withStorefront))
	signedIn := w.customer("ada@example.com")
	code := w.code(bearer(signedIn))
	body := func(name string, value any) object {
		b := object{"code": code, "code_verifier": verifier, "return_to": storefront}
		b[name] = value
		return b
	}
	for name, tt := range map[string]struct {
		body   object
		status int
		want   string
	}{
		"an unknown code":          {body("code", "x"+code[1:]+"x"), 401, notTheCode},
		"another verifier":         {body("code_verifier", "x"+verifier[1:]), 401, notTheCode},
		"the challenge instead":    {body("code_verifier", challenge), 401, notTheCode},
		"another page":             {body("return_to", shopOrigin+"/elsewhere"), 401, notTheCode},
		"the same page, otherwise": {body("return_to", storefront+"?"), 401, notTheCode},
		"no code":                  {body("code", ""), 400, `{"type":"invalid_data","message":"Invalid request: Value for field 'code' too small, expected at least: '1'"}`},
		"a short verifier":         {body("code_verifier", verifier[1:]), 400, `{"type":"invalid_data","message":"Invalid request: Value for field 'code_verifier' does not have the expected form"}`},
		"no page":                  {object{"code": code, "code_verifier": verifier}, 400, `{"type":"invalid_data","message":"Invalid request: Field 'return_to' is required"}`},
	} {
		r := w.do("POST", "/auth/authorization-codes/exchange", tt.body)
		require.Equal(t, tt.status, r.StatusCode, name+": "+r.body)
		r.is(t, tt.want)
	}
	require.Equal(t, 200, w.exchange(code).StatusCode, "the page that it was made for still has it")

	expiring := w.code(bearer(signedIn))
	w.clock.Advance(time.Minute)
	w.exchange(expiring).is(t, notTheCode)
	require.Equal(t, 200, w.status(bearer(signedIn)))
}

// TestACodeEndsWithItsSignIn covers what may happen between a code and its exchange.
func TestACodeEndsWithItsSignIn(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(t *testing.T, w *world, token string){
		"signed out": func(t *testing.T, w *world, token string) {
			t.Helper()
			require.Equal(t, 200, w.do("DELETE", "/auth/token", nil, bearer(token)).StatusCode)
		},
		"removed": func(t *testing.T, w *world, token string) {
			t.Helper()
			require.NoError(t, w.store.RemoveIdentity(t.Context(), w.claims(token).AuthIdentityID, "flow"))
		},
		"without its account": func(t *testing.T, w *world, token string) {
			t.Helper()
			require.NoError(t, w.flows.RemoveCustomerAccount(t.Context(), w.claims(token).ActorID))
		},
		"with a second factor since": func(t *testing.T, w *world, token string) {
			t.Helper()
			w.factor(token)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, options(withStorefront))
			token := w.customer("ada@example.com")
			code := w.code(bearer(token))
			meanwhile(t, w, token)
			r := w.exchange(code)
			require.Equal(t, 401, r.StatusCode, r.body)
			r.is(t, notTheCode)
		})
	}
	t.Run("afterwards too", func(t *testing.T) {
		t.Parallel()
		w := setup(t, options(withStorefront))
		token := w.customer("ada@example.com")
		exchanged := w.exchange(w.code(bearer(token))).text(t, "token")
		require.Equal(t, 200, w.do("DELETE", "/auth/session", nil, with("Cookie", w.session(token))).StatusCode)
		require.Equal(t, 401, w.status(bearer(exchanged)))
	})
}

// TestASecondExchange ends the sign-in (RFC 6749, section 4.1.2), unless it repeats the first.
func TestASecondExchange(t *testing.T) {
	t.Parallel()
	t.Run("ends the sign-in", func(t *testing.T) {
		t.Parallel()
		w := setup(t, options(withStorefront))
		token := w.customer("ada@example.com")
		code := w.code(bearer(token))
		exchanged := w.exchange(code, with("Idempotency-Key", "one")).text(t, "token")
		require.Equal(t, 200, w.status(bearer(exchanged)))
		w.clock.Advance(5 * time.Minute)
		w.exchange(code, with("Idempotency-Key", "another")).is(t, notTheCode)
		require.Equal(t, 401, w.status(bearer(exchanged)))
		require.Equal(t, 401, w.status(bearer(token)))
		w.exchange(code).is(t, notTheCode)
		events, _, err := w.store.Events(t.Context(), store.EventFilter{Name: everlatch.EventSignInEnded}, store.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, store.EndedByCodeReuse, events[0].Data["reason"])
	})
	t.Run("gets the first answer if it is the same request", func(t *testing.T) {
		t.Parallel()
		w := setup(t, options(withStorefront))
		code := w.code(bearer(w.customer("ada@example.com")))
		key := with("Idempotency-Key", "one")
		first := w.exchange(code, key)
		w.clock.Advance(2 * time.Minute)
		require.Equal(t, first.body, w.exchange(code, key).body)
		require.Equal(t, 200, w.status(bearer(first.text(t, "token"))))
	})
	t.Run("of fifty at once one gets a token", func(t *testing.T) {
		t.Parallel()
		w := setup(t, options(withStorefront))
		code := w.code(bearer(w.customer("ada@example.com")))
		statuses := make([]int, 50)
		var done sync.WaitGroup
		for i := range statuses {
			done.Go(func() {
				for statuses[i] == 0 || statuses[i] == http.StatusServiceUnavailable { // a busy machine: as a client would
					statuses[i] = w.exchange(code, with("Idempotency-Key", strconv.Itoa(i))).StatusCode
				}
			})
		}
		done.Wait()
		count := map[int]int{}
		for _, status := range statuses {
			count[status]++
		}
		require.Equal(t, map[int]int{200: 1, 401: 49}, count)
	})
}

func TestAuthorizationCodesAreLimited(t *testing.T) {
	t.Parallel()
	w := limited(t, limits.Options{Rates: map[limits.Op]limits.Rate{limits.Refresh: {Count: 3, Per: time.Minute}}, NetworkFactor: 100}, withStorefront)
	signedIn := bearer(w.customer("ada@example.com"))
	for i := range 4 {
		r := w.do("POST", "/auth/authorization-codes", authorization(), signedIn, from("192.0.2.1"))
		require.Equal(t, map[bool]int{true: 200, false: http.StatusTooManyRequests}[i < 3], r.StatusCode, r.body)
	}
	for i := range 4 {
		r := w.exchange("guess", from("192.0.2.2"))
		require.Equal(t, map[bool]int{true: 401, false: http.StatusTooManyRequests}[i < 3], r.StatusCode, r.body)
	}
	require.Equal(t, 401, w.exchange("guess", from("198.51.100.3")).StatusCode, "another network")
}
