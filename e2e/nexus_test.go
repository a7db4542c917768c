package e2e_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/nexus-rpc/sdk-go/nexus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/nexusauth"
)

// secretKey creates an administrator's secret API key on the command line.
func (p *process) secretKey(t *testing.T) string {
	t.Helper()
	for field := range strings.FieldsSeq(p.command(t, "key", "create", "--type", "secret", "--title", "shop")) {
		if strings.HasPrefix(field, "sk_") {
			return field
		}
	}
	t.Fatal("no key was printed")
	return ""
}

func typed(email, password string) nexusauth.Credentials {
	return nexusauth.Credentials{ActorType: "customer", Provider: "emailpass", Body: object{"email": email, "password": password}}
}

func requireUnauthorized(t *testing.T, err error) *everlatch.Error {
	t.Helper()
	e, ok := nexusauth.AsError(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, everlatch.CodeUnauthorized, e.Code, "%v", err)
	return e
}

// requireHandlerError checks an error that is no refusal.
func requireHandlerError(t *testing.T, err error, kind nexus.HandlerErrorType) {
	t.Helper()
	wrong, ok := errors.AsType[*nexus.HandlerError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, kind, wrong.Type, "%v", err)
}

// TestNexus is the guide: a workflow of another namespace registers a user, signs them in,
// links and unlinks them, and resets their password.
func TestNexus(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{})
	c := newCaller(t, p, p.secretKey(t))

	registered, err := calls(t, c, nexusauth.Register, typed("nexus@example.com", password))
	require.NoError(t, err)
	require.True(t, registered.Created)
	id := registered.AuthIdentityID
	again, err := calls(t, c, nexusauth.Register, typed("nexus@example.com", password))
	require.NoError(t, err)
	require.Equal(t, nexusauth.Authentication{AuthIdentityID: id, Provider: "emailpass", ActorType: "customer"}, again, "as the route does")

	_, err = calls(t, c, nexusauth.SetAppMetadata, nexusauth.Link{AuthIdentityID: id, ActorType: "customer", ActorID: "cus_1"})
	require.NoError(t, err)
	in, err := calls(t, c, nexusauth.Authenticate, typed("Nexus@example.com", password))
	require.NoError(t, err)
	require.Equal(t, []string{id, "cus_1"}, []string{in.AuthIdentityID, in.ActorID})
	_, err = calls(t, c, nexusauth.Authenticate, typed("nexus@example.com", "wrong horse"))
	require.Equal(t, "Invalid email or password", requireUnauthorized(t, err).Message)

	_, err = calls(t, c, nexusauth.StartPasswordReset, nexusauth.ResetRequest{ActorType: "customer", Provider: "emailpass", Identifier: "nexus@example.com"})
	require.NoError(t, err)
	token := p.resetToken(t, "nexus@example.com", 1)
	_, err = calls(t, c, nexusauth.CompletePasswordReset, nexusauth.NewPassword{Token: token, Body: object{"password": "another good horse"}})
	require.NoError(t, err)
	_, err = calls(t, c, nexusauth.CompletePasswordReset, nexusauth.NewPassword{Token: token, Body: object{"password": "a third good horse"}})
	requireUnauthorized(t, err)
	_, err = calls(t, c, nexusauth.Authenticate, typed("nexus@example.com", "another good horse"))
	require.NoError(t, err)

	found, err := calls(t, c, nexusauth.FindIdentities, everlatch.ActorRef{ActorType: "customer", ActorID: "cus_1"})
	require.NoError(t, err)
	require.Equal(t, []nexusauth.LinkedIdentity{{AuthIdentityID: id}}, found.Identities)
	emitted, err := calls(t, c, nexusauth.Emit, nexusauth.Event{Name: "courier.hired", Data: object{"id": "cou_1"}})
	require.NoError(t, err)
	require.NotEmpty(t, emitted.EventID)
	_, err = calls(t, c, nexusauth.UnsetAppMetadata, nexusauth.Unlink{AuthIdentityID: id, ActorType: "customer"})
	require.NoError(t, err)
	_, err = calls(t, c, nexusauth.DeleteAuthIdentity, nexusauth.Identity{AuthIdentityID: id})
	require.NoError(t, err)
	_, err = calls(t, c, nexusauth.Authenticate, typed("nexus@example.com", "another good horse"))
	requireUnauthorized(t, err)

	requireHandlerError(t, c.send(t, nexusauth.Authenticate.Name(), typed("nexus@example.com", password), nil), nexus.HandlerErrorTypeBadRequest)
	stranger := *c
	keys, err := nexusauth.FetchKeys(t.Context(), nil, p.base)
	require.NoError(t, err)
	stranger.sealer, err = nexusauth.NewSealer(nexusauth.SealerOptions{Keys: keys, APIKey: "sk_made_up"})
	require.NoError(t, err)
	_, err = calls(t, &stranger, nexusauth.Authenticate, typed("nexus@example.com", password))
	requireHandlerError(t, err, nexus.HandlerErrorTypeUnauthenticated)

	out := p.command(t, "nexus", "setup")
	require.Contains(t, out, "The endpoint everlatch leads to this service already.")
	fromCommand, err := nexusauth.ParseKeys([]byte(p.command(t, "nexus", "keys")))
	require.NoError(t, err)
	require.Equal(t, keys, fromCommand)
}

