package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// learn notes which live things an exchange made.
func (w *world) learn(t *testing.T, e exchange, a answer) {
	t.Helper()
	for _, j := range e.JWTs {
		w.learnToken(t, j.Payload, a)
	}
	for i, header := range e.Response.Headers.SetCookie {
		if live := a.header.Values("Set-Cookie"); i < len(live) {
			if recorded := parseCookie(header); recorded.sid != "" {
				w.sessions[recorded.sid] = parseCookie(live[i])
			}
		}
	}
	for _, event := range e.Events {
		if event.Name == "auth.password_reset" && a.status == 201 {
			w.learnReset(t, event.Data)
		}
		if event.Name == "auth.verification_requested" && a.status == 201 {
			w.learnCode(t, text(event.Data, "entity_id"), text(event.Data, "entity_type"), text(event.Data, "code"))
		}
	}
	if a.status != 200 {
		return
	}
	w.learnFactor(t, e, a)
	if strings.HasSuffix(e.Request.Path, "/emailpass/update") {
		w.learnChange(t, e)
	}
	for _, event := range e.Events {
		w.learnEvent(t, e, event.Name, text(event.Data, "id"), a)
	}
	if key := a.strOr(t, "api_key.token"); strings.HasPrefix(key, "sk_") && w.secretKey == "" {
		w.secretKey = key
	}
}

func (w *world) learnToken(t *testing.T, recorded object, a answer) {
	t.Helper()
	w.learnInvite(t, recorded, a)
	p := w.cast.people[text(recorded, "auth_identity_id")]
	token := a.strOr(t, "token")
	if p == nil || token == "" {
		return
	}
	payload := claims(t, token)
	if p.live == "" {
		p.live = text(payload, "auth_identity_id")
	}
	if p.live == text(payload, "auth_identity_id") {
		kind := tokenKind{text(payload, "actor_type"), text(payload, "actor_id") != "", text(recorded, "mfa_challenge_completed_at")}
		p.tokens[kind] = token
	}
}

func (w *world) learnEvent(t *testing.T, e exchange, event, recorded string, a answer) {
	t.Helper()
	switch event {
	case "customer.created":
		if p := w.cast.caller(t, e); p != nil && p.links["customer"] == recorded {
			w.linked(p, "customer", a.str(t, "customer.id"))
		}
	case "user.created":
		if p := w.cast.caller(t, e); p != nil && p.invited {
			p.links["user"] = recorded
			w.linked(p, "user", a.str(t, "user.id"))
		}
	case "customer.customer-address.created":
		customer, _ := a.json(t)["customer"].(object)
		addresses, _ := customer["addresses"].([]any)
		require.NotEmpty(t, addresses)
		newest, _ := addresses[len(addresses)-1].(object)
		w.ids[recorded] = text(newest, "id")
	}
}
