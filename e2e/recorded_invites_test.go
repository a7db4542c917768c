package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const acceptPath = "/admin/invites/accept"

// isInvite tells the claims of an invite's token, which has no purpose in the
// recordings.
func isInvite(claims object) bool { return strings.HasPrefix(text(claims, "id"), "invite_") }

func (r recordedToken) isInvite() bool { return isInvite(r.payload) }

// asInvite reads a text that may be the token of an invite.
func asInvite(token string) (recordedToken, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return recordedToken{}, false
	}
	r := recordedToken{text: token}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	return r, err == nil && json.Unmarshal(raw, &r.payload) == nil && r.isInvite()
}

// findInvited says who becomes a user in the sample, and what is known of the
// invites whose making it leaves out.
func (c *cast) findInvited(t *testing.T, all []exchange) {
	t.Helper()
	for _, e := range all {
		for _, found := range jwtText.FindAllString(e.Request.Path, -1) {
			if invite, ok := asInvite(found); ok {
				c.invites[invite.str("id")] = invite
			}
		}
		if p := c.caller(t, e); p != nil && strings.HasPrefix(e.Request.Path, acceptPath) && e.Response.Status == 200 {
			p.invited = true
		}
	}
}

// inviteToken returns the live token for a recorded one, and makes the invite
// where the sample does not.
func (w *world) inviteToken(t *testing.T, recorded recordedToken) string {
	t.Helper()
	jti := recorded.str("jti")
	if w.invited[jti] == "" {
		a := w.inviteAddress(t, recorded.str("email"))
		w.invited[jti], w.ids[recorded.str("id")] = a.str(t, "invite.token"), a.str(t, "invite.id")
	}
	return w.invited[jti]
}

func (w *world) inviteAddress(t *testing.T, email string) answer {
	t.Helper()
	a := w.call(t, "POST", "/admin/invites", object{"email": email}, bearer(w.administrator(t))...)
	require.Equal(t, 200, a.status, "inviting %s: %s", email, a.raw)
	return a
}

// administrator returns a token of a user who was one from the beginning.
func (w *world) administrator(t *testing.T) string {
	t.Helper()
	for _, p := range w.cast.people {
		if p.links["user"] != "" && !p.invited && p.email == "admin@example.com" {
			return w.token(t, p, "user", true)
		}
	}
	const inviter = "inviter@example.com"
	if w.issued[inviter] == "" {
		w.command(t, "user", "create", "-e", inviter, "-p", password)
		a := w.call(t, "POST", "/auth/user/emailpass", object{"email": inviter, "password": password})
		require.Equal(t, 200, a.status, "%s", a.raw)
		w.issued[inviter] = a.str(t, "token")
	}
	return w.issued[inviter]
}

// inviteLeftOut makes the invite that a path names and the sample does not make.
func (w *world) inviteLeftOut(t *testing.T, e exchange) {
	t.Helper()
	for _, id := range recordedID.FindAllString(e.Request.Path, -1) {
		if recorded, ok := w.cast.invites[id]; ok && w.ids[id] == "" {
			w.inviteToken(t, recorded)
		}
	}
}

// withLiveInvites exchanges the tokens of invites in a body.
func (w *world) withLiveInvites(t *testing.T, body []byte) []byte {
	t.Helper()
	return jwtText.ReplaceAllFunc(body, func(found []byte) []byte {
		if invite, ok := asInvite(string(found)); ok {
			return []byte(w.inviteToken(t, invite))
		}
		return found
	})
}

// learnInvite notes the token of an invite that an exchange has made or sent
// again.
func (w *world) learnInvite(t *testing.T, recorded object, a answer) {
	t.Helper()
	if token := a.strOr(t, "invite.token"); isInvite(recorded) && token != "" {
		w.invited[text(recorded, "jti")], w.ids[text(recorded, "id")] = token, a.str(t, "invite.id")
	}
}

// inBody is the exchange that sends the token in the body. Here it counts, and the
// exchanges after it need the invite again: so another identity plays it, with
// another invite.
func inBody(t *testing.T) (bearer, invite recordedToken) {
	t.Helper()
	for _, e := range loadGroup(t, "invites") {
		if e.Name != "accept-token-in-body" {
			continue
		}
		var signed, invited bool
		bearer, signed = e.token(t)
		invite, invited = asInvite(jwtText.FindString(string(e.Request.Body)))
		require.True(t, signed && invited)
	}
	require.NotEmpty(t, invite.text)
	return bearer, invite
}

const lent = "another identity"

func (w *world) lendInvite(t *testing.T) {
	t.Helper()
	bearer, invite := inBody(t)
	w.issued[lent], w.invited[lent] = w.issued[bearer.text], w.invited[invite.str("jti")]
	const email = "another@example.com"
	a := w.call(t, "POST", "/auth/user/emailpass/register", object{"email": email, "password": password})
	require.Equal(t, 200, a.status, "%s", a.raw)
	w.issued[bearer.text] = a.str(t, "token")
	w.invited[invite.str("jti")] = w.inviteAddress(t, email).str(t, "invite.token")
}

func (w *world) takeInviteBack(t *testing.T) {
	t.Helper()
	bearer, invite := inBody(t)
	w.issued[bearer.text], w.invited[invite.str("jti")] = w.issued[lent], w.invited[lent]
}

// sessionOfInvited signs the invited one in who appears by a cookie alone.
func (w *world) sessionOfInvited(t *testing.T) {
	t.Helper()
	for _, e := range loadGroup(t, "invites") {
		if e.Name != "accept-with-session-cookie" {
			continue
		}
		a := w.call(t, "POST", "/auth/user/emailpass/register", object{"email": "inv4@example.com", "password": password})
		require.Equal(t, 200, a.status, "%s", a.raw)
		a = w.call(t, "POST", "/auth/session", nil, bearer(a.str(t, "token"))...)
		require.Equal(t, 200, a.status, "%s", a.raw)
		w.sessions[parseCookie(e.Request.Headers["cookie"]).sid] = parseCookie(a.header.Get("Set-Cookie"))
	}
}
