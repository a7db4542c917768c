package flows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/embedded"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
	"github.com/everlatch/everlatch/worker"
)

// service is flows with a real server, whose worker may be away.
type service struct {
	t        *testing.T
	server   *embedded.Server
	temporal client.Client
	store    *store.Store
	flows    *flows.Client
	options  flows.Options
	acts     activities.All
}

func startService(t *testing.T, o embedded.Options) *service {
	t.Helper()
	server, err := embedded.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	now := func() time.Time { return time.Now().UTC() }
	ring, err := vault.NewKeyRing([]vault.Key{{ID: "k", Secret: vault.NewSecret(make([]byte, vault.KeyBytes))}})
	require.NoError(t, err)
	c, err := temporalkit.Dial(temporalkit.Options{
		Client: client.Options{HostPort: server.Address(), Namespace: server.Namespace()}, Sealing: temporalkit.Sealing{Ring: ring}, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	s := storetest.Open(t, now)
	v := vault.New(s, ring, time.Minute, now)
	registry := providers.NewRegistry()
	emailpassProvider, err := emailpass.New(emailpass.Options{Argon2: emailpass.Argon2{MemoryKiB: 8, Time: 1, Parallelism: 1}})
	require.NoError(t, err)
	require.NoError(t, registry.Add("emailpass", emailpassProvider))
	signer, err := tokens.New(tokens.Config{Secret: []byte("a secret of the tests, long enough")}, now)
	require.NoError(t, err)
	options := flows.Options{Temporal: c, Vault: v, Ring: ring, Now: now, Log: slog.New(slog.DiscardHandler)}
	f := flows.New(options)
	t.Cleanup(f.Close)
	return &service{t: t, server: server, temporal: c, store: s, flows: f, options: options, acts: activities.New(activities.Deps{
		Store: s, Vault: v, Providers: registry, Tokens: signer, Now: now,
	})}
}

// with returns other options.
func (s *service) with(change func(o *flows.Options)) flows.Options {
	o := s.options
	change(&o)
	return o
}

// work runs a worker until stop is called.
func (s *service) work() (stop func()) {
	s.t.Helper()
	w := worker.New(s.temporal, s.acts, worker.Options{TaskQueue: flows.TaskQueue, Log: slog.New(slog.DiscardHandler)})
	require.NoError(s.t, w.Start())
	return w.Stop
}

func (s *service) input(password string) providers.Input {
	return providers.Input{Body: map[string]any{"email": "ada@example.com", "password": password}}
}

// A caller who got no answer, because the worker was away, sends the same request
// again and gets the answer of the first one, though the flow is over.
func TestRetryGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	s := startService(t, embedded.Options{})
	stop := s.work()
	_, err := s.flows.Register(t.Context(), flows.AuthRequest{ActorType: "customer", Provider: "emailpass", Input: s.input("a good horse")})
	require.NoError(t, err)
	reset := flows.ResetRequest{ActorType: "customer", Provider: "emailpass", EntityKey: "ada@example.com"}
	issued, err := s.flows.IssuePasswordReset(t.Context(), reset, everlatch.Principal{ActorType: "user", ActorID: "user_1"})
	require.NoError(t, err)
	stop()
	chosen := flows.NewPassword{
		ActorType: "customer", Provider: "emailpass", EntityKey: "ada@example.com", TokenID: issued.Grant.TokenID, Input: s.input("another horse"),
	}

	impatient, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	require.Error(t, s.flows.CompletePasswordReset(impatient, chosen))
	defer s.work()()
	require.Eventually(t, func() bool {
		return s.flows.CompletePasswordReset(t.Context(), chosen) == nil
	}, 20*time.Second, 100*time.Millisecond)

	runs, err := s.temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowType = 'PasswordReset'"})
	require.NoError(t, err)
	require.NotEmpty(t, runs.GetExecutions())
	require.NoError(t, s.flows.CompletePasswordReset(t.Context(), chosen), "also now that it is over")
	_, err = s.flows.Authenticate(t.Context(), flows.AuthRequest{ActorType: "customer", Provider: "emailpass", Input: s.input("another horse")})
	require.NoError(t, err)

	other := chosen
	other.Input = s.input("a third horse")
	require.ErrorIs(t, s.flows.CompletePasswordReset(t.Context(), other), &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonTokenInvalid},
		"another request is another update")
}

