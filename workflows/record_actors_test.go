//go:build record

package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// actors records what becomes of managers, a custom actor type.
func (r *recorder) actors(t *testing.T) {
	t.Helper()
	h := r.house
	for _, id := range []string{"authid_m1", "authid_m2"} {
		h.identity(t, id)
	}
	create := func(identity, id, mail string) workflows.CreateActorAccountInput {
		return workflows.CreateActorAccountInput{
			AuthIdentityID: identity, Fingerprint: "f",
			Actor: everlatch.ActorRecord{ID: id, ActorType: "manager", Data: everlatch.Metadata{"email": mail, "name": "Ada"}},
		}
	}
	update := func(id, name string) workflows.UpdateActorInput {
		return workflows.UpdateActorInput{ActorType: "manager", ActorID: id, Change: everlatch.Metadata{"name": name}}
	}
	remove := func(id string) everlatch.ActorRef {
		return everlatch.ActorRef{ActorType: "manager", ActorID: id}
	}
	r.keep(t, "CreateActorAccount/created", workflows.CreateActorAccount, create("authid_m1", "mana_1", "ada@example.com"))
	r.keep(t, "CreateActorAccount/value_taken", workflows.CreateActorAccount, create("authid_m2", "mana_2", "ADA@example.com"))
	r.keep(t, "CreateActorAccount/identity_linked", workflows.CreateActorAccount, create("authid_m1", "mana_3", "b@example.com"))
	r.keep(t, "UpdateActor/updated", workflows.UpdateActor, update("mana_1", "Grace"))
	r.keep(t, "UpdateActor/refused", workflows.UpdateActor, update("mana_1", "Reserved"))

	// A minute each: all retries of a step must pass.
	h.faults.set(fault{activities: []string{"LinkActor"}, times: -1, after: true})
	r.keepSlow(t, "CreateActorAccount/undone", workflows.CreateActorAccount, create("authid_m2", "mana_4", "c@example.com"))
	h.faults.set(fault{activities: []string{"UpdateActor"}, times: -1})
	r.keepSlow(t, "UpdateActor/broken", workflows.UpdateActor, update("mana_1", "Linus"))
	h.faults.set(fault{activities: []string{"RemoveIdentity"}, times: -1, after: true})
	r.keepSlow(t, "RemoveActorAccount/undone", workflows.RemoveActorAccount, remove("mana_1"))
	h.faults.set()

	require.NoError(t, linkVendor(t, h, "authid_m1"))
	r.keep(t, "RemoveActorAccount/shared", workflows.RemoveActorAccount, remove("mana_1"))
	r.keep(t, "CreateActorAccount/created_again", workflows.CreateActorAccount, create("authid_m2", "mana_5", "ada@example.com"))
	r.keep(t, "RemoveActorAccount/removed", workflows.RemoveActorAccount, remove("mana_5"))
	r.keep(t, "RemoveActorAccount/unknown", workflows.RemoveActorAccount, remove("mana_nope"))
}
