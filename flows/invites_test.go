package flows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

var root = everlatch.ActorRef{ActorType: "user", ActorID: "user_9"}

// moved is the last move that was made, and how its execution would start.
type moved struct {
	options client.StartWorkflowOptions
	input   workflows.InvitationInput
	update  client.UpdateWorkflowOptions
}

// invitations makes the next updates return an answer or an error.
func (b *testBundle) invitations(t *testing.T, out any, sendErr error) *moved {
	t.Helper()
	m := &moved{}
	b.temporal.On("NewWithStartWorkflowOperation", mock.Anything, mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		m.options, _ = args.Get(0).(client.StartWorkflowOptions)
		m.input, _ = args.Get(2).(workflows.InvitationInput)
	}).Return(nil)
	handle := mocks.NewWorkflowUpdateHandle(t)
	handle.On("Get", mock.Anything, mock.Anything).Maybe().Run(func(args mock.Arguments) {
		switch to := args.Get(1).(type) {
		case *workflows.IssuedInvite:
			*to, _ = out.(workflows.IssuedInvite)
		case *workflows.UserAccount:
			*to, _ = out.(workflows.UserAccount)
		case *workflows.Outcome:
			*to, _ = out.(workflows.Outcome)
		}
	}).Return(nil)
	b.temporal.On("UpdateWithStartWorkflow", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		o, _ := args.Get(1).(client.UpdateWithStartWorkflowOptions)
		m.update = o.UpdateOptions
	}).Return(handle, sendErr)
	return m
}

func (b *testBundle) sealedToken(t *testing.T) vault.Ref {
	t.Helper()
	ref, err := b.options.Vault.Put(t.Context(), vault.NewSecret([]byte("the token")))
	require.NoError(t, err)
	return ref
}

func graces(key string) flows.InviteRequest {
	return flows.InviteRequest{InviteOffer: everlatch.InviteOffer{Email: "grace@example.com", Roles: []string{"role_1"}}, By: root, IdempotencyKey: key}
}

func TestCreateInvite(t *testing.T) {
	t.Parallel()

	t.Run("starts a flow that names everything it makes, and returns the token", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		m := b.invitations(t, workflows.IssuedInvite{Invite: everlatch.Invite{ID: "invite_1"}, Token: b.sealedToken(t)}, nil)

		issued, err := b.flows.CreateInvite(t.Context(), graces(""))

		require.NoError(t, err)
		require.Equal(t, "invite_1", issued.ID)
		require.Equal(t, "the token", string(issued.Token.Reveal()))
		require.Equal(t, "invitation/"+m.input.InviteID, m.options.ID)
		require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY, m.options.WorkflowIDReusePolicy)
		require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, m.options.WorkflowIDConflictPolicy)
		require.Equal(t, workflows.UpdateInvite, m.update.UpdateName)
		grant := m.input.New.Grant
		require.Regexp(t, `^[0-9a-f-]{36}$`, grant.TokenID)
		require.NotEmpty(t, grant.EventID)
		require.NotEmpty(t, grant.Token)
		require.Equal(t, 24*time.Hour, grant.TTL, "the contract's")
		require.Equal(t, root, grant.InvitedBy)
	})

	t.Run("a key names one flow of the administrator who invites", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		m := b.invitations(t, nil, serviceerror.NewUnavailable("gone"))
		ids := map[string]bool{}
		for _, r := range []flows.InviteRequest{graces("k"), graces("k"), graces("other"), {InviteOffer: everlatch.InviteOffer{Email: "grace@example.com"}, By: everlatch.ActorRef{ActorType: "api-key", ActorID: "apk_1"}, IdempotencyKey: "k"}} {
			_, err := b.flows.CreateInvite(t.Context(), r)
			require.ErrorIs(t, err, everlatch.ErrUnavailable)
			require.Regexp(t, `^invitation/(user|api-key)/k:[a-z2-7]+$`, m.options.ID)
			ids[m.options.ID] = true
		}
		require.Len(t, ids, 3)
	})

	t.Run("a refusal is an error, and another request under the same key a conflict", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.invitations(t, workflows.IssuedInvite{Refusal: &everlatch.Refusal{Code: everlatch.CodeInvalidData, Message: "Taken."}}, nil)
		_, err := b.flows.CreateInvite(t.Context(), graces(""))
		require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "Taken."})
		_, err = b.flows.CreateInvite(t.Context(), graces("k"))
		require.ErrorIs(t, err, everlatch.ErrConflict)
	})

	t.Run("a flow that is over has its first answer in its end", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		token := b.sealedToken(t)
		m := b.invitations(t, nil, serviceerror.NewWorkflowExecutionAlreadyStarted("over", "", ""))
		end := workflows.InvitationEnd{Outcome: workflows.InviteAccepted}
		run := mocks.NewWorkflowRun(t)
		run.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
			if out, ok := args.Get(1).(*workflows.InvitationEnd); ok {
				*out = end
			}
		}).Return(nil)
		b.temporal.On("GetWorkflow", mock.Anything, mock.Anything, "").Return(run)

		_, err := b.flows.CreateInvite(t.Context(), graces("k"))
		require.ErrorIs(t, err, everlatch.ErrConflict, "it knows of no first answer")

		end.Created = &workflows.IssuedInvite{
			Invite: everlatch.Invite{ID: "invite_1"}, Token: token, Fingerprint: m.input.New.Fingerprint,
		}
		issued, err := b.flows.CreateInvite(t.Context(), graces("k"))
		require.NoError(t, err)
		require.Equal(t, "the token", string(issued.Token.Reveal()))
		require.NoError(t, b.options.Vault.Delete(t.Context(), token))
		issued, err = b.flows.CreateInvite(t.Context(), graces("k"))
		require.NoError(t, err)
		require.Empty(t, issued.Token.Reveal(), "it is void")
		_, err = b.flows.CreateInvite(t.Context(), flows.InviteRequest{InviteOffer: everlatch.InviteOffer{Email: "eve@example.com"}, By: root, IdempotencyKey: "k"})
		require.ErrorIs(t, err, everlatch.ErrConflict)
	})
}

