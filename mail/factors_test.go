package mail_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

func factorEvent(name string) everlatch.Event {
	data := everlatch.Metadata{"auth_identity_id": "authid_01", "email": "ada@example.com", "actor_type": everlatch.ActorCustomer}
	if name == everlatch.EventRecoveryCodeUsed {
		data["left"] = 9.0 // as decoded from JSON
	} else {
		data["mfa_id"], data["provider"] = "authmfa_01", "totp"
	}
	return event(name, data)
}

func factorRemovedByAdministrator() everlatch.Event {
	e := factorEvent(everlatch.EventMFADisabled)
	e.Data["disabled_by"] = everlatch.Metadata{"actor_type": "user", "actor_id": "user_01"}
	e.Data["reason"] = "The phone was\nlost <b>."
	return e
}

// TestPendingFactorIsNotTold: a factor that was never enabled has no address to tell.
func TestPendingFactorIsNotTold(t *testing.T) {
	t.Parallel()
	e := factorEvent(everlatch.EventMFADisabled)
	delete(e.Data, "email")
	_, sends, err := mailer(t, nil).Render(e)
	require.NoError(t, err)
	require.False(t, sends)
}
