package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// directory is a provider that asks another machine.
type directory struct{ providers.Credentials }

func (directory) Slow() bool { return true }

// Register implements [providers.Registrar].
func (d directory) Register(ctx context.Context, in providers.Input, rec *providers.Record) (providers.Verdict, error) {
	return d.Credentials.(providers.Registrar).Register(ctx, in, rec) //nolint:forcetypeassert // it is one
}

// A provider that calls another machine is asked on the queue for slow work alone,
// whichever flow asks it; one that does not is asked at once.
func TestSlowProvider(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]bool{"emailpass": false, "directory": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			hashes, err := h.providers.Credentials("emailpass")
			require.NoError(t, err)
			require.NoError(t, h.providers.Add("directory", directory{hashes}))
			queued := 0
			h.own = func(env *testsuite.TestWorkflowEnvironment) {
				env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
					if info.TaskQueue == workflows.SlowQueue("everlatch") {
						queued++
					}
				})
			}

			in := registerInput(t, h, "authid_1")
			in.Provider = name
			registered, err := perform[workflows.Login](t, h, "register/1", workflows.Register, in)
			require.NoError(t, err)
			require.Nil(t, registered.Refusal)
			login, err := perform[workflows.Login](t, h, "authenticate/1", workflows.Authenticate, workflows.AuthenticateInput{
				ActorType: "customer", Provider: name, Request: h.seal(t, email, password),
			})
			require.NoError(t, err)
			require.Equal(t, "authid_1", login.Principal.AuthIdentityID)

			identity, err := h.store.Identity(t.Context(), "authid_1")
			require.NoError(t, err)
			changed, err := perform[workflows.Outcome](t, h, "update/1", workflows.UpdateProvider, workflows.UpdateProviderInput{
				Provider: name, Credential: identity.Providers[0], Version: identity.CredentialVersion,
				ActorType: "customer", Request: h.seal(t, email, "another good horse"), EventID: "evt_1",
			})
			require.NoError(t, err)
			require.Nil(t, changed.Refusal)

			if slow {
				require.Equal(t, 3, queued, "registration, sign-in and new password")
			} else {
				require.Zero(t, queued)
			}
		})
	}
}

// Update implements [providers.Updater].
func (d directory) Update(ctx context.Context, in providers.Input, rec providers.Record) (providers.Verdict, error) {
	return d.Credentials.(providers.Updater).Update(ctx, in, rec) //nolint:forcetypeassert // it is one
}

// Subject implements [providers.Updater].
func (d directory) Subject(id string) providers.Subject {
	return d.Credentials.(providers.Updater).Subject(id) //nolint:forcetypeassert // it is one
}

// A sign-in whose caller has waited too long does no work.
func TestLateSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	register(t, h, "authid_1")
	late := func(ctx workflow.Context, in workflows.AuthenticateInput) (workflows.Login, error) {
		if err := workflow.Sleep(ctx, 6*time.Second); err != nil { // as if it had waited for a worker
			return workflows.Login{}, err
		}
		return workflows.Authenticate(ctx, in)
	}
	h.own = func(env *testsuite.TestWorkflowEnvironment) { env.RegisterWorkflow(late) }
	in := workflows.AuthenticateInput{ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, password)}

	in.BeginWithin = 5 * time.Second
	_, err := perform[workflows.Login](t, h, "authenticate/1", late, in)
	require.ErrorIs(t, err, everlatch.ErrUnavailable)
	require.Zero(t, h.faults.called("CheckCredentials"))

	in.BeginWithin = 7 * time.Second
	login, err := perform[workflows.Login](t, h, "authenticate/2", late, in)
	require.NoError(t, err)
	require.Equal(t, "authid_1", login.Principal.AuthIdentityID)
}
