package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	recordedAda = "authid_01M84AK5EDKE7NZXEZ4DPPPG46"
	recordedCus = "cus_01M84AK5PX8CP5XXW0RDEVDZ38"
	liveAda     = "authid_01M84PYFDVDHMA10CN9RN2AWV2"
	liveCus     = "cus_01M84PYRJGZRAFF2TXKJEG5GH1"
	otherCus    = "cus_01M84PYS8GN3SE7QG5Y8T5947F"
)

// engineBench is an exchange with everything that is compared, and a live
// answer that matches it.
func engineBench(t *testing.T) (*world, exchange, answer) {
	t.Helper()
	var e exchange
	require.NoError(t, json.Unmarshal([]byte(`{
		"name": "all", "group": "engine",
		"request": {"method": "GET", "path": "/store/customers/`+recordedCus+`", "headers": {}, "body": null},
		"response": {
			"status": 200,
			"headers": {"content-type": "application/json; charset=utf-8",
				"set-cookie": ["connect.sid=s%3Aabc.def; Path=/; Expires=Mon, 23 Nov 2026 23:47:46 GMT; HttpOnly"]},
			"extra_headers": {"vary": "Origin", "x-powered-by": "Express"},
			"body": {"token": "<jwt>", "customer": {"id": "<id:cus>", "email": "ada@example.com", "phone": null,
				"has_account": true, "addresses": [], "created_at": "<iso8601ms>"}, "message": "<id:cus> was found"}
		},
		"jwts": {"body.token": {"header": {"alg": "HS256", "typ": "JWT"}, "lifetime_s": 60, "payload": {
			"actor_id": "`+recordedCus+`", "actor_type": "customer", "auth_identity_id": "`+recordedAda+`",
			"app_metadata": {"customer_id": "`+recordedCus+`"}, "iat": 1, "exp": 61}}}
	}`), &e))
	w := &world{cast: newCast(t, []exchange{e}), ids: map[string]string{recordedCus: liveCus}, sessions: map[string]sessionCookie{}}
	w.mode.sessionTTL = time.Hour
	w.mode.signing = signing{algorithm: "HS256", secret: []byte("secret")}
	ada := w.cast.people[recordedAda]
	ada.live, ada.actors["customer"] = liveAda, liveCus
	return w, e, answer{
		status: 200,
		header: http.Header{
			"Content-Type": {"application/json; charset=utf-8"},
			"Set-Cookie":   {"connect.sid=s%3Aghi.jkl; Path=/; Expires=" + time.Now().Add(time.Hour).UTC().Format(http.TimeFormat) + "; HttpOnly"},
			"Vary":         {"Origin"},
			"X-Powered-By": {"Express"},
		},
		raw: fmt.Appendf(nil, `{"message": "%s was found", "token": %q, "customer": {"id": %q, "email": "ada@example.com", "phone": null,
			"has_account": true, "addresses": [], "created_at": "2026-11-23T17:23:45.048Z"}}`, liveCus, engineToken(t, w, nil, nil), liveCus),
	}
}

// engineToken signs the token of the bench with changes to it.
func engineToken(t *testing.T, w *world, header, changes object) string {
	t.Helper()
	now := time.Now().Unix()
	payload := object{
		"actor_id": liveCus, "actor_type": "customer", "auth_identity_id": liveAda,
		"app_metadata": object{"customer_id": liveCus}, "iat": now, "exp": now + 60,
	}
	maps.Copy(payload, changes)
	if header == nil {
		header = object{"alg": "HS256", "typ": "JWT"}
	}
	return w.mode.sign(t, header, payload)
}

