package workflows_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// managerType is a custom actor type, kept by the built-in store.
func managerType(t *testing.T, s *store.Store) everlatch.ActorType {
	t.Helper()
	m, err := everlatch.ActorType{
		Name: "manager",
		Fields: []everlatch.Field{
			{Name: "email", Kind: everlatch.FieldEmail, Unique: true},
			{Name: "name", Kind: everlatch.FieldString, Nullable: true},
			{Name: "prefs", Kind: everlatch.FieldObject},
		},
		Validate: func(_ context.Context, record everlatch.Metadata) error {
			if record["name"] == "Reserved" {
				return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "This name is reserved."}
			}
			return nil
		},
	}.Complete()
	require.NoError(t, err)
	m.Store = s.Records(m)
	return m
}

func createManager(t *testing.T, h *house, identity, id, mail string) (workflows.ActorAccount, error) {
	t.Helper()
	return perform[workflows.ActorAccount](t, h, "create-manager-account/"+identity+"/"+id,
		workflows.CreateActorAccount, workflows.CreateActorAccountInput{
			AuthIdentityID: identity,
			Actor:          everlatch.ActorRecord{ID: id, ActorType: "manager", Data: everlatch.Metadata{"email": mail}},
		})
}

func updateManager(t *testing.T, h *house, id string, change everlatch.Metadata) (workflows.ActorAccount, error) {
	t.Helper()
	return perform[workflows.ActorAccount](t, h, "update-manager/"+id+"/1", workflows.UpdateActor,
		workflows.UpdateActorInput{ActorType: "manager", ActorID: id, Change: change})
}

func removeManager(t *testing.T, h *house, id string) (workflows.Outcome, error) {
	t.Helper()
	return perform[workflows.Outcome](t, h, workflows.RemovalID("manager", id),
		workflows.RemoveActorAccount, everlatch.ActorRef{ActorType: "manager", ActorID: id})
}

// twoManagerIdentities makes a manager with two identities, of which the second
// serves a vendor as well.
func twoManagerIdentities(t *testing.T, h *house) {
	t.Helper()
	twoIdentities(t, h)
	_, err := perform[workflows.Outcome](t, h, "set-auth-app-metadata/authid_2/x", workflows.SetAuthAppMetadata,
		workflows.SetAuthAppMetadataInput{AuthIdentityID: "authid_2", ActorType: "customer"})
	require.NoError(t, err)
	_, err = perform[workflows.Outcome](t, h, "set-auth-app-metadata/authid_1/x", workflows.SetAuthAppMetadata,
		workflows.SetAuthAppMetadataInput{AuthIdentityID: "authid_1", ActorType: "customer"})
	require.NoError(t, err)
	out, err := createManager(t, h, "authid_1", "mana_1", email)
	require.NoError(t, err)
	require.Nil(t, out.Refusal)
	_, err = perform[workflows.Outcome](t, h, "set-auth-app-metadata/authid_2/y", workflows.SetAuthAppMetadata,
		workflows.SetAuthAppMetadataInput{AuthIdentityID: "authid_2", ActorType: "manager", ActorID: new("mana_1")})
	require.NoError(t, err)
}

