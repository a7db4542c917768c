package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

func TestCreateCustomerAccount(t *testing.T) {
	t.Parallel()

	t.Run("address taken by another account", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.acts.Accounts.AnyEmail = true
		twoIdentities(t, h)
		before := h.snapshot(t)

		out, err := createCustomer(t, h, "authid_2", "cus_2", "Ada@Example.com")

		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeDuplicate, "Customer with this email already has an account")
		require.Equal(t, before, h.snapshot(t))
	})

	t.Run("identity already linked: the new customer is undone", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.acts.Accounts.AnyEmail = true
		register(t, h, "authid_1")
		_, err := createCustomer(t, h, "authid_1", "cus_1", email)
		require.NoError(t, err)
		before := h.snapshot(t)

		out, err := createCustomer(t, h, "authid_1", "cus_2", "other@example.com")

		require.NoError(t, err)
		require.NotNil(t, out.Refusal)
		require.Equal(t, everlatch.CodeNotAllowed, out.Refusal.Code)
		require.Equal(t, before, h.snapshot(t))
	})

	t.Run("identity gone: the new customer is undone", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)

		out, err := createCustomer(t, h, "authid_gone", "cus_1", email)

		require.NoError(t, err)
		require.NotNil(t, out.Refusal)
		require.Equal(t, everlatch.CodeNotFound, out.Refusal.Code)
		require.Empty(t, h.snapshot(t)["customers"])
		require.Empty(t, h.snapshot(t)["events"])
	})
}

func TestCreateUserAccount(t *testing.T) {
	t.Parallel()

	t.Run("user exists: the new identity is undone", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		_, err := createUser(t, h)
		require.NoError(t, err)
		before := h.snapshot(t)
		now := h.clock.Now()

		out, err := perform[workflows.UserAccount](t, h, "create-user-account/authid_v/1",
			workflows.CreateUserAccount, workflows.CreateUserAccountInput{
				AuthIdentityID: "authid_v",
				Registration: &workflows.Registration{
					Provider: "emailpass", Request: h.seal(t, "second@example.com", password), ProviderIdentityID: "pi_v",
				},
				User: everlatch.User{ID: "user_2", Email: "ROOT@example.com", CreatedAt: now, UpdatedAt: now},
			})

		require.NoError(t, err)
		require.NotNil(t, out.Refusal)
		require.Equal(t, before, h.snapshot(t))
	})

	t.Run("refused registration creates nothing", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		now := h.clock.Now()

		out, err := perform[workflows.UserAccount](t, h, "create-user-account/authid_v/1",
			workflows.CreateUserAccount, workflows.CreateUserAccountInput{
				AuthIdentityID: "authid_v",
				Registration: &workflows.Registration{
					Provider: "emailpass", Request: h.seal(t, "second@example.com", "short"), ProviderIdentityID: "pi_v",
				},
				User: everlatch.User{ID: "user_2", Email: "second@example.com", CreatedAt: now, UpdatedAt: now},
			})

		require.NoError(t, err)
		require.NotNil(t, out.Refusal)
		require.Empty(t, h.snapshot(t)["users"])
	})
}

func TestRemoveAccount(t *testing.T) {
	t.Parallel()

	remove := func(t *testing.T, h *house, id string) error {
		t.Helper()
		_, err := perform[workflows.Outcome](t, h, "remove-customer-account/"+id+"/1",
			workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: id})
		return err
	}

	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, remove(t, newHouse(t), "cus_nope"))
	})

	t.Run("has_account without an identity", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		_, err := h.store.CreateCustomer(t.Context(), everlatch.Customer{
			ID: "cus_1", Email: new(email), HasAccount: true, CreatedAt: h.clock.Now(), UpdatedAt: h.clock.Now(),
		}, everlatch.Event{})
		require.NoError(t, err)

		require.NoError(t, remove(t, h, "cus_1"))

		require.Equal(t, []string{"cus_1 removed"}, h.snapshot(t)["customers"])
	})

	t.Run("a failed second removal does not bring the first back", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		_, err := createCustomer(t, h, "authid_1", "cus_1", email)
		require.NoError(t, err)
		require.NoError(t, remove(t, h, "cus_1"))
		before := h.snapshot(t)
		h.faults.set(fault{activities: []string{"RemoveCustomer"}, times: -1, after: true})

		_, err = perform[workflows.Outcome](t, h, "remove-customer-account/cus_1/2",
			workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_1"})

		require.Error(t, err)
		require.Equal(t, before, h.snapshot(t))
	})

	t.Run("tokens and sessions end at once", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		twoIdentities(t, h)
		before, err := h.store.Standing(t.Context(), "authid_2", "customer", "")
		require.NoError(t, err)
		require.Equal(t, "cus_1", before.ActorID)

		require.NoError(t, remove(t, h, "cus_1"))

		_, err = h.store.Standing(t.Context(), "authid_1", "customer", "")
		require.ErrorIs(t, err, everlatch.ErrNotFound)
		after, err := h.store.Standing(t.Context(), "authid_2", "customer", "")
		require.NoError(t, err)
		require.Empty(t, after.ActorID)
		require.Greater(t, after.CredentialVersion, before.CredentialVersion)
	})
}

