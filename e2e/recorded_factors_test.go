package e2e_test

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The recorded authenticator apps: that of most exchanges, the one whose codes are tried
// step by step, the one that replaces the first, and one with eight digits.
const (
	firstPhone  = "authmfa_01M84AR0K14PHBK0Z7TZZEC06J"
	watch       = "authmfa_01M84AREZW0YV11PDFRFWCA99V"
	secondPhone = "authmfa_01M84AREG5GG5Y7NHTX379RF60"
	eightDigits = "authmfa_01M84AAXTBW9CH3G404R6G8JEP"
)

// factorsMade are the factors that exchanges enroll, by recorded id.
var factorsMade = map[string]string{"mfa/enroll": firstPhone, "mfa/enroll-again-after-disable": secondPhone}

// appCode is a code of an authenticator app that a recorded one stands for.
type appCode struct {
	factor string // recorded id
	steps  int    // from now
	digits int    // 0 = 6
	spaced bool   // as apps show it
}

// appCodes are the codes in exchanges. Here a code counts once (docs/weak-spots.md#w58), so
// that each is later than the one before: phone is enabled with the code of the previous
// step, watch too.
var appCodes = map[string]appCode{
	"mfa/verify-factor-two-steps-ago":      {factor: firstPhone, steps: -2},
	"mfa/challenge-other-identity":         {factor: firstPhone},
	"mfa/challenge-right-code":             {factor: firstPhone},
	"mfa/attempts-race-20-then-right-code": {factor: firstPhone, steps: 1},
	"mfa/verify-disabled-factor":           {factor: firstPhone, steps: 1},
	"mfa/totp-window-step--2":              {factor: watch, steps: -2},
	"mfa/totp-window-step-0":               {factor: watch},
	"mfa/totp-window-step-1":               {factor: watch, steps: 1},
	"mfa/totp-window-step-2":               {factor: watch, steps: 2},
	"mfa/totp-code-with-space":             {factor: watch, spaced: true},
	"options/verify-6-digits-refused":      {factor: eightDigits},
	"options/verify-8-digits":              {factor: eightDigits, digits: 8},
}

// withAppCode puts the code of a live app into a body.
func (w *world) withAppCode(t *testing.T, e exchange, body []byte) []byte {
	t.Helper()
	code, ok := appCodes[e.id()]
	if !ok {
		return body
	}
	require.NotEmpty(t, w.secrets[code.factor], "whose app is %s?", code.factor)
	awaitQuietStep(t)
	text := codeOfDigits(t, w.secrets[code.factor], code.steps, cmp.Or(code.digits, 6))
	if code.spaced {
		text = text[:3] + " " + text[3:]
	}
	fields := e.bodyFields()
	fields["code"] = text
	out, err := json.Marshal(fields)
	require.NoError(t, err)
	return out
}

