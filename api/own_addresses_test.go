package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/limits"
)

func mailAddress(email string) object { return object{"entity_id": email, "entity_type": "email"} }

const foreignAddress = `{"type":"not_allowed","message":"Only an address of your own can be verified, such as the one that you sign in with."}`

// An address that the account asked to change to may be verified, by the identity that
// asked. The answer does not tell that another account has it, and nothing is mailed there.
func TestVerifyingTheAddressOfARunningEmailChange(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada, bob := w.customer("ada@example.com"), w.customer("bob@example.com")
	for _, to := range []string{"new@example.com", "bob@example.com"} {
		w.requested(ada, mailAddress(to)).is(t, foreignAddress)
		require.Equal(t, 202, w.do("POST", "/store/customers/me/email", object{"email": to}, bearer(ada)).StatusCode)
		r := w.requested(ada, mailAddress(to))
		require.Equal(t, 201, r.StatusCode, r.body)
		require.Equal(t, to, r.value(t, "verification.entity_id"))
		require.Nil(t, r.value(t, "verification.verified_at"))
	}
	require.Equal(t, "new@example.com", w.flows.codesSent[0].Recipient)
	require.Empty(t, w.flows.codesSent[1].Recipient, "it is bob's")

	w.requested(ada, mailAddress("new@example.com")).is(t, foreignAddress) // superseded by the second request
	w.requested(bob, mailAddress("new@example.com")).is(t, foreignAddress)
	w.requested(ada, object{"entity_id": "bob@example.com", "entity_type": "phone_number"}).is(t, foreignAddress)
	asked := w.flows.pendings
	require.Equal(t, 201, w.requested(ada, mailAddress("ada@example.com")).StatusCode)
	require.Equal(t, asked, w.flows.pendings, "no flow is asked about an address of their own")

	w.flows.failWith(everlatch.Unavailable("The service", nil))
	require.Equal(t, 503, w.requested(ada, mailAddress("bob@example.com")).StatusCode)
}

// Free and taken addresses cost the same mails.
func TestMailsToAComingAddressAreCounted(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"new@example.com", "bob@example.com"} {
		w := limited(t, limits.Options{Mail: []limits.Rate{{Count: 2, Per: time.Hour}}})
		ada := w.customer("ada@example.com")
		w.customer("bob@example.com")
		require.Equal(t, 202, w.do("POST", "/store/customers/me/email", object{"email": to}, bearer(ada)).StatusCode)
		require.Equal(t, 201, w.requested(ada, mailAddress(to)).StatusCode)
		requireLimited(t, w.requested(ada, mailAddress(to)), "1800")
	}
}

// The address of a pending invite may be verified by the identity that shows its token.
func TestVerifyingTheAddressOfAnInvite(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin := w.admin("root@example.com")
	id, token := w.invite(admin, "invited@example.com")
	_, other := w.invite(admin, "other@example.com")
	caller := w.registered("user", "private@example.com")
	request := func(token string) reply {
		return w.do("POST", "/auth/verification/request", mailAddress("Invited@example.com"), bearer(caller), with("X-Invite-Token", token))
	}
	w.requested(caller, mailAddress("invited@example.com")).is(t, foreignAddress)
	request(other).is(t, foreignAddress)
	require.Equal(t, 401, request(token+"x").StatusCode)
	require.Empty(t, w.flows.codesSent)

	r := request(token)
	require.Equal(t, 201, r.StatusCode, r.body)
	require.Equal(t, "Invited@example.com", w.flows.codesSent[0].Recipient)

	require.Equal(t, 200, w.do("DELETE", "/admin/invites/"+id, nil, bearer(admin)).StatusCode)
	require.Equal(t, 401, request(token).StatusCode, "it is revoked")
}
