package e2e_test

import (
	"crypto/rsa"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// signing is how a mode signs tokens, so that the test can make the odd ones.
type signing struct {
	algorithm string
	// secret signs what claims an HS algorithm. Where tokens are asymmetric it
	// is the public key, as in the attack that confuses the two.
	secret   []byte
	private  *rsa.PrivateKey
	lifetime int64 // of tokens, in seconds
}

// liveToken returns the token to send for the one in a recorded request: the
// person's own where Medusa had issued it, else the person's own with the same
// things wrong.
func (w *world) liveToken(t *testing.T, e exchange) string {
	t.Helper()
	recorded, ok := e.token(t)
	require.True(t, ok)
	if recorded.str("purpose") == "reset" {
		return w.resetTokenFor(t, recorded)
	}
	if recorded.isInvite() {
		return w.inviteToken(t, recorded)
	}
	p := w.cast.ofToken(recorded)
	require.NotNil(t, p, "whose token is in %s?", e.id())
	actorType := recorded.str("actor_type")
	if actorType == "" {
		actorType = "customer"
	}
	metadata, _ := recorded.payload["app_metadata"].(object)
	linked := p.links[actorType] != "" && (recorded.str("actor_id") != "" || text(metadata, actorType+"_id") != "")
	if issued := w.issued[recorded.text]; issued != "" {
		return issued
	}
	passed := recorded.str("mfa_challenge_completed_at")
	switch made := e.Group != "mfa"; { // elsewhere no one has a second factor: such a token was made up
	case made:
	case recorded.waits():
		return w.challenge(t, p, recorded, "")
	case passed != "":
		live := p.tokens[tokenKind{actorType, linked, passed}]
		require.NotEmpty(t, live, "no exchange has passed the second factor of %s", passed)
		return live
	}
	live := w.token(t, p, actorType, linked)
	if w.mode.genuine(recorded) {
		w.issued[recorded.text] = live
		return live
	}
	if w.minted[recorded.text] == "" {
		w.minted[recorded.text] = w.mint(t, live, recorded)
	}
	return w.minted[recorded.text]
}

// resetTokenFor returns the token of a password reset that was asked for the
// same person, one for each recorded one. A recorded token that lacks its id
// becomes a live one without it.
func (w *world) resetTokenFor(t *testing.T, recorded recordedToken) string {
	t.Helper()
	if w.minted[recorded.text] != "" {
		return w.minted[recorded.text]
	}
	if recorded.str("provider") != "emailpass" { // only emailpass resets exist here
		w.minted[recorded.text] = w.mintReset(t, recorded)
		return w.minted[recorded.text]
	}
	if person := w.cast.ofEmail(recorded.str("entity_id")); person != nil {
		w.identity(t, person, recorded.str("actor_type"))
	}
	live := w.askReset(t, recorded.str("actor_type"), recorded.str("entity_id"))
	if recorded.str("jti") == "" {
		parts := strings.Split(live, ".")
		payload := decodeJWTPart(t, parts[1])
		delete(payload, "jti")
		live = w.mode.sign(t, decodeJWTPart(t, parts[0]), payload)
	}
	w.minted[recorded.text] = live
	return live
}

// mintReset makes a token of a password reset as it would be, if there was one.
func (w *world) mintReset(t *testing.T, recorded recordedToken) string {
	t.Helper()
	payload := maps.Clone(recorded.payload)
	now := time.Now().Unix()
	payload["exp"] = now + seconds(payload["exp"]) - seconds(payload["iat"])
	payload["iat"] = now
	return w.mode.sign(t, recorded.header, payload)
}

// askReset asks for a new password and returns the token that is mailed.
func (w *world) askReset(t *testing.T, actorType, email string) string {
	t.Helper()
	w.forgot(t, actorType, email)
	return w.mailedToken(t, email)
}

// mailedToken returns the token of the next link that is mailed to an address.
func (w *world) mailedToken(t *testing.T, email string) string {
	t.Helper()
	w.mailed[email]++
	return w.resetToken(t, email, w.mailed[email])
}

// learnReset waits for the mail that an exchange has sent, so that the token in
// it is known for the recorded one.
func (w *world) learnReset(t *testing.T, data object) {
	t.Helper()
	email := text(data, "entity_id")
	if p := w.cast.ofEmail(email); p != nil && p.live != "" {
		w.minted[text(data, "token")] = w.mailedToken(t, email)
	}
}

// learnChange notes that a password was changed, and that no earlier token is
// still valid (docs/weak-spots.md#w25).
func (w *world) learnChange(t *testing.T, e exchange) {
	t.Helper()
	token, _ := e.token(t)
	if p := w.cast.ofEmail(token.str("entity_id")); p != nil {
		if _, chosen := e.credentials(); chosen != "" {
			p.password = chosen
		}
		p.tokens = map[tokenKind]string{}
	}
}

// issuedClaims are the claims of every token that Medusa issues to people.
var issuedClaims = []string{
	"actor_id", "actor_type", "auth_identity_id", "auth_provider", "mfa_enabled",
	"mfa_challenge_completed_at", "app_metadata", "user_metadata", "iat", "exp",
}

// genuine tells tokens that Medusa issued from those that the recording's
// script made up.
func (s signing) genuine(r recordedToken) bool {
	for _, claim := range issuedClaims {
		if _, ok := r.payload[claim]; !ok {
			return false
		}
	}
	metadata, _ := r.payload["app_metadata"].(object)
	return r.header["alg"] == s.algorithm &&
		(r.payload["mfa_enabled"] == false || r.str("mfa_challenge_completed_at") != "") &&
		seconds(r.payload["exp"])-seconds(r.payload["iat"]) == s.lifetime &&
		text(metadata, r.str("actor_type")+"_id") == r.str("actor_id")
}

// mint gives a live token what is wrong with a recorded one. What Medusa's
// tokens do not have (jti, purpose, credential_version, auth_time) stays as it is.
func (w *world) mint(t *testing.T, live string, recorded recordedToken) string {
	t.Helper()
	parts := strings.Split(live, ".")
	header, payload := decodeJWTPart(t, parts[0]), decodeJWTPart(t, parts[1])
	header["alg"] = recorded.header["alg"]
	for _, claim := range issuedClaims {
		if _, ok := recorded.payload[claim]; !ok {
			delete(payload, claim)
		}
	}
	// Tokens live relative to the moment when they are first sent, except those
	// that were made up for another age.
	shift := time.Now().Unix() - w.mode.recordedAt
	if issued := seconds(recorded.payload["iat"]); issued > 0 {
		shift = time.Now().Unix() - issued
	}
	const anotherAge = 1_000_000_000
	for claim, value := range recorded.payload {
		switch at := seconds(value); {
		case claim != "iat" && claim != "exp" && claim != "nbf":
			payload[claim] = w.liveClaim(value)
		case at < anotherAge:
			payload[claim] = at
		default:
			payload[claim] = at + shift
		}
	}
	return w.mode.sign(t, header, payload)
}

// liveClaim exchanges recorded ids for live ones, however deep.
func (w *world) liveClaim(value any) any {
	switch v := value.(type) {
	case string:
		return recordedID.ReplaceAllStringFunc(v, w.liveID)
	case object:
		out := object{}
		for key, inner := range v {
			out[key] = w.liveClaim(inner)
		}
		return out
	default:
		return value
	}
}

// resign replaces claims of a live token.
func (s signing) resign(t *testing.T, live string, changes object) string {
	t.Helper()
	parts := strings.Split(live, ".")
	payload := decodeJWTPart(t, parts[1])
	maps.Copy(payload, changes)
	return s.sign(t, decodeJWTPart(t, parts[0]), payload)
}

func (s signing) sign(t *testing.T, header, payload object) string {
	t.Helper()
	algorithm := text(header, "alg")
	method := jwt.GetSigningMethod(algorithm)
	require.NotNil(t, method, algorithm)
	var key any = s.secret
	if !strings.HasPrefix(algorithm, "HS") {
		key = s.private
	}
	token := &jwt.Token{Header: header, Claims: jwt.MapClaims(payload), Method: method}
	signed, err := token.SignedString(key)
	require.NoError(t, err)
	return signed
}

// seconds reads a time claim; 0 = absent.
func seconds(value any) int64 {
	number, ok := value.(json.Number)
	if !ok {
		return 0
	}
	n, err := number.Int64()
	if err != nil {
		return 0
	}
	return n
}

// token compares the header, the claims and the life of a token in the answer.
func (c *comparison) token(t *testing.T, at string, a answer) {
	t.Helper()
	recorded := c.exchange.JWTs[at]
	live := a.strOr(t, strings.TrimPrefix(at, "body."))
	if !jwtText.MatchString(live) {
		return // the body differs already
	}
	parts := strings.Split(live, ".")
	header, payload := decodeJWTPart(t, parts[0]), decodeJWTPart(t, parts[1])
	c.value("token header", recorded.Header, header)
	if got := seconds(payload["exp"]) - seconds(payload["iat"]); got != recorded.Lifetime {
		c.differ("life of the token", recorded.Lifetime, got)
	}
	if age := time.Now().Unix() - seconds(payload["iat"]); age < 0 || age > 60 {
		c.differ("age of the token", 0, age)
	}
	want := maps.Clone(recorded.Payload)
	for _, claim := range []string{"iat", "exp"} {
		want[claim] = payload[claim]
	}
	if text(want, "purpose") == "reset" {
		require.Regexp(t, uuidText, text(payload, "jti"))
		want["jti"] = payload["jti"] // new in each token
	} else if isInvite(want) {
		require.Regexp(t, uuidText, text(payload, "jti"))
		require.Equal(t, a.str(t, "invite.id"), text(payload, "id"))
		want["jti"], want["id"] = payload["jti"], payload["id"]
	} else {
		c.identity(text(want, "auth_identity_id"), text(payload, "auth_identity_id"))
		want["auth_identity_id"] = payload["auth_identity_id"]
		if text(want, "mfa_challenge_completed_at") != "" {
			want["mfa_challenge_completed_at"] = "<iso8601ms>"
		}
	}
	c.value("token", c.world.liveClaim(want), payload)
}

// identity checks that people stay who they are: who was one in the recordings
// is one here, who was two is two.
func (c *comparison) identity(recorded, live string) {
	for _, p := range c.world.cast.people {
		if p.live == "" || (p.recorded == recorded) == (p.live == live) {
			continue
		}
		c.differ("identity", "who is one in the recordings is one here, who is two is two", p.email)
		return
	}
}