// addApp enrolls a factor for a recorded one, with a token.
func (w *world) addApp(t *testing.T, token, recorded string, body object) {
	t.Helper()
	a := w.call(t, "POST", "/auth/mfa/factors", body, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	w.ids[recorded], w.secrets[recorded] = a.str(t, "mfa_factor.id"), a.str(t, "secret")
}

// enableApp enables a factor with the code of the previous step, so that those of this
// step and of the next one are still unused.
func (w *world) enableApp(t *testing.T, token, recorded string) {
	t.Helper()
	awaitQuietStep(t)
	a := w.call(t, "POST", "/auth/mfa/factors/"+w.ids[recorded]+"/verify",
		object{"code": codeOf(t, w.secrets[recorded], -1)}, bearer(token)...)
	require.Equal(t, 200, a.status, "%s", a.raw)
	require.Equal(t, "enabled", a.str(t, "mfa_factor.status"))
}

// learnFactor notes which live factor and which recovery codes an exchange made.
func (w *world) learnFactor(t *testing.T, e exchange, a answer) {
	t.Helper()
	if recorded := factorsMade[e.id()]; recorded != "" {
		w.ids[recorded], w.secrets[recorded] = a.str(t, "mfa_factor.id"), a.str(t, "secret")
	}
	if e.id() == "mfa/recovery-codes-regenerate-3" {
		codes := at[[]any](t, a.json(t), "recovery_codes")
		w.codes["8e8c-ed44-3913-1ec9-48a1-8ccb-cc3e-aa78"] = codes[0].(string) //nolint:forcetypeassert // a test
		w.codes["289e-f5bd-aafd-8214-6b7b-d8c9-e30f-9c99"] = codes[1].(string) //nolint:forcetypeassert // a test
	}
}

var challengePath = regexp.MustCompile(`^/auth/mfa/challenges/(authmfachal_[0-9A-Z]{26})/verify$`)

// waits tells tokens that are good for nothing but a second factor.
func (r recordedToken) waits() bool {
	return r.payload["mfa_enabled"] == true && r.payload["mfa_challenge_completed_at"] == nil
}

// findChallenge notes whose a challenge is: the first token of the identity that answers
// it without having passed it.
func (c *cast) findChallenge(e exchange, token recordedToken) {
	if path := challengePath.FindStringSubmatch(e.Request.Path); path != nil && token.waits() {
		c.pending[path[1]] = token
	}
}

// challenge signs a person in with the first factor, for a recorded token that waits for
// the second one, and notes the challenge for a recorded one. Challenges of the same second
// have the same recorded token.
func (w *world) challenge(t *testing.T, p *person, recorded recordedToken, id string) (token string) {
	t.Helper()
	a := w.call(t, "POST", "/auth/"+recorded.str("actor_type")+"/emailpass", object{"email": p.email, "password": p.password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	token = a.str(t, "token")
	require.Equal(t, true, claims(t, token)["mfa_enabled"], "%s has no second factor", p.email)
	require.Empty(t, claims(t, token)["actor_id"])
	w.issued[recorded.text] = token
	if id != "" {
		w.ids[id] = a.str(t, "mfa_challenge.id")
	}
	return token
}

// prepareChallenge begins the challenge that a path names.
func (w *world) prepareChallenge(t *testing.T, e exchange) {
	t.Helper()
	path := challengePath.FindStringSubmatch(e.Request.Path)
	if path == nil || w.ids[path[1]] != "" {
		return
	}
	token, known := w.cast.pending[path[1]]
	require.True(t, known, "whose challenge is %s?", path[1])
	w.challenge(t, w.cast.ofToken(token), token, path[1])
}

// tokenOf is the live token of an exchange.
func (w *world) tokenOf(t *testing.T, id string) string {
	t.Helper()
	return w.liveToken(t, named(t, id))
}

func named(t *testing.T, id string) exchange {
	t.Helper()
	group, name, _ := strings.Cut(id, "/")
	for _, e := range loadGroup(t, group) {
		if e.Name == name {
			return e
		}
	}
	require.FailNow(t, "not recorded", id)
	return exchange{}
}

// inPlaceOf has an exchange sent with another token, and returns what restores the first.
func (w *world) inPlaceOf(t *testing.T, id, token string) (restore func()) {
	t.Helper()
	e := named(t, id)
	was := w.liveToken(t, e)
	recorded, _ := e.token(t)
	w.issued[recorded.text] = token
	return func() { w.issued[recorded.text] = was }
}

// wrongAnswers sends wrong codes to a challenge.
func (w *world) wrongAnswers(t *testing.T, id string, n int) []answer {
	t.Helper()
	e := named(t, id)
	w.prepareChallenge(t, e)
	path, token := w.livePath(t, e), w.tokenOf(t, id)
	return parallel(t, n, func(int) (answer, error) {
		return w.try(t.Context(), "POST", path, object{"method": "totp", "code": "000000"}, bearer(token)...)
	})
}