// Every other update can restore an invite whose execution has ended, was lost or never
// was.
func TestMovesOfInvites(t *testing.T) {
	t.Parallel()
	refusal := &everlatch.Refusal{Code: everlatch.CodeUnauthorized, Message: "The invite token is invalid"}
	for name, tt := range map[string]struct {
		do     func(ctx context.Context, c *flows.Client, i everlatch.Invite) error
		update string
		fine   any
		no     any // nil where there is nothing to refuse
	}{
		"resend": {
			do: func(ctx context.Context, c *flows.Client, i everlatch.Invite) error {
				_, err := c.ResendInvite(ctx, i, root)
				return err
			},
			update: workflows.UpdateResend, fine: workflows.IssuedInvite{}, no: workflows.IssuedInvite{Refusal: refusal},
		},
		"revoke": {
			do:     func(ctx context.Context, c *flows.Client, i everlatch.Invite) error { return c.RevokeInvite(ctx, i) },
			update: workflows.UpdateRevoke, fine: workflows.Outcome{}, no: workflows.Outcome{Refusal: refusal},
		},
		"accept": {
			do: func(ctx context.Context, c *flows.Client, i everlatch.Invite) error {
				_, err := c.AcceptInvite(ctx, flows.InviteAcceptance{Invite: i, TokenID: "jti_1", AuthIdentityID: "authid_1"})
				return err
			},
			update: workflows.UpdateAccept, fine: workflows.UserAccount{}, no: workflows.UserAccount{Refusal: refusal},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			m := b.invitations(t, tt.fine, nil)
			kept := everlatch.Invite{ID: "invite_1", WorkflowID: "invitation/invite_1"}
			require.NoError(t, tt.do(t.Context(), b.flows, kept))
			require.Equal(t, kept.WorkflowID, m.options.ID)
			require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, m.options.WorkflowIDReusePolicy)
			require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, m.options.WorkflowIDConflictPolicy)
			require.Equal(t, workflows.InvitationInput{InviteID: "invite_1"}, m.input)
			require.Equal(t, tt.update, m.update.UpdateName)
			require.NoError(t, tt.do(t.Context(), b.flows, everlatch.Invite{ID: "invite_2"}))
			require.Equal(t, "invitation/invite_2", m.options.ID, "one that was imported")

			b = setup(t)
			b.invitations(t, tt.no, nil)
			require.ErrorIs(t, tt.do(t.Context(), b.flows, kept), refusal.Err())
			b = setup(t)
			b.invitations(t, nil, serviceerror.NewUnavailable("gone"))
			require.ErrorIs(t, tt.do(t.Context(), b.flows, kept), everlatch.ErrUnavailable)

			// One that was made under an Idempotency-Key: its flow, and when that is
			// over another, so that the first answer stays.
			keyed := everlatch.Invite{ID: "invite_1", WorkflowID: "invitation/user/k:abc"}
			for _, over := range []bool{false, true} {
				b = setup(t)
				handle := mocks.NewWorkflowUpdateHandle(t)
				handle.On("Get", mock.Anything, mock.Anything).Maybe().Return(nil)
				var sendErr error
				if over {
					sendErr = serviceerror.NewNotFound("workflow execution already completed")
					m = b.invitations(t, tt.fine, nil)
				}
				b.temporal.On("UpdateWorkflow", mock.Anything, mock.MatchedBy(func(o client.UpdateWorkflowOptions) bool {
					return o.WorkflowID == keyed.WorkflowID && o.UpdateName == tt.update
				})).Return(handle, sendErr)
				require.NoError(t, tt.do(t.Context(), b.flows, keyed))
			}
			require.Equal(t, "invitation/invite_1", m.options.ID)
		})
	}
}

// docs/weak-spots.md#w6, #w7: what of an acceptance reaches the flow.
func TestAcceptInvite(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.invitations(t, workflows.UserAccount{User: everlatch.User{ID: "user_1"}}, nil)
	user, err := b.flows.AcceptInvite(t.Context(), flows.InviteAcceptance{
		Invite: everlatch.Invite{ID: "invite_1"}, VerifiedEmail: "grace@example.com", AuthIdentityID: "authid_1", FirstName: new("Grace"),
	})
	require.NoError(t, err)
	require.Equal(t, "user_1", user.ID)
	sent, ok := m.update.Args[0].(workflows.AcceptInvite)
	require.True(t, ok)
	require.Empty(t, sent.TokenID)
	require.Equal(t, "grace@example.com", sent.Email)
	require.Equal(t, "authid_1", sent.AuthIdentityID)
	require.Regexp(t, `^user_`, sent.User.ID)
	require.Empty(t, sent.User.Email, "the invited one")
	require.Equal(t, "Grace", *sent.User.FirstName)
	require.NotEmpty(t, sent.EventID)
}