// TestNexusRepeats sends one sealed input 50 times at once: there is one flow, one answer,
// and a wrong password counts once.
func TestNexusRepeats(t *testing.T) {
	t.Parallel()
	p := startDev(t, devOptions{env: []string{"EVERLATCH_ENCRYPTION_KEYS=" + encryptionKeys}})
	c := newCaller(t, p, p.secretKey(t))

	register := sealedFor(t, c, nexusauth.Register, typed("race@example.com", password))
	answers := atOnce(50, func() (out nexusauth.Authentication, err error) {
		err = c.send(t, nexusauth.Register.Name(), register, &out)
		return out, err
	})
	for _, a := range answers {
		require.NoError(t, a.err)
		require.Equal(t, answers[0].out, a.out)
	}
	require.True(t, answers[0].out.Created)

	wrong := sealedFor(t, c, nexusauth.Authenticate, typed("race@example.com", "wrong horse"))
	for _, a := range atOnce(50, func() (out nexusauth.Authentication, err error) {
		err = c.send(t, nexusauth.Authenticate.Name(), wrong, &out)
		return out, err
	}) {
		requireUnauthorized(t, a.err)
	}
	right := sealedFor(t, c, nexusauth.Authenticate, typed("race@example.com", password))
	for _, a := range atOnce(50, func() (out nexusauth.Authentication, err error) {
		err = c.send(t, nexusauth.Authenticate.Name(), right, &out)
		return out, err
	}) {
		require.NoError(t, a.err, "50 times the same wrong password are one attempt, which locks nothing")
		require.Equal(t, answers[0].out.AuthIdentityID, a.out.AuthIdentityID)
	}

	require.Eventually(t, func() bool { // the index lags a little behind
		count, err := p.temporalClient(t).CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Query: "WorkflowType IN ('Register', 'Authenticate')",
		})
		require.NoError(t, err)
		require.LessOrEqual(t, count.Count, int64(3))
		return count.Count == 3
	}, waitFor, tick)
}

type outcome[O any] struct {
	out O
	err error
}

func atOnce[O any](n int, do func() (O, error)) []outcome[O] {
	out := make([]outcome[O], n)
	var all sync.WaitGroup
	for i := range out {
		all.Go(func() { out[i].out, out[i].err = do() })
	}
	all.Wait()
	return out
}

// fromAnotherNamespace calls the operations that take secrets, with success and refusal.
func fromAnotherNamespace(t *testing.T, p *process, secrets map[string]string) *caller {
	t.Helper()
	const first, wrong, changed = "nexus-Secret-of-ida-2f9e", "nexus-wrong-Secret-81cc", "nexus-changed-Secret-07da"
	const address = "ida-of-nexus@example.com"
	key := p.secretKey(t)
	c := newCaller(t, p, key)
	registered, err := calls(t, c, nexusauth.Register, typed(address, first))
	require.NoError(t, err)
	_, err = calls(t, c, nexusauth.Register, typed(address, wrong))
	requireUnauthorized(t, err)
	_, err = calls(t, c, nexusauth.Authenticate, typed(address, wrong))
	requireUnauthorized(t, err)
	_, err = calls(t, c, nexusauth.StartPasswordReset, nexusauth.ResetRequest{ActorType: "customer", Provider: "emailpass", Identifier: address})
	require.NoError(t, err)
	token := p.resetToken(t, address, 1)
	_, err = calls(t, c, nexusauth.CompletePasswordReset, nexusauth.NewPassword{Token: token, Body: object{"password": changed}})
	require.NoError(t, err)
	_, err = calls(t, c, nexusauth.Authenticate, typed(address, changed))
	require.NoError(t, err)
	_, err = calls(t, c, nexusauth.DeleteAuthIdentity, nexusauth.Identity{AuthIdentityID: registered.AuthIdentityID})
	require.NoError(t, err)
	for _, history := range c.histories(t) {
		require.NotContains(t, string(history), address, "nor is an address in the history of the caller")
	}
	secrets["password of Nexus"], secrets["wrong password of Nexus"], secrets["new password of Nexus"] = first, wrong, changed
	secrets["reset token of Nexus"], secrets["API key of Nexus"] = token, key
	return c
}