// TestComparisonSeesDifferences keeps the replay of the recordings from
// passing because it looks at nothing.
func TestComparisonSeesDifferences(t *testing.T) {
	t.Parallel()
	none := &deviations{rows: map[string]deviation{}, shown: map[string]bool{}}

	w, e, same := engineBench(t)
	require.Empty(t, w.compare(t, none, e, same))

	body := func(from, to string) func(*testing.T, *world, *answer) {
		return func(t *testing.T, _ *world, a *answer) {
			t.Helper()
			changed := strings.Replace(string(a.raw), from, to, 1)
			require.NotEqual(t, string(a.raw), changed)
			a.raw = []byte(changed)
		}
	}
	header := func(name, value string) func(*testing.T, *world, *answer) {
		return func(_ *testing.T, _ *world, a *answer) { a.header.Set(name, value) }
	}
	cookie := func(from, to string) func(*testing.T, *world, *answer) {
		return func(_ *testing.T, _ *world, a *answer) {
			a.header.Set("Set-Cookie", strings.Replace(a.header.Get("Set-Cookie"), from, to, 1))
		}
	}
	token := func(header, changes object) func(*testing.T, *world, *answer) {
		return func(t *testing.T, w *world, a *answer) {
			t.Helper()
			a.raw = jwtText.ReplaceAll(a.raw, []byte(engineToken(t, w, header, changes)))
		}
	}
	for name, change := range map[string]func(*testing.T, *world, *answer){
		"another status":              func(_ *testing.T, _ *world, a *answer) { a.status = 201 },
		"another content type":        header("Content-Type", "text/plain"),
		"another vary":                header("Vary", "Accept"),
		"an origin that was not said": header("Access-Control-Allow-Origin", "*"),
		"no JSON":                     body(`{"message"`, `"message"`),
		"another text":                body("ada@example.com", "bob@example.com"),
		"a number for a text":         body(`"ada@example.com"`, `5`),
		"a text for null":             body(`"phone": null`, `"phone": ""`),
		"a field less":                body(`"phone": null,`, ``),
		"a field more":                body(`"phone": null`, `"phone": null, "fax": null`),
		"false for true":              body(`"has_account": true`, `"has_account": false`),
		"an entry more":               body(`"addresses": []`, `"addresses": [{}]`),
		"a time without milliseconds": body(`.048Z`, `Z`),
		"an id of another kind":       body(`"id": "cus_`, `"id": "user_`),
		"another customer's id":       body(`"id": "`+liveCus, `"id": "`+otherCus),
		"another customer in a text":  body(liveCus+" was", otherCus+" was"),
		"no token":                    body(`"token": "eyJ`, `"token": "x`),
		"a token by another alg":      token(object{"alg": "HS512", "typ": "JWT"}, nil),
		"a header more in the token":  token(object{"alg": "HS256", "typ": "JWT", "kid": "1"}, nil),
		"another claim":               token(nil, object{"actor_type": "user"}),
		"a claim more":                token(nil, object{"roles": []string{}}),
		"another actor":               token(nil, object{"actor_id": otherCus}),
		"another link":                token(nil, object{"app_metadata": object{"customer_id": otherCus}}),
		"another identity":            token(nil, object{"auth_identity_id": "authid_01M84PYRDVBFMVJX74HNAA2581"}),
		"a longer life":               token(nil, object{"exp": time.Now().Unix() + 90}),
		"a token of yesterday":        token(nil, object{"iat": time.Now().Unix() - 86400, "exp": time.Now().Unix() - 86340}),
		"no cookie":                   func(_ *testing.T, _ *world, a *answer) { a.header.Del("Set-Cookie") },
		"a cookie that is empty":      cookie("s%3Aghi.jkl", ""),
		"a cookie of another name":    cookie("connect.sid", "sid"),
		"a cookie for scripts":        cookie("; HttpOnly", ""),
		"a cookie with more":          cookie("; HttpOnly", "; HttpOnly; Secure"),
		"a cookie on another path":    cookie("Path=/", "Path=/auth"),
		"a cookie that ends later":    cookie(time.Now().UTC().Format("2006"), "2099"),
		"a cookie more": func(_ *testing.T, _ *world, a *answer) {
			a.header.Add("Set-Cookie", "everlatch.browser=x; Path=/auth; HttpOnly; SameSite=Lax") // without its row
		},
		"a session from before": func(_ *testing.T, w *world, _ *answer) {
			w.sessions["other"] = sessionCookie{sid: "ghi"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, e, a := engineBench(t)
			change(t, w, &a)
			require.NotEmpty(t, w.compare(t, none, e, a))
		})
	}
}
