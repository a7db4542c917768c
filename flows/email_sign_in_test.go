package flows_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/temporalkit"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/workflows"
)

// A request goes to the one flow of the address, from every caller, and each names what it
// creates.
func TestRequestEmailCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var ids []string
	bindings := map[string]bool{}
	named := map[workflows.EmailCodeNames]bool{}
	b.temporal.On("SignalWithStartWorkflow", mock.Anything, mock.Anything, workflows.SignalAskCode, mock.Anything, mock.Anything,
		mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		ids = append(ids, args.String(1))
		ask, _ := args.Get(3).(workflows.EmailCodeRequest)
		require.NotContains(t, fmt.Sprintf("%+v", ask), "browser", "a binding tells nothing")
		bindings[ask.Binding], named[ask.Names] = true, true
		in, _ := args.Get(6).(workflows.EmailSignInInput)
		require.Equal(t, ids[len(ids)-1], "email-sign-in/"+in.Provider+"/h:"+in.Flow)
	}).Return(mocks.NewWorkflowRun(t), nil)
	ask := func(actorType, email, browser string) {
		require.NoError(t, b.flows.RequestEmailCode(t.Context(), flows.EmailCodeRequest{
			ActorType: actorType, Provider: "emailcode", Email: email, Browser: browser,
		}))
	}

	ask("customer", "ada@example.com", "the browser of ada")
	ask("user", "ada@example.com", "the browser of eve")
	require.Regexp(t, `^email-sign-in/emailcode/h:[A-Za-z0-9]+$`, ids[0], "the id tells no address")
	require.Equal(t, ids[0], ids[1])
	ask("customer", "bob@example.com", "the browser of ada")
	require.NotEqual(t, ids[0], ids[2])
	require.Len(t, bindings, 2)
	require.Len(t, named, 3)
}

func TestCompleteEmailSignIn(t *testing.T) {
	t.Parallel()
	closed := &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonSignInCodeClosed}
	link := &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonSignInLink}
	tests := map[string]struct {
		token   string
		sendErr error // of the update itself
		out     workflows.Login
		outErr  error // of its outcome
		want    error
		kept    int // sealed codes afterwards
	}{
		"signed in":             {out: workflows.Login{Principal: everlatch.Principal{AuthIdentityID: "authid_1"}}},
		"signed in by a link":   {token: "the-flow-of-ada-0.x", out: workflows.Login{Principal: everlatch.Principal{AuthIdentityID: "authid_1"}}},
		"a wrong code":          {out: workflows.Login{Refusal: &everlatch.Refusal{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonSignInCode}}, want: &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonSignInCode}},
		"another browser":       {outErr: temporalkit.Encode(closed), want: closed},
		"nothing is open":       {sendErr: serviceerror.NewNotFound("over"), want: closed},
		"no link is open":       {token: "the-flow-of-ada-0.x", sendErr: serviceerror.NewNotFound("over"), want: link},
		"refused by a hook":     {out: workflows.Login{Refusal: &everlatch.Refusal{Code: everlatch.CodeForbidden, Message: "Not here."}}, want: &everlatch.Error{Code: everlatch.CodeForbidden, Message: "Not here."}},
		"Temporal is away":      {sendErr: serviceerror.NewUnavailable("connection refused"), want: everlatch.ErrUnavailable, kept: 1},
		"the flow broke down":   {outErr: fault(), want: everlatch.ErrUnavailable, kept: 1},
		"ended while it waited": {outErr: serviceerror.NewNotFound("gone"), want: closed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			var sent client.UpdateWorkflowOptions
			handle := mocks.NewWorkflowUpdateHandle(t)
			handle.On("Get", mock.Anything, mock.Anything).Maybe().Run(func(args mock.Arguments) {
				if out, ok := args.Get(1).(*workflows.Login); ok {
					*out = tt.out
				}
			}).Return(tt.outErr)
			b.temporal.On("UpdateWorkflow", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
				sent, _ = args.Get(1).(client.UpdateWorkflowOptions)
			}).Return(handle, tt.sendErr)
			answer := flows.EmailCode{ActorType: "customer", Provider: "emailcode", Token: tt.token, Browser: "the browser of ada"}
			if tt.token == "" {
				answer.Email, answer.Code = "ada@example.com", vault.NewSecret([]byte("493021"))
			}

			login, err := b.flows.CompleteEmailSignIn(t.Context(), answer)

			if tt.want == nil {
				require.NoError(t, err)
				require.Equal(t, "authid_1", login.Principal.AuthIdentityID)
			} else {
				require.ErrorIs(t, err, tt.want)
			}
			in, ok := sent.Args[0].(workflows.EmailCodeAnswer)
			require.True(t, ok)
			require.Equal(t, tt.token != "", in.Link)
			for _, secret := range []string{"493021", "ada@example.com", "the browser of ada", "0.x"} {
				require.NotContains(t, fmt.Sprintf("%+v", sent), secret, "it is in no payload")
			}
			b.flows.Close()
			require.Equal(t, tt.kept, b.sealed(t))
		})
	}
}

// A token that could be of no flow becomes no part of a workflow id.
func TestCompleteEmailSignInWithAForgedToken(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"x", "../../authenticate/customer/1.x", ".", "a b c d e f g h i j k.x"} {
		_, err := setup(t).flows.CompleteEmailSignIn(t.Context(), flows.EmailCode{ActorType: "customer", Provider: "emailcode", Token: token})
		require.ErrorIs(t, err, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonSignInLink}, token)
	}
}

// A repeated request is the same update for the same browser and code only.
func TestCompleteEmailSignInAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := b.answerUpdates(t, func(int) error { return nil })
	for _, r := range []struct{ browser, code string }{
		{"the browser of ada", "1"}, {"the browser of ada", "1"}, {"the browser of eve", "1"}, {"the browser of ada", "2"},
	} {
		_, err := b.flows.CompleteEmailSignIn(t.Context(), flows.EmailCode{
			ActorType: "customer", Provider: "emailcode", Email: "ada@example.com", Code: vault.NewSecret([]byte(r.code)),
			Browser: r.browser, IdempotencyKey: "k",
		})
		require.NoError(t, err)
	}
	require.Equal(t, (*ids)[0], (*ids)[1])
	require.NotEqual(t, (*ids)[0], (*ids)[2])
	require.NotEqual(t, (*ids)[0], (*ids)[3])
}