func TestSetAuthAppMetadata(t *testing.T) {
	t.Parallel()

	t.Run("another actor of the type is linked", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		require.NoError(t, setVendor(t, h, new("vendor_1")))

		require.ErrorIs(t, setVendor(t, h, new("vendor_2")), everlatch.ErrNotAllowed)

		require.Equal(t, []string{"authid_1 vendor vendor_1"}, h.snapshot(t)["links"])
	})

	t.Run("the same actor again", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		require.NoError(t, setVendor(t, h, new("vendor_1")))
		require.NoError(t, setVendor(t, h, new("vendor_1")))
	})

	t.Run("unlinked and linked again", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		require.NoError(t, setVendor(t, h, new("vendor_1")))
		require.NoError(t, setVendor(t, h, nil))
		require.NoError(t, setVendor(t, h, nil), "unlinking what is not linked is not an error")
		require.NoError(t, setVendor(t, h, new("vendor_2")))
		require.Equal(t, []string{"authid_1 vendor vendor_2"}, h.snapshot(t)["links"])
	})

	t.Run("unknown identity", func(t *testing.T) {
		t.Parallel()
		require.ErrorIs(t, setVendor(t, newHouse(t), new("vendor_1")), everlatch.ErrNotFound)
	})
}

// TestRemoveOrphans covers docs/weak-spots.md#w4: identities that never got an actor go after the
// grace period, each with an event; used and linked ones stay.
func TestRemoveOrphans(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	register(t, h, "authid_1")
	in := registerInput(t, h, "authid_2")
	in.Request = h.seal(t, "linked@example.com", password)
	_, err := perform[workflows.Login](t, h, "register/2", workflows.Register, in)
	require.NoError(t, err)
	_, err = createCustomer(t, h, "authid_2", "cus_2", "linked@example.com")
	require.NoError(t, err)
	h.clock.Advance(100 * time.Hour)
	in = registerInput(t, h, "authid_3")
	in.Request = h.seal(t, "fresh@example.com", password)
	_, err = perform[workflows.Login](t, h, "register/3", workflows.Register, in)
	require.NoError(t, err)

	env := h.env(t, "remove-orphans")
	env.SetStartTime(h.clock.Now())
	env.ExecuteWorkflow(workflows.RemoveOrphans, workflows.RemoveOrphansInput{Grace: 72 * time.Hour})
	require.NoError(t, env.GetWorkflowError())

	s := h.snapshot(t)
	require.Equal(t, []string{"authid_2 vlive", "authid_3 vlive"}, s["identities"])
	require.Contains(t, s["events"], "auth.orphan_removed released")
}

func TestCleanUp(t *testing.T) {
	t.Parallel()

	t.Run("sweeps what has expired, past a failed batch", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		ref := h.seal(t, email, password)
		h.clock.Advance(time.Hour)
		kept := h.seal(t, email, password)
		h.faults.set(fault{activities: []string{"SweepExpired"}, times: 2})

		env := h.env(t, "clean-up")
		env.ExecuteWorkflow(workflows.CleanUp)

		require.NoError(t, env.GetWorkflowError())
		_, err := h.vault.Get(t.Context(), ref)
		require.Error(t, err)
		_, err = h.vault.Get(t.Context(), kept)
		require.NoError(t, err)
	})

	t.Run("gives up after ten failures and leaves the rest to the next run", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.faults.set(fault{activities: []string{"SweepExpired"}, times: -1})

		env := h.env(t, "clean-up")
		env.ExecuteWorkflow(workflows.CleanUp)

		require.Error(t, env.GetWorkflowError())
		require.Equal(t, 10, h.faults.called("SweepExpired"))
	})
}
