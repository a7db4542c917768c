package e2e_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	bigendian "encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// withFactor adds an authenticator app to the identity of a token, and returns its secret
// and that many recovery codes.
func (p *process) withFactor(t *testing.T, token string, codes int) (secret string, recovery []string) {
	t.Helper()
	enrolled := p.call(t, "POST", "/auth/mfa/factors", object{"provider": "totp"}, bearer(token)...)
	require.Equal(t, 200, enrolled.status, "%s", enrolled.raw)
	secret = enrolled.str(t, "secret")
	awaitQuietStep(t)
	enabled := p.call(t, "POST", "/auth/mfa/factors/"+enrolled.str(t, "mfa_factor.id")+"/verify",
		object{"code": codeOf(t, secret, -1)}, bearer(token)...)
	require.Equal(t, 200, enabled.status, "%s", enabled.raw)
	made := p.call(t, "POST", "/auth/mfa/recovery-codes", object{"count": codes}, bearer(token)...)
	require.Equal(t, 200, made.status, "%s", made.raw)
	for _, code := range made.json(t)["recovery_codes"].([]any) { //nolint:forcetypeassert // the test fails
		recovery = append(recovery, code.(string)) //nolint:forcetypeassert // the test fails
	}
	return secret, recovery
}

// awaitQuietStep waits for the next time step where this one is about to end, so that a code
// that counts from now is sent in the step that it is made for.
func awaitQuietStep(t *testing.T) {
	t.Helper()
	const step, quiet = 30 * time.Second, 6 * time.Second
	require.Eventually(t, func() bool { return step-time.Duration(time.Now().UnixNano())%step > quiet }, 2*quiet, tick)
}

// codeOf is the code of an authenticator app some steps from now. Each is good once, and
// only one that is later than the last one.
func codeOf(t *testing.T, secret string, steps int) string {
	t.Helper()
	return codeOfDigits(t, secret, steps, 6)
}

func codeOfDigits(t *testing.T, secret string, steps, digits int) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	require.NoError(t, err)
	mac := hmac.New(sha1.New, key)
	step := time.Now().Unix()/30 + int64(steps)
	require.NoError(t, bigendian.Write(mac, bigendian.BigEndian, step))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	number := fmt.Sprintf("%010d", bigendian.BigEndian.Uint32(sum[at:])&0x7fffffff)
	return number[len(number)-digits:]
}

func (p *process) challenged(t *testing.T, email string) (path, token string) {
	t.Helper()
	a := p.call(t, "POST", "/auth/vendor/emailpass", object{"email": email, "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	require.Equal(t, true, a.json(t)["mfa_required"], "%s", a.raw)
	return "/auth/mfa/challenges/" + a.str(t, "mfa_challenge.id") + "/verify", a.str(t, "token")
}

func messages(t *testing.T, answers []answer) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, a := range answers {
		said := a.str(t, "message")
		if a.status == 200 {
			said = "ok"
		}
		if a.status == 429 || a.status == 503 {
			said = "later"
		}
		out[said]++
	}
	return out
}

func TestSecondFactors(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{config: cheapHashes + `
http: {auth_verifications_per_actor: {customer: [{entity_type: email, auth_provider: emailpass}]}}
`})
	const wrong, exhausted, completed = "Invalid MFA challenge code", "MFA challenge has too many failed attempts", "MFA challenge has already been completed"
	mail := func(name string) string { return name + "@example.com" }
	vendor := func(name string, codes int) (secret string, recovery []string) {
		a := p.call(t, "POST", "/auth/vendor/emailpass/register", object{"email": mail(name), "password": password})
		require.Equal(t, 200, a.status, "%s", a.raw)
		return p.withFactor(t, a.str(t, "token"), codes)
	}

	t.Run("500 wrong codes at once are counted exactly", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		secret, _ := vendor("guessed", 1)
		path, token := p.challenged(t, mail("guessed"))
		said := messages(t, parallel(t, 500, func(i int) (answer, error) {
			return p.try(t.Context(), "POST", path, object{"method": "totp", "code": fmt.Sprintf("x%05d", i)}, bearer(token)...)
		}))
		require.Equal(t, 4, said[wrong], "%v", said)
		require.Equal(t, 496, said[exhausted]+said["later"], "%v", said)
		late := p.call(t, "POST", path, object{"method": "totp", "code": codeOf(t, secret, 0)}, bearer(token)...)
		require.Equal(t, exhausted, late.str(t, "message"))
	})

	t.Run("the right code 50 times at once yields one token", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		secret, _ := vendor("right", 1)
		path, token := p.challenged(t, mail("right"))
		code := codeOf(t, secret, 0)
		answers := parallel(t, 50, func(int) (answer, error) {
			return p.try(t.Context(), "POST", path, object{"method": "totp", "code": code}, append(bearer(token), "Idempotency-Key", "once")...)
		})
		tokens := map[string]bool{}
		for _, a := range answers {
			require.Equal(t, 200, a.status, "%s", a.raw)
			tokens[a.str(t, "token")] = true
		}
		require.Len(t, tokens, 1)
		again := p.call(t, "POST", path, object{"method": "totp", "code": code}, bearer(token)...)
		require.Equal(t, completed, again.str(t, "message"), "without the key it is another request")
	})

	t.Run("one recovery code passes one of 50 challenges", func(t *testing.T) { //nolint:paralleltest // each is a load of its own
		_, recovery := vendor("recovered", 2)
		var paths, tokens []string
		for range 50 {
			path, token := p.challenged(t, mail("recovered"))
			paths, tokens = append(paths, path), append(tokens, token)
		}
		said := messages(t, parallel(t, 50, func(i int) (answer, error) {
			return p.try(t.Context(), "POST", paths[i], object{"method": "recovery_code", "code": strings.ToUpper(recovery[0])}, bearer(tokens[i])...)
		}))
		require.Equal(t, 1, said["ok"], "%v", said)
		require.Equal(t, 49, said[wrong]+said["later"], "%v", said)
	})

	// docs/weak-spots.md#w54
	t.Run("a challenge of one actor type is not for another", func(t *testing.T) { //nolint:paralleltest // see above
		registered := p.register(t, mail("unverified"), password)
		secret, recovery := p.withFactor(t, registered, 1)
		a := p.call(t, "POST", "/auth/customer/emailpass", object{"email": mail("unverified"), "password": password})
		require.Equal(t, true, a.json(t)["verification_required"], "%s", a.raw)
		customer := a.str(t, "token")
		path, vendor := p.challenged(t, mail("unverified"))
		for _, other := range []string{customer, registered} {
			refused := p.call(t, "POST", path, object{"method": "totp", "code": codeOf(t, secret, 0)}, bearer(other)...)
			require.Equal(t, 404, refused.status, "%s", refused.raw)
		}
		passed := p.call(t, "POST", path, object{"method": "totp", "code": codeOf(t, secret, 0)}, bearer(vendor)...)
		require.Equal(t, "vendor", claims(t, passed.str(t, "token"))["actor_type"])

		// A customer who steps up with both factors still has to verify the address.
		asked := p.call(t, "POST", "/auth/mfa/challenges", nil, bearer(customer)...)
		require.Equal(t, 200, asked.status, "%s", asked.raw)
		done := p.call(t, "POST", "/auth/mfa/challenges/"+asked.str(t, "mfa_challenge.id")+"/verify",
			object{"method": "recovery_code", "code": recovery[0]}, bearer(customer)...)
		require.Equal(t, true, done.json(t)["verification_required"], "%s", done.raw)
		require.Empty(t, claims(t, done.str(t, "token"))["actor_id"])
	})
}
