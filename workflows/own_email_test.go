package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

// docs/weak-spots.md#w5: an account has an e-mail of its identity's own.
func TestCustomerEmailIsProved(t *testing.T) {
	t.Parallel()
	const notOwn = "The email of a customer is the one that you sign in with. It can be changed afterwards."
	for name, tt := range map[string]struct {
		entity, verified, claimed, provider string
		written                             string // "" = none
		free                                bool
		want                                string // "" = refused
		code                                everlatch.Code
		message                             string
	}{
		"what they sign in with":              {entity: email, written: email, want: email},
		"written otherwise":                   {entity: email, written: "ADA@Example.com", want: "ADA@Example.com"},
		"none is the one they sign in with":   {entity: "Ada@Example.com", want: "Ada@Example.com"},
		"another user's":                      {entity: email, written: "grace@example.com", code: everlatch.CodeNotAllowed, message: notOwn},
		"proved elsewhere":                    {provider: "elsewhere", entity: "1", verified: email, written: email, want: email},
		"none is the proved one":              {provider: "elsewhere", entity: "1", verified: email, claimed: "Ada@Example.com", want: "Ada@Example.com"},
		"only claimed elsewhere":              {provider: "elsewhere", entity: "1", claimed: email, written: email, code: everlatch.CodeNotAllowed, message: notOwn},
		"a subject elsewhere that looks so":   {provider: "elsewhere", entity: email, written: email, code: everlatch.CodeNotAllowed, message: notOwn},
		"none at all":                         {provider: "elsewhere", entity: "1", code: everlatch.CodeInvalidData, message: "Email is required to create a customer"},
		"a name to sign in with is no e-mail": {entity: "ada", code: everlatch.CodeInvalidData, message: "Email is required to create a customer"},
		"free text":                           {entity: email, written: "grace@example.com", free: true, want: "grace@example.com"},
		"free text is required":               {entity: email, free: true, code: everlatch.CodeInvalidData, message: "Email is required to create a customer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.acts.Accounts.AnyEmail = tt.free
			require.NoError(t, h.acts.Redirects.Providers.Add("elsewhere", &elsewhere{}))
			identity := store.NewIdentity{
				ID: "authid_1", ProviderIdentityID: "pi_1", Provider: "emailpass", EntityID: tt.entity, EntityKey: tt.entity,
				VerifiedEmail: tt.verified, UserMetadata: everlatch.Metadata{"email": tt.claimed},
			}
			if tt.provider != "" {
				identity.Provider = tt.provider
			}
			_, err := h.store.RegisterIdentity(t.Context(), identity)
			require.NoError(t, err)
			in := workflows.CreateCustomerAccountInput{AuthIdentityID: "authid_1", Customer: everlatch.Customer{ID: "cus_1", HasAccount: true}}
			if tt.written != "" {
				in.Customer.Email = &tt.written
			}

			out, err := perform[workflows.CustomerAccount](t, h, "create-customer-account/authid_1/1", workflows.CreateCustomerAccount, in)

			require.NoError(t, err)
			if tt.want == "" {
				requireRefusal(t, out.Refusal, tt.code, tt.message)
				require.Empty(t, h.snapshot(t)["customers"])
				return
			}
			require.Nil(t, out.Refusal)
			require.Equal(t, tt.want, *out.Customer.Email)
		})
	}
}

// A step that was done unheard is done, whatever has become of the identity.
func TestCustomerOfAnEmailThatWasTheirs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	register(t, h, "authid_1")
	_, err := h.store.CreateCustomer(t.Context(), everlatch.Customer{ID: "cus_1", Email: new("b@example.com"), HasAccount: true}, everlatch.Event{})
	require.NoError(t, err)

	out, err := createCustomer(t, h, "authid_1", "cus_1", "b@example.com")

	require.NoError(t, err)
	require.Nil(t, out.Refusal)
	require.Equal(t, "cus_1", out.Customer.ID)
}

// docs/weak-spots.md#w13, #w19: an address that its former owner may have back looks taken, to
// a user who registers and a user who adds a sign-in method.
func TestHeldAddressLooksTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	register(t, h, "authid_1")
	_, err := createCustomer(t, h, "authid_1", "cus_1", email)
	require.NoError(t, err)
	require.NoError(t, h.store.ChangeEmail(t.Context(), store.EmailChange{
		ActorType: "customer", ActorID: "cus_1", From: email, To: "new@example.com", HoldUntil: h.clock.Now().Add(time.Hour),
		Logins: []everlatch.LoginChange{{
			ProviderIdentityID: "pi_authid_1", FormerKey: email, EntityID: "new@example.com", EntityKey: "new@example.com",
		}},
		Events: []everlatch.Event{{ID: "evt_1", Name: everlatch.EventEmailChanged}},
	}))
	again := func(id string) workflows.Login {
		t.Helper()
		out, err := perform[workflows.Login](t, h, "register/customer/"+id, workflows.Register, workflows.RegisterInput{
			ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, password),
			IdentityID: "authid_" + id, ProviderIdentityID: "pi_" + id,
		})
		require.NoError(t, err)
		return out
	}

	requireRefusal(t, again("2").Refusal, everlatch.CodeUnauthorized, "Identity with email already exists")
	h.known(t, "authid_3", "elsewhere", "3", email)
	linked, err := perform[workflows.LinkedIdentity](t, h, "link-identity/authid_3/1", workflows.LinkIdentity, workflows.LinkIdentityInput{
		AuthIdentityID: "authid_3", ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, password),
		ProviderIdentityID: "pi_4", EventID: "evt_4",
	})
	require.NoError(t, err)
	requireRefusal(t, linked.Refusal, everlatch.CodeDuplicate, "Another account signs in with this emailpass account.")

	h.clock.Advance(time.Hour)
	require.Nil(t, again("5").Refusal)
}
