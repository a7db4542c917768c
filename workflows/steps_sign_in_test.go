package workflows_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/workflows"
)

// signUpInput asks for a courier who can sign in.
type signUpInput struct {
	ID      string                  `json:"id"`
	Request workflows.SealedRequest `json:"request"`
}

// RemoveCourier is a compensation whose input is not that of its step.
func (d *desk) RemoveCourier(_ context.Context, id string) (activities.None, error) {
	return d.set(id, "")
}

// AnnounceCourier is a last step.
func (d *desk) AnnounceCourier(_ context.Context, _ string) (activities.None, error) {
	return activities.None{}, nil
}

// signUpCourier is a custom workflow with an identity in it.
func signUpCourier(ctx workflow.Context, in signUpInput) (workflows.Login, error) {
	var steps workflows.Steps
	var desk *desk
	login, err := steps.Register(ctx, workflows.AuthenticateInput{ActorType: "courier", Provider: "emailpass", Request: in.Request})
	if err == nil {
		_, err = workflows.Do(ctx, &steps, desk.PutCourier, deskInput{ID: in.ID}, desk.RemoveCourier, in.ID)
	}
	if err == nil {
		err = steps.SetAppMetadata(ctx, login.Principal.AuthIdentityID, "courier", in.ID)
	}
	if err == nil {
		_, err = workflows.Run(ctx, desk.AnnounceCourier, in.ID)
	}
	if err == nil {
		err = steps.Emit(ctx, everlatch.Event{Name: "courier.hired", Data: everlatch.Metadata{"id": in.ID}})
	}
	if err != nil {
		return workflows.Login{}, steps.Undo(ctx, err)
	}
	return login, steps.Done(ctx)
}

// signUpByChild has the workflow Register create the identity, and deletes it
// when a later step fails.
func signUpByChild(ctx workflow.Context, in workflows.RegisterInput) (workflows.Login, error) {
	var steps workflows.Steps
	var desk *desk
	var login workflows.Login
	err := workflow.ExecuteChildWorkflow(ctx, workflows.Register, in).Get(ctx, &login)
	if err != nil {
		return login, err
	}
	if _, err = workflows.Run(ctx, desk.AnnounceCourier, "cour_1"); err == nil {
		return login, steps.Done(ctx)
	}
	if login.Created {
		if err := steps.DeleteAuthIdentity(ctx, login.Principal.AuthIdentityID); err != nil {
			return login, err
		}
		if err := steps.Done(ctx); err != nil {
			return login, err
		}
	}
	return login, err
}

// signInTwice authenticates in two steps.
func signInTwice(ctx workflow.Context, in workflows.AuthenticateInput) ([]workflows.Login, error) {
	var steps workflows.Steps
	var out []workflows.Login
	for range 2 {
		login, err := steps.Authenticate(ctx, in)
		if err != nil {
			return nil, steps.Undo(ctx, err)
		}
		out = append(out, login)
	}
	return out, steps.Done(ctx)
}

func withCouriers(t *testing.T, h *house) *desk {
	t.Helper()
	d := &desk{rows: map[string]string{}}
	h.own = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterActivity(d)
		for _, custom := range customWorkflows() {
			env.RegisterWorkflow(custom)
		}
	}
	return d
}

// customWorkflows are those of this file.
func customWorkflows() []any { return []any{signUpCourier, signUpByChild, signInTwice, removeCourier} }

func TestEveryStepOfACustomSignUpFails(t *testing.T) {
	t.Parallel()
	everyStepFails(t, map[string]saga{"a workflow that registers": {
		steps:   []string{"RegisterIdentity", "PutCourier", "FindLink", "LinkActor", "AnnounceCourier", "RecordEvent"},
		lasting: []string{"ReleaseEvents"},
		prepare: func(t *testing.T, h *house) { withCouriers(t, h) },
		run: func(t *testing.T, h *house) error {
			_, err := perform[workflows.Login](t, h, "hire/1", signUpCourier, signUpInput{"cour_1", h.seal(t, email, password)})
			return err
		},
		done: func(t *testing.T, h *house) {
			s := h.snapshot(t)
			require.Len(t, s["identities"], 1)
			require.Len(t, s["links"], 1)
			require.Contains(t, s["events"], "auth.identity_registered released")
			require.False(t, slices.Contains(s["events"], "auth.identity_registered pending"))
		},
	}})
}

