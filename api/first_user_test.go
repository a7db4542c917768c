package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
)

// TestInviteOfTheFirstUser: the address of such an invite is no one's, so the account gets
// another one.
func TestInviteOfTheFirstUser(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body  object
		email string
	}{
		"the address of the sign-in": {object{}, "me@example.com"},
		"the address of the request": {object{"email": "office@example.com"}, "office@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			invite, err := w.flows.CreateInvite(t.Context(), flows.InviteRequest{InviteOffer: everlatch.InviteOffer{Email: everlatch.FirstUserEmail, ForFirstUser: true}})
			require.NoError(t, err)
			token := string(invite.Token.Reveal())
			accept := func(as string, body object) reply {
				return w.do("POST", "/admin/invites/accept?token="+token, body, bearer(as))
			}
			r := accept(w.registered("user", "me@example.com"), tt.body)
			require.Equal(t, 200, r.StatusCode, r.body)
			require.Equal(t, tt.email, r.text(t, "user.email"))
			require.Equal(t, 401, accept(w.registered("user", "late@example.com"), object{}).StatusCode, "once")
		})
	}
}
