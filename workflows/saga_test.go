package workflows_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// saga describes a flow of several steps to [TestEveryStepFails].
type saga struct {
	// steps are the forward activities in order; each may have taken effect
	// before it fails.
	steps []string
	// lasting are steps after the point of no return: they are retried until
	// done, so they never fail for good.
	lasting []string
	prepare func(t *testing.T, h *house)
	run     func(t *testing.T, h *house) error
	// done checks the store after a flow that succeeded.
	done func(t *testing.T, h *house)
}

func sagas() map[string]saga {
	return map[string]saga{
		"CreateCustomerAccount": {
			steps:   []string{"CreateCustomer", "LinkActor"},
			lasting: []string{"ReleaseEvents"},
			prepare: func(t *testing.T, h *house) { register(t, h, "authid_1") },
			run: func(t *testing.T, h *house) error {
				_, err := createCustomer(t, h, "authid_1", "cus_1", email)
				return err
			},
			done: func(t *testing.T, h *house) {
				s := h.snapshot(t)
				require.Equal(t, []string{"cus_1 live"}, s["customers"])
				require.Equal(t, []string{"authid_1 customer cus_1"}, s["links"])
				require.Equal(t, []string{
					"auth.actor_linked released", "auth.identity_registered released", "customer.created released",
				}, s["events"])
			},
		},
		"Register with an account": {
			steps:   []string{"RegisterIdentity", "LinkActor", "CreateCustomer"},
			lasting: []string{"ReleaseEvents"},
			prepare: func(*testing.T, *house) {},
			run: func(t *testing.T, h *house) error {
				out, err := signUp(t, h, "authid_1", "cus_1")
				if err == nil {
					require.Nil(t, out.Refusal)
					require.Equal(t, "cus_1", out.Principal.ActorID)
					require.Equal(t, map[string]string{"customer": "cus_1"}, out.Principal.Links)
				}
				return err
			},
			done: func(t *testing.T, h *house) {
				s := h.snapshot(t)
				require.Equal(t, []string{"authid_1 vlive"}, s["identities"])
				require.Equal(t, []string{"cus_1 live"}, s["customers"])
				require.Equal(t, []string{"authid_1 customer cus_1"}, s["links"])
				require.Equal(t, []string{
					"auth.actor_linked released", "auth.identity_registered released", "customer.created released",
				}, s["events"])
			},
		},
		"Register with a custom actor type": {
			steps:   []string{"RegisterIdentity", "LinkActor", "CreateActor"},
			lasting: []string{"ReleaseEvents"},
			prepare: func(*testing.T, *house) {},
			run: func(t *testing.T, h *house) error {
				in := registerInput(t, h, "authid_1")
				in.ActorType = "manager"
				in.Actor = &everlatch.ActorRecord{ID: "mana_1", ActorType: "manager", Data: everlatch.Metadata{"email": email}}
				out, err := perform[workflows.Login](t, h, "register/authid_1", workflows.Register, in)
				if err == nil {
					require.Nil(t, out.Refusal)
					require.Equal(t, "mana_1", out.Principal.ActorID)
				}
				return err
			},
			done: func(t *testing.T, h *house) {
				s := h.snapshot(t)
				require.Equal(t, []string{"authid_1 manager mana_1"}, s["links"])
				require.Contains(t, s["events"], "manager.created released")
			},
		},
		"CreateUserAccount": {
			steps:   []string{"RegisterIdentity", "CreateUser", "LinkActor"},
			lasting: []string{"ReleaseEvents"},
			prepare: func(*testing.T, *house) {},
			run: func(t *testing.T, h *house) error {
				_, err := createUser(t, h)
				return err
			},
			done: func(t *testing.T, h *house) {
				s := h.snapshot(t)
				require.Equal(t, []string{"user_1 live"}, s["users"])
				require.Equal(t, []string{"authid_u user user_1"}, s["links"])
				require.Contains(t, s["events"], "user.created released")
			},
		},
		"RemoveCustomerAccount of two identities, one shared": {
			steps:   []string{"DescribeAccount", "FindIdentities", "RemoveCustomer", "RemoveIdentity", "UnlinkActor"},
			lasting: []string{"PurgeIdentity", "ReleaseEvents"},
			prepare: func(t *testing.T, h *house) { twoIdentities(t, h) },
			run: func(t *testing.T, h *house) error {
				_, err := perform[workflows.Outcome](t, h, workflows.RemovalID("customer", "cus_1"),
					workflows.RemoveCustomerAccount, workflows.RemoveAccountInput{ActorID: "cus_1"})
				return err
			},
			done: func(t *testing.T, h *house) {
				s := h.snapshot(t)
				require.Equal(t, []string{"cus_1 removed"}, s["customers"])
				require.Equal(t, []string{"authid_2 vlive"}, s["identities"])
				require.Equal(t, []string{"authid_2 vendor vendor_1"}, s["links"])
				require.Contains(t, s["events"], "customer.deleted released")
			},
		},
		"SetAuthAppMetadata links": {
			steps:   []string{"FindLink", "LinkActor"},
			lasting: []string{"ReleaseEvents"},
			prepare: func(t *testing.T, h *house) { register(t, h, "authid_1") },
			run:     func(t *testing.T, h *house) error { return setVendor(t, h, new("vendor_1")) },
			done: func(t *testing.T, h *house) {
				require.Equal(t, []string{"authid_1 vendor vendor_1"}, h.snapshot(t)["links"])
			},
		},
		"SetAuthAppMetadata unlinks": {
			steps:   []string{"FindLink", "UnlinkActor"},
			lasting: []string{"ReleaseEvents"},
			prepare: func(t *testing.T, h *house) {
				register(t, h, "authid_1")
				require.NoError(t, setVendor(t, h, new("vendor_1")))
			},
			run:  func(t *testing.T, h *house) error { return setVendor(t, h, nil) },
			done: func(t *testing.T, h *house) { require.Empty(t, h.snapshot(t)["links"]) },
		},
		"DeleteAuthIdentity": {
			steps:   []string{"RemoveIdentity"},
			lasting: []string{"PurgeIdentity", "ReleaseEvents"},
			prepare: func(t *testing.T, h *house) { register(t, h, "authid_1") },
			run: func(t *testing.T, h *house) error {
				_, err := perform[workflows.Outcome](t, h, "delete-auth-identity/authid_1/1",
					workflows.DeleteAuthIdentity, workflows.DeleteAuthIdentityInput{AuthIdentityID: "authid_1"})
				return err
			},
			done: func(t *testing.T, h *house) {
				s := h.snapshot(t)
				require.Empty(t, s["identities"])
				require.Empty(t, s["credentials"])
			},
		},
	}
}

