package oidctest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/oidctest"
)

const (
	callbackURL = "https://shop.example/callback"
	// The example of RFC 7636, appendix B.
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func location(idp *oidctest.Provider) string {
	return idp.Endpoint(oidctest.Authorization) + "?" + url.Values{
		"client_id": {idp.ClientID()}, "redirect_uri": {callbackURL}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
		"nonce": {"n"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}.Encode()
}

var client = &http.Client{Transport: &http.Transport{}}

// exchange changes a right form, where "" takes a field out.
func exchange(t *testing.T, idp *oidctest.Provider, code string, change map[string]string) (status int, answer map[string]any) {
	t.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callbackURL}, "code_verifier": {verifier},
		"client_id": {idp.ClientID()}, "client_secret": {idp.ClientSecret()},
	}
	for name, value := range change {
		form.Set(name, value)
		if value == "" {
			form.Del(name)
		}
	}
	resp, err := client.PostForm(idp.Endpoint(oidctest.Token), form)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	return resp.StatusCode, answer
}

// A provider that let carelessness pass would prove nothing.
func TestTheProviderIsStrict(t *testing.T) {
	t.Parallel()

	idp := oidctest.Start(t, oidctest.Options{RedirectURIs: []string{callbackURL}, Algorithm: "ES256"})
	for name, change := range map[string]map[string]string{
		"another verifier":     {"code_verifier": "x"},
		"no verifier":          {"code_verifier": ""},
		"another secret":       {"client_secret": "x"},
		"no secret":            {"client_secret": ""},
		"another client":       {"client_id": "x"},
		"another redirect URI": {"redirect_uri": callbackURL + "/"},
		"another grant":        {"grant_type": "password"},
	} {
		code := idp.Follow(t, location(idp))["code"]
		status, answer := exchange(t, idp, code, change)
		require.Equal(t, http.StatusBadRequest, status, name)
		require.NotContains(t, answer, "id_token", name)
	}
	require.Zero(t, idp.Exchanged())

	code := idp.Follow(t, location(idp))["code"]
	status, answer := exchange(t, idp, code, nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, answer, "id_token")
	status, _ = exchange(t, idp, code, nil)
	require.Equal(t, http.StatusBadRequest, status, "once")
	require.Equal(t, 1, idp.Exchanged())
	require.Equal(t, 1, idp.Replays())
	require.Equal(t, 9, idp.Requests(oidctest.Token))
}

func TestCodesExpire(t *testing.T) {
	t.Parallel()

	now := time.Now()
	idp := oidctest.Start(t, oidctest.Options{RedirectURIs: []string{callbackURL}, Algorithm: "ES256", Now: func() time.Time { return now }})
	code := idp.Follow(t, location(idp))["code"]
	now = now.Add(time.Minute)
	status, _ := exchange(t, idp, code, nil)
	require.Equal(t, http.StatusBadRequest, status)
}

func TestAuthorization(t *testing.T) {
	t.Parallel()

	idp := oidctest.Start(t, oidctest.Options{RedirectURIs: []string{callbackURL}, Algorithm: "ES256"})
	params := idp.Follow(t, location(idp))
	require.Equal(t, idp.URL(), params["iss"])
	require.Equal(t, "s", params["state"])

	for name, value := range map[string]string{
		"response_type": "token", "code_challenge_method": "plain", "code_challenge": "", "scope": "email", "state": "",
	} {
		u, err := url.Parse(location(idp))
		require.NoError(t, err)
		query := u.Query()
		query.Set(name, value)
		u.RawQuery = query.Encode()
		params := idp.Follow(t, u.String())
		require.Equal(t, "invalid_request", params["error"], name)
		require.NotContains(t, params, "code", name)
	}

	// Misbehaviour is counted by requests.
	idp.Once(oidctest.AccessDenied, oidctest.WrongState)
	idp.Once(oidctest.AccessDenied)
	require.Equal(t, "another state", idp.Follow(t, location(idp))["state"])
	params = idp.Follow(t, location(idp))
	require.Equal(t, "access_denied", params["error"])
	require.Equal(t, "s", params["state"])
	require.NotEmpty(t, idp.Follow(t, location(idp))["code"])
	idp.Always(oidctest.NoIssParameter)
	require.NotContains(t, idp.Follow(t, location(idp)), "iss")
	idp.Behave()
	require.Contains(t, idp.Follow(t, location(idp)), "iss")
}

// A provider from before RFC 9207 promises no issuer and sends none.
func TestNoIssuerInCallbacks(t *testing.T) {
	t.Parallel()

	idp := oidctest.Start(t, oidctest.Options{RedirectURIs: []string{callbackURL}, Algorithm: "ES256", NoIss: true})
	params := idp.Follow(t, location(idp))
	require.NotEmpty(t, params["code"])
	require.NotContains(t, params, "iss")
	resp, err := client.Get(idp.Endpoint(oidctest.Discovery))
	require.NoError(t, err)
	defer resp.Body.Close()
	var document map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&document))
	require.Equal(t, false, document["authorization_response_iss_parameter_supported"])
}