func TestStepsRegister(t *testing.T) {
	t.Parallel()

	t.Run("its event is told when the workflow is done", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		d := withCouriers(t, h)
		var during []string
		h.faults.set(fault{activities: []string{"AnnounceCourier"}, meanwhile: func() { during = h.snapshot(t)["events"] }})

		login, err := perform[workflows.Login](t, h, "hire/1", signUpCourier, signUpInput{"cour_1", h.seal(t, email, password)})

		require.NoError(t, err)
		require.True(t, login.Created)
		require.NotEmpty(t, login.TokenID)
		require.Contains(t, during, "auth.identity_registered pending")
		require.NotContains(t, h.snapshot(t)["events"], "auth.identity_registered pending")
		require.Equal(t, map[string]string{"cour_1": "live"}, d.rows)
		signedIn, err := authenticate(t, h, email, password)
		require.NoError(t, err)
		require.Nil(t, signedIn.Refusal)
	})

	t.Run("an identity that existed is not deleted", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		d := withCouriers(t, h)
		register(t, h, "authid_1")
		before := h.snapshot(t)
		h.faults.set(fault{activities: []string{"AnnounceCourier"}, times: -1})

		_, err := perform[workflows.Login](t, h, "hire/1", signUpCourier, signUpInput{"cour_1", h.seal(t, email, password)})

		require.Error(t, err)
		require.Equal(t, before, h.snapshot(t))
		require.Empty(t, d.rows, "the compensation got the id")

		h.faults.set()
		login, err := perform[workflows.Login](t, h, "hire/2", signUpCourier, signUpInput{"cour_1", h.seal(t, email, password)})
		require.NoError(t, err)
		require.False(t, login.Created)
		require.Equal(t, "authid_1", login.Principal.AuthIdentityID)
	})

	t.Run("a refusal is an error, and nothing is left", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		withCouriers(t, h)
		register(t, h, "authid_1")
		before := h.snapshot(t)

		_, err := perform[workflows.Login](t, h, "hire/1", signUpCourier, signUpInput{"cour_1", h.seal(t, email, "another password")})

		require.ErrorIs(t, err, everlatch.ErrUnauthorized)
		require.Equal(t, before, h.snapshot(t))
	})
}

func TestStepsAuthenticate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	withCouriers(t, h)
	h.acts.Credentials.LoginEvents = true
	register(t, h, "authid_1")
	in := workflows.AuthenticateInput{ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, password)}

	logins, err := perform[[]workflows.Login](t, h, "twice/1", signInTwice, in)

	require.NoError(t, err)
	require.Len(t, logins, 2)
	require.Equal(t, "authid_1", logins[0].Principal.AuthIdentityID)
	require.False(t, logins[0].Created)
	require.NotEqual(t, logins[0].TokenID, logins[1].TokenID)
	told := slices.DeleteFunc(h.snapshot(t)["events"], func(e string) bool { return e != "auth.login_succeeded released" })
	require.Len(t, told, 2, "each sign-in is an event of its own")

	in.Request = h.seal(t, email, "wrong password")
	_, err = perform[[]workflows.Login](t, h, "twice/2", signInTwice, in)
	require.ErrorIs(t, err, everlatch.ErrUnauthorized)
}

// A parent that runs Register as a child deletes what that child created and
// leaves what it found.
func TestRegisterAsAChild(t *testing.T) {
	t.Parallel()

	t.Run("created", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		withCouriers(t, h)
		h.faults.set(fault{activities: []string{"AnnounceCourier"}, times: -1})
		_, err := perform[workflows.Login](t, h, "parent/1", signUpByChild, registerInput(t, h, "authid_1"))
		require.Error(t, err)
		require.Empty(t, h.snapshot(t)["identities"])
	})
	t.Run("found", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		withCouriers(t, h)
		require.True(t, register(t, h, "authid_1").Created)
		before := h.snapshot(t)
		h.faults.set(fault{activities: []string{"AnnounceCourier"}, times: -1})
		_, err := perform[workflows.Login](t, h, "parent/1", signUpByChild, registerInput(t, h, "authid_2"))
		require.Error(t, err)
		require.Equal(t, before, h.snapshot(t))
	})
	t.Run("with an account", func(t *testing.T) {
		t.Parallel()
		login, err := signUp(t, newHouse(t), "authid_1", "cus_1")
		require.NoError(t, err)
		require.True(t, login.Created)
	})
}