func actorSagas() map[string]saga {
	return map[string]saga{
		"CreateActorAccount": {
			steps:   []string{"CreateActor", "LinkActor"},
			lasting: []string{"ReleaseEvents"},
			prepare: func(t *testing.T, h *house) { register(t, h, "authid_1") },
			run: func(t *testing.T, h *house) error {
				_, err := createManager(t, h, "authid_1", "mana_1", email)
				return err
			},
			done: func(t *testing.T, h *house) {
				s := h.snapshot(t)
				require.Equal(t, []string{`mana_1 {"email":"` + email + `"} live`}, s["actors"])
				require.Equal(t, []string{"authid_1 manager mana_1"}, s["links"])
				require.Equal(t, []string{
					"auth.actor_linked released", "auth.identity_registered released", "manager.created released",
				}, s["events"])
			},
		},
		"RemoveActorAccount of two identities, one shared": {
			steps:   []string{"FindIdentities", "RemoveActor", "RemoveIdentity", "UnlinkActor"},
			lasting: []string{"PurgeIdentity", "ReleaseEvents"},
			prepare: twoManagerIdentities,
			run: func(t *testing.T, h *house) error {
				_, err := removeManager(t, h, "mana_1")
				return err
			},
			done: func(t *testing.T, h *house) {
				s := h.snapshot(t)
				require.Equal(t, []string{`mana_1 {"email":"` + email + `"} removed`}, s["actors"])
				require.Equal(t, []string{"authid_2 vlive"}, s["identities"])
				require.Equal(t, []string{"authid_2 vendor vendor_1"}, s["links"])
				require.Contains(t, s["events"], "manager.deleted released")
				require.Contains(t, s["events"], "auth.account_deleted released")
			},
		},
	}
}

func TestEveryStepOfActorsFails(t *testing.T) {
	t.Parallel()
	everyStepFails(t, actorSagas())
}

func TestCreateActorAccount(t *testing.T) {
	t.Parallel()

	t.Run("value taken by another record", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		twoManagerIdentities(t, h)
		before := h.snapshot(t)

		out, err := createManager(t, h, "authid_1", "mana_2", "ADA@example.com")

		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeInvalidData, "Manager with email: ADA@example.com, already exists.")
		require.Equal(t, before, h.snapshot(t))
	})

	t.Run("identity already linked: the new record is undone", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		twoManagerIdentities(t, h)
		before := h.snapshot(t)

		out, err := createManager(t, h, "authid_1", "mana_2", "other@example.com")

		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeNotAllowed, "The auth identity is already linked to another manager.")
		require.Equal(t, before, h.snapshot(t))
	})

	t.Run("identity gone: the new record is undone", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)

		out, err := createManager(t, h, "authid_gone", "mana_1", email)

		require.NoError(t, err)
		require.NotNil(t, out.Refusal)
		require.Equal(t, everlatch.CodeNotFound, out.Refusal.Code)
		require.Empty(t, h.snapshot(t)["actors"])
		require.Empty(t, h.snapshot(t)["events"])
	})

	t.Run("an undefined type", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)

		out, err := perform[workflows.ActorAccount](t, h, "create/1", workflows.CreateActorAccount, workflows.CreateActorAccountInput{
			AuthIdentityID: "authid_1", Actor: everlatch.ActorRecord{ID: "cour_1", ActorType: "courier"},
		})

		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeNotFound, "There is no actor type courier.")
	})
}

