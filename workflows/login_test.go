package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/workflows"
)

const (
	email    = "ada@example.com"
	password = "correct horse battery"
)

// register runs a Register flow that is expected to succeed.
func register(t *testing.T, h *house, identityID string) workflows.Login {
	t.Helper()
	out, err := perform[workflows.Login](t, h, "register/"+identityID, workflows.Register, registerInput(t, h, identityID))
	require.NoError(t, err)
	require.Nil(t, out.Refusal)
	return out
}

func registerInput(t *testing.T, h *house, identityID string) workflows.RegisterInput {
	t.Helper()
	return workflows.RegisterInput{
		ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, password),
		IdentityID: identityID, ProviderIdentityID: "pi_" + identityID,
	}
}

func authenticate(t *testing.T, h *house, mail, pass string) (workflows.Login, error) {
	t.Helper()
	return perform[workflows.Login](t, h, "authenticate/1", workflows.Authenticate, workflows.AuthenticateInput{
		ActorType: "customer", Provider: "emailpass", Request: h.seal(t, mail, pass),
	})
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		mail, pass string
		refusal    string
	}{
		"right password":              {mail: email, pass: password},
		"address in another spelling": {mail: " ADA@Example.com ", pass: password},
		"wrong password":              {mail: email, pass: "wrong horse", refusal: "Invalid email or password"},
		"unknown user":                {mail: "bob@example.com", pass: password, refusal: "Invalid email or password"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			register(t, h, "authid_1")

			out, err := authenticate(t, h, tt.mail, tt.pass)

			require.NoError(t, err, "a refusal is a result, not a failed flow")
			if tt.refusal != "" {
				requireRefusal(t, out.Refusal, everlatch.CodeUnauthorized, tt.refusal)
				require.Empty(t, out.Principal)
				return
			}
			require.Nil(t, out.Refusal)
			require.Equal(t, "authid_1", out.Principal.AuthIdentityID)
			require.Equal(t, "emailpass", out.Principal.AuthProvider)
			require.Empty(t, out.Principal.ActorID)
			require.NotEmpty(t, out.TokenID)
		})
	}
}

func TestAuthenticateSurvivesFaults(t *testing.T) {
	t.Parallel()

	for name, rule := range map[string]fault{
		"step fails once":        {activities: []string{"CheckCredentials"}, times: 1},
		"step fails three times": {activities: []string{"CheckCredentials"}, times: 3},
		"answer is lost":         {activities: []string{"CheckCredentials"}, times: 1, after: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			register(t, h, "authid_1")
			h.faults.set(rule)

			out, err := authenticate(t, h, email, password)

			require.NoError(t, err)
			require.Nil(t, out.Refusal)
			require.Equal(t, rule.times+1, h.faults.called("CheckCredentials"))
		})
	}

	t.Run("step fails for good", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		before := h.snapshot(t)
		h.faults.set(fault{activities: []string{"CheckCredentials"}, times: -1})

		_, err := authenticate(t, h, email, password)

		require.Error(t, err)
		require.NotContains(t, err.Error(), errFault.Error(), "an internal cause stays out of history")
		require.Equal(t, before, h.snapshot(t))
	})
}

func TestRegister(t *testing.T) {
	t.Parallel()

	t.Run("creates an identity without an actor", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)

		out := register(t, h, "authid_1")

		require.Equal(t, "authid_1", out.Principal.AuthIdentityID)
		require.Empty(t, out.Principal.ActorID)
		require.Equal(t, []string{"auth.identity_registered released"}, h.snapshot(t)["events"])
	})

	t.Run("again with the same password before an actor", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		before := h.snapshot(t)

		out := register(t, h, "authid_2")

		require.Equal(t, "authid_1", out.Principal.AuthIdentityID)
		require.Equal(t, before, h.snapshot(t))
	})

	t.Run("again with another password", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		in := registerInput(t, h, "authid_2")
		in.Request = h.seal(t, email, "another password")

		out, err := perform[workflows.Login](t, h, "register/2", workflows.Register, in)

		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeUnauthorized, "Identity with email already exists")
	})

	t.Run("the sealed request is gone", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		in := registerInput(t, h, "authid_1")
		require.NoError(t, h.vault.Delete(t.Context(), in.Request))

		out, err := perform[workflows.Login](t, h, "register/1", workflows.Register, in)

		require.NoError(t, err)
		require.Equal(t, everlatch.CodeInvalidData, out.Refusal.Code)
		require.Empty(t, h.snapshot(t)["identities"])
	})
}

