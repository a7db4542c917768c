//go:build record

package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// TestRecordReads keeps histories of the flows that record what they read before they change
// it. Those that were kept before read it in local steps.
func TestRecordReads(t *testing.T) {
	const since = "_since_recorded_reads"
	desk := &desk{rows: map[string]string{}}
	r := newRecorder(t, desk)
	h := r.house
	h.acts.Accounts.AnyEmail = true
	now := h.clock.Now()

	h.identity(t, "authid_1")
	meta := func(actor *string) workflows.SetAuthAppMetadataInput {
		return workflows.SetAuthAppMetadataInput{AuthIdentityID: "authid_1", ActorType: "vendor", ActorID: actor}
	}
	r.keep(t, "SetAuthAppMetadata/linked"+since, workflows.SetAuthAppMetadata, meta(new("vendor_1")))
	r.keep(t, "SetAuthAppMetadata/refused"+since, workflows.SetAuthAppMetadata, meta(new("vendor_2")))
	r.keep(t, "SetAuthAppMetadata/unlinked"+since, workflows.SetAuthAppMetadata, meta(nil))
	cancelled := "SetAuthAppMetadata/cancelled_during_FindLink" + since
	h.faults.set(fault{activities: []string{"FindLink"}, meanwhile: func() {
		require.NoError(t, r.client.CancelWorkflow(t.Context(), r.id(cancelled), ""))
	}})
	r.keep(t, cancelled, workflows.SetAuthAppMetadata, meta(new("vendor_3")))
	require.Positive(t, h.faults.called("FindLink"))
	h.faults.set()

	_, err := createCustomer(t, h, "authid_1", "cus_1", "a@example.com")
	require.NoError(t, err)
	r.keep(t, "RemoveCustomerAccount/removed"+since, workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_1"})

	for _, id := range []string{"user_1", "user_2"} {
		_, err := perform[workflows.UserAccount](t, h, "create-user/"+id, workflows.CreateUserAccount, workflows.CreateUserAccountInput{
			AuthIdentityID: "authid_" + id,
			Registration: &workflows.Registration{
				Provider: "emailpass", Request: h.seal(t, id+"@example.com", password), ProviderIdentityID: "pi_" + id,
			},
			User: everlatch.User{ID: id, Email: id + "@example.com", CreatedAt: now, UpdatedAt: now},
		})
		require.NoError(t, err)
	}
	require.NoError(t, linkVendor(t, h, "authid_user_1"))
	r.keep(t, "RemoveUserAccount/shared"+since, workflows.RemoveUserAccount, workflows.RemoveAccountInput{ActorID: "user_1"})
	h.faults.set(fault{activities: []string{"FindIdentities"}, times: -1, err: errRefusedStep})
	r.keep(t, "RemoveUserAccount/failed"+since, workflows.RemoveUserAccount, workflows.RemoveAccountInput{ActorID: "user_2"})
	h.faults.set()

	h.identity(t, "authid_m")
	_, err = perform[workflows.ActorAccount](t, h, "create-manager/mana_1", workflows.CreateActorAccount, workflows.CreateActorAccountInput{
		AuthIdentityID: "authid_m", Fingerprint: "f",
		Actor: everlatch.ActorRecord{ID: "mana_1", ActorType: "manager", Data: everlatch.Metadata{"email": "m@example.com", "name": "Ada"}},
	})
	require.NoError(t, err)
	manager := everlatch.ActorRef{ActorType: "manager", ActorID: "mana_1"}
	h.faults.set(fault{activities: []string{"RemoveIdentity"}, times: -1, after: true})
	r.keepSlow(t, "RemoveActorAccount/undone"+since, workflows.RemoveActorAccount, manager)
	h.faults.set()
	r.keep(t, "RemoveActorAccount/removed"+since, workflows.RemoveActorAccount, manager)

	r.keep(t, "signUpCourier/hired"+since, signUpCourier, signUpInput{ID: "cour_1", Request: h.seal(t, "courier@example.com", password)})
	r.keep(t, "removeCourier/removed"+since, removeCourier, deskInput{ID: "cour_1"})
}