// TestEveryStepFails makes each step of each saga fail: once, once with the
// answer lost, and together with every later step for good, before and after
// taking effect. Either the flow succeeds whole, or the store is as before.
func TestEveryStepFails(t *testing.T) {
	t.Parallel()
	everyStepFails(t, sagas())
}

func everyStepFails(t *testing.T, all map[string]saga) {
	t.Helper()
	for name, s := range all {
		for i, step := range append(append([]string{}, s.steps...), s.lasting...) {
			t.Run(fmt.Sprintf("%s/cancelled during %s", name, step), func(t *testing.T) {
				t.Parallel()
				h := newHouse(t)
				s.prepare(t, h)
				before := h.snapshot(t)
				h.cancelAt = step

				err := s.run(t, h)

				if i >= len(s.steps) || err == nil && i == len(s.steps)-1 { // what runs is not interrupted
					require.NoError(t, err)
					s.done(t, h)
					return
				}
				require.True(t, temporal.IsCanceledError(err), "%v", err)
				require.Equal(t, before, h.snapshot(t))
			})
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s fails once, after effect %v", name, step, after), func(t *testing.T) {
					t.Parallel()
					h := newHouse(t)
					s.prepare(t, h)
					h.faults.set(fault{activities: []string{step}, times: 1, after: after})
					require.NoError(t, s.run(t, h))
					s.done(t, h)
				})
				if i >= len(s.steps) {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s and later fail for good, after effect %v", name, step, after), func(t *testing.T) {
					t.Parallel()
					h := newHouse(t)
					s.prepare(t, h)
					before := h.snapshot(t)
					h.faults.set(fault{activities: s.steps[i:], times: -1, after: after})

					require.Error(t, s.run(t, h))

					require.Equal(t, before, h.snapshot(t))
				})
			}
		}
	}
}

func createCustomer(t *testing.T, h *house, identity, id, mail string) (workflows.CustomerAccount, error) {
	t.Helper()
	now := h.clock.Now()
	return perform[workflows.CustomerAccount](t, h, "create-customer-account/"+identity+"/"+id,
		workflows.CreateCustomerAccount, workflows.CreateCustomerAccountInput{
			AuthIdentityID: identity,
			Customer: everlatch.Customer{
				ID: id, Email: new(mail), HasAccount: true, CreatedAt: now, UpdatedAt: now,
			},
		})
}

// signUp registers and creates the customer with it.
func signUp(t *testing.T, h *house, identity, customer string) (workflows.Login, error) {
	t.Helper()
	now := h.clock.Now()
	in := registerInput(t, h, identity)
	in.Customer = &everlatch.Customer{ID: customer, Email: new(email), HasAccount: true, CreatedAt: now, UpdatedAt: now}
	return perform[workflows.Login](t, h, "register/"+identity, workflows.Register, in)
}

func createUser(t *testing.T, h *house) (workflows.UserAccount, error) {
	t.Helper()
	now := h.clock.Now()
	return perform[workflows.UserAccount](t, h, "create-user-account/authid_u/1",
		workflows.CreateUserAccount, workflows.CreateUserAccountInput{
			AuthIdentityID: "authid_u",
			Registration: &workflows.Registration{
				Provider: "emailpass", Request: h.seal(t, "root@example.com", password), ProviderIdentityID: "pi_u",
			},
			User: everlatch.User{ID: "user_1", Email: "root@example.com", CreatedAt: now, UpdatedAt: now},
		})
}

func setVendor(t *testing.T, h *house, id *string) error {
	t.Helper()
	out, err := perform[workflows.Outcome](t, h, "set-auth-app-metadata/authid_1/1", workflows.SetAuthAppMetadata,
		workflows.SetAuthAppMetadataInput{AuthIdentityID: "authid_1", ActorType: "vendor", ActorID: id})
	if err == nil && out.Refusal != nil {
		return out.Refusal.Err()
	}
	return err
}

// twoIdentities makes a customer with two identities, of which the second
// also serves a vendor.
func twoIdentities(t *testing.T, h *house) {
	t.Helper()
	register(t, h, "authid_1")
	_, err := createCustomer(t, h, "authid_1", "cus_1", email)
	require.NoError(t, err)
	in := registerInput(t, h, "authid_2")
	in.Request = h.seal(t, "ada@work.example.com", password)
	_, err = perform[workflows.Login](t, h, "register/authid_2", workflows.Register, in)
	require.NoError(t, err)
	for actor, id := range map[string]string{"customer": "cus_1", "vendor": "vendor_1"} {
		_, err = perform[workflows.Outcome](t, h, "set-auth-app-metadata/authid_2/"+actor, workflows.SetAuthAppMetadata,
			workflows.SetAuthAppMetadataInput{AuthIdentityID: "authid_2", ActorType: actor, ActorID: new(id)})
		require.NoError(t, err)
	}
}