// TestRegisterWithAccount: identity and account appear together or not at all (docs/weak-spots.md#w4).
func TestRegisterWithAccount(t *testing.T) {
	t.Parallel()

	t.Run("of an identity that waited for an actor", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")

		out, err := signUp(t, h, "authid_2", "cus_1")

		require.NoError(t, err)
		require.Nil(t, out.Refusal)
		require.Equal(t, "authid_1", out.Principal.AuthIdentityID)
		s := h.snapshot(t)
		require.Equal(t, []string{"authid_1 vlive"}, s["identities"])
		require.Equal(t, []string{"authid_1 customer cus_1"}, s["links"])
		require.Contains(t, s["events"], "customer.created released")
	})

	t.Run("an account that is refused leaves no identity", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		_, err := h.store.CreateCustomer(t.Context(), everlatch.Customer{
			ID: "cus_1", Email: new(email), HasAccount: true, CreatedAt: h.clock.Now(), UpdatedAt: h.clock.Now(),
		}, everlatch.Event{})
		require.NoError(t, err)
		before := h.snapshot(t)

		out, err := signUp(t, h, "authid_2", "cus_2")

		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeDuplicate, "Customer with this email already has an account")
		require.Empty(t, out.Principal)
		require.Equal(t, before, h.snapshot(t))
	})

	t.Run("an identity that was there before stays", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		before := h.snapshot(t)
		h.faults.set(fault{activities: []string{"LinkActor"}, times: -1, after: true})

		_, err := signUp(t, h, "authid_2", "cus_1")

		require.Error(t, err)
		require.Equal(t, before, h.snapshot(t))
	})

	t.Run("an identity that got an actor meanwhile keeps it", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.faults.set(fault{activities: []string{"LinkActor"}, meanwhile: func() {
			require.NoError(t, h.store.LinkActor(t.Context(), store.Link{
				IdentityID: "authid_1", ActorType: "customer", ActorID: "cus_rival", GroupID: "rival",
			}))
		}})

		out, err := signUp(t, h, "authid_1", "cus_1")

		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeNotAllowed, "The auth identity is already linked to another customer.")
		s := h.snapshot(t)
		require.Equal(t, []string{"authid_1 customer cus_rival"}, s["links"])
		require.Empty(t, s["customers"])
		require.Contains(t, s["events"], "auth.identity_registered released")
	})

	t.Run("a refused registration creates no account", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		_, err := signUp(t, h, "authid_1", "cus_1")
		require.NoError(t, err)
		before := h.snapshot(t)

		out, err := signUp(t, h, "authid_2", "cus_2")

		require.NoError(t, err)
		requireRefusal(t, out.Refusal, everlatch.CodeUnauthorized, "Identity with email already exists")
		require.Equal(t, before, h.snapshot(t))
	})
}

// TestRegisterUndoes makes the only step fail, once and for good, before and
// after it took effect.
func TestRegisterUndoes(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		rule fault
		want int // identities afterwards
	}{
		"fails once":                        {rule: fault{times: 1}, want: 1},
		"answer lost once":                  {rule: fault{times: 1, after: true}, want: 1},
		"fails for good":                    {rule: fault{times: -1}, want: 0},
		"works but is never heard, so undo": {rule: fault{times: -1, after: true}, want: 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			before := h.snapshot(t)
			tt.rule.activities = []string{"RegisterIdentity"}
			h.faults.set(tt.rule)

			_, err := perform[workflows.Login](t, h, "register/1", workflows.Register, registerInput(t, h, "authid_1"))

			require.Equal(t, tt.want == 0, err != nil, "error %v", err)
			after := h.snapshot(t)
			require.Len(t, after["identities"], tt.want)
			if tt.want == 0 {
				require.Equal(t, before, after, "nothing remains")
			}
		})
	}
}

// TestRegisterKeepsWhatItFound covers docs/weak-spots.md#w3: the compensation removes what this
// execution created, never what it merely found.
func TestRegisterKeepsWhatItFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	register(t, h, "authid_1")
	before := h.snapshot(t)
	h.faults.set(fault{activities: []string{"RegisterIdentity"}, times: -1, after: true})

	_, err := perform[workflows.Login](t, h, "register/2", workflows.Register, registerInput(t, h, "authid_2"))

	require.Error(t, err)
	require.Equal(t, 1, h.faults.called("DiscardIdentity"))
	require.Equal(t, before, h.snapshot(t))
}

func TestLoginEvents(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	register(t, h, "authid_1")
	tell := func(mail, pass string) []everlatch.Event {
		_, err := authenticate(t, h, mail, pass)
		require.NoError(t, err)
		var logins []everlatch.Event
		for _, name := range []string{everlatch.EventLoginSucceeded, everlatch.EventLoginFailed} {
			events, _, err := h.store.Events(t.Context(), store.EventFilter{Name: name, Released: new(true)}, store.Page{})
			require.NoError(t, err)
			logins = append(logins, events...)
		}
		_, err = h.store.DB().ExecContext(t.Context(), `DELETE FROM event`)
		require.NoError(t, err)
		return logins
	}
	require.Empty(t, tell(email, password), "off by default")

	h.acts.Credentials.LoginEvents = true
	good := tell(email, password)
	require.Len(t, good, 1)
	require.Equal(t, everlatch.EventLoginSucceeded, good[0].Name)
	require.Equal(t, "authid_1", good[0].AuthIdentityID)
	wrong := tell(email, "wrong horse")
	require.Len(t, wrong, 1)
	require.Equal(t, everlatch.EventLoginFailed, wrong[0].Name)
	require.Equal(t, "authid_1", wrong[0].Data["auth_identity_id"])
	unknown := tell("my password in the wrong field", "x")
	require.Len(t, unknown, 1)
	require.Equal(t, everlatch.Metadata{"actor_type": "customer", "provider": "emailpass"}, unknown[0].Data, "what was typed is not kept")

	h.faults.set(fault{activities: []string{"CheckCredentials"}, times: 1, after: true})
	require.Len(t, tell(email, password), 1, "a repeated step tells once")
}