func TestUpdateActor(t *testing.T) {
	t.Parallel()

	manager := func(t *testing.T) *house {
		t.Helper()
		h := newHouse(t)
		register(t, h, "authid_1")
		_, err := createManager(t, h, "authid_1", "mana_1", email)
		require.NoError(t, err)
		return h
	}

	for step, lasting := range map[string]bool{"UpdateActor": false, "RecordEvent": true, "ReleaseEvents": true} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s fails, after effect %v", step, after), func(t *testing.T) {
				t.Parallel()
				h := manager(t)
				h.faults.set(fault{activities: []string{step}, times: 1, after: after})

				out, err := updateManager(t, h, "mana_1", everlatch.Metadata{"name": "Ada", "prefs": map[string]any{"a": 1.0}})

				require.NoError(t, err)
				require.Equal(t, "Ada", out.Actor.Data["name"])
				require.Equal(t, []string{`mana_1 {"email":"` + email + `","name":"Ada","prefs":{"a":1}} live`}, h.snapshot(t)["actors"])
				require.Contains(t, h.snapshot(t)["events"], "manager.updated released")
				if lasting {
					return
				}
				before := h.snapshot(t)
				h.faults.set(fault{activities: []string{step}, times: -1})
				_, err = updateManager(t, h, "mana_1", everlatch.Metadata{"name": "Grace"})
				require.Error(t, err)
				require.Equal(t, before, h.snapshot(t))
			})
		}
	}

	t.Run("objects are merged, null clears", func(t *testing.T) {
		t.Parallel()
		h := manager(t)
		_, err := updateManager(t, h, "mana_1", everlatch.Metadata{"name": "Ada", "prefs": map[string]any{"a": 1.0, "b": 2.0}})
		require.NoError(t, err)
		out, err := updateManager(t, h, "mana_1", everlatch.Metadata{"name": nil, "prefs": map[string]any{"a": ""}, "unknown": 1})
		require.NoError(t, err)
		require.Equal(t, everlatch.Metadata{"email": email, "name": nil, "prefs": map[string]any{"b": 2.0}}, out.Actor.Data)
	})

	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		h := manager(t)
		before := h.snapshot(t)

		out, err := updateManager(t, h, "mana_1", everlatch.Metadata{"name": "Reserved"})
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeInvalidData, "This name is reserved.")
		out, err = updateManager(t, h, "mana_9", everlatch.Metadata{"name": "Ada"})
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeNotFound, `Manager with id "mana_9" not found`)

		require.Equal(t, before, h.snapshot(t))
	})
}

func TestRemoveActorAccount(t *testing.T) {
	t.Parallel()

	t.Run("an unknown record, or an unknown type", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		out, err := removeManager(t, h, "mana_nope")
		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		require.Empty(t, h.snapshot(t)["events"])
		out, err = perform[workflows.Outcome](t, h, "remove/1", workflows.RemoveActorAccount,
			everlatch.ActorRef{ActorType: "courier", ActorID: "cour_1"})
		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeNotFound, "There is no actor type courier.")
	})

	t.Run("a failed second removal does not bring the first back, and tells nothing", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		twoManagerIdentities(t, h)
		_, err := removeManager(t, h, "mana_1")
		require.NoError(t, err)
		before := h.snapshot(t)
		h.faults.set(fault{activities: []string{"RemoveActor"}, times: -1, after: true})

		_, err = removeManager(t, h, "mana_1")

		require.Error(t, err)
		require.Equal(t, before, h.snapshot(t))
	})

	t.Run("tokens and sessions end at once", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		twoManagerIdentities(t, h)
		before, err := h.store.Standing(t.Context(), "authid_2", "manager", "")
		require.NoError(t, err)
		require.Equal(t, "mana_1", before.ActorID)

		_, err = removeManager(t, h, "mana_1")
		require.NoError(t, err)

		_, err = h.store.Standing(t.Context(), "authid_1", "manager", "")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		after, err := h.store.Standing(t.Context(), "authid_2", "manager", "")
		require.NoError(t, err)
		require.Empty(t, after.ActorID)
		require.Greater(t, after.CredentialVersion, before.CredentialVersion)
	})
}

// docs/weak-spots.md#w17: a manager is told about another way to sign in where their record says.
func TestManagersAreToldAboutTheirIdentity(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.known(t, "authid_1", "elsewhere", "sub-1", "ada@example.com")
	_, err := createManager(t, h, "authid_1", "mana_1", "ada@work.example.com")
	require.NoError(t, err)

	out, err := perform[workflows.LinkedIdentity](t, h, "link-identity/authid_1/1", workflows.LinkIdentity, workflows.LinkIdentityInput{
		AuthIdentityID: "authid_1", ActorType: "manager", Provider: "emailpass", Request: h.seal(t, "ada@example.com", password),
		ProviderIdentityID: "pi_new", EventID: "evt_linked",
	})

	require.NoError(t, err)
	require.Nil(t, out.Refusal)
	e, err := h.store.Event(t.Context(), "evt_linked")
	require.NoError(t, err)
	require.Equal(t, "ada@work.example.com", e.Data["email"])
}