// Accepting an invite again, after the answer was lost, gives the user that was
// created; an invite that was never made leaves its Idempotency-Key free.
func TestRetriedInvite(t *testing.T) {
	t.Parallel()
	s := startService(t, embedded.Options{})
	defer s.work()()
	login, err := s.flows.Register(t.Context(), flows.AuthRequest{ActorType: "user", Provider: "emailpass", Input: s.input("a good horse")})
	require.NoError(t, err)
	request := flows.InviteRequest{InviteOffer: everlatch.InviteOffer{Email: "ada@example.com"}, By: everlatch.ActorRef{ActorType: "user", ActorID: "user_9"}, IdempotencyKey: "k"}
	invited, err := s.flows.CreateInvite(t.Context(), request)
	require.NoError(t, err)
	again, err := s.flows.CreateInvite(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, invited.ID, again.ID)

	accept := flows.InviteAcceptance{Invite: invited.Invite, VerifiedEmail: "ada@example.com", AuthIdentityID: login.Principal.AuthIdentityID}
	user, err := s.flows.AcceptInvite(t.Context(), accept)
	require.NoError(t, err)
	same, err := s.flows.AcceptInvite(t.Context(), accept)
	require.NoError(t, err)
	require.Equal(t, user, same)
	accept.Invite.Accepted = true // as it is stored now
	same, err = s.flows.AcceptInvite(t.Context(), accept)
	require.NoError(t, err)
	require.Equal(t, user, same)
	other := accept
	other.FirstName = new("Eve")
	_, err = s.flows.AcceptInvite(t.Context(), other)
	require.ErrorIs(t, err, everlatch.ErrNotFound, "another request is not answered, and starts nothing")
	again, err = s.flows.CreateInvite(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, invited.ID, again.ID, "the key keeps its answer")
}

// A link that is opened twice gets the first answer while the flow waits for
// whether the change is undone, also when it has continued as new in between.
func TestRetryWhileTheFlowGoesOn(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]embedded.Options{
		"the same run": {}, "the next run": {ContinueAsNewAfter: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, o)
			defer s.work()()
			login, err := s.flows.Register(t.Context(), flows.AuthRequest{
				ActorType: "customer", Provider: "emailpass", Input: s.input("a good horse"), Customer: &everlatch.Customer{Email: new("ada@example.com")},
			})
			require.NoError(t, err)
			actor := everlatch.ActorRef{ActorType: "customer", ActorID: login.Principal.ActorID}
			require.NoError(t, s.flows.RequestEmailChange(t.Context(), flows.EmailRequest{
				Actor: actor, AuthIdentityID: login.Principal.AuthIdentityID, CredentialVersion: login.Principal.CredentialVersion, Email: "new@example.com",
			}))
			token := s.emailToken(everlatch.EventEmailRequested, tokens.PurposeEmail)

			for range 3 {
				email, err := s.flows.ConfirmEmailChange(t.Context(), actor, token)
				require.NoError(t, err)
				require.Equal(t, "new@example.com", email)
			}
			undo := s.emailToken(everlatch.EventEmailChanged, tokens.PurposeEmailUndo)
			email, err := s.flows.UndoEmailChange(t.Context(), actor, undo)
			require.NoError(t, err)
			require.Equal(t, "ada@example.com", email, "it happened once, and is undone")
		})
	}
}

// emailToken returns the id of the token that the only event of a name mails.
func (s *service) emailToken(event string, purpose tokens.Purpose) string {
	s.t.Helper()
	events, _, err := s.store.Events(s.t.Context(), store.EventFilter{Name: event}, store.Page{})
	require.NoError(s.t, err)
	require.Len(s.t, events, 1)
	ref, sealed := everlatch.SecretOf(events[0].Data["token"])
	require.True(s.t, sealed)
	secret, err := s.acts.Emails.Vault.Get(s.t.Context(), vault.Ref(ref))
	require.NoError(s.t, err)
	said, err := s.acts.Emails.Tokens.VerifyEmail(string(secret.Reveal()), purpose)
	require.NoError(s.t, err)
	return said.ID
}
