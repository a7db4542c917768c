package workflows_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/workflows"
)

// TestEveryWorkflowIsDescribed: Temporal's UI shows a summary and details of each.
func TestEveryWorkflowIsDescribed(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile("../worker/testdata/names.golden")
	require.NoError(t, err)
	for line := range strings.Lines(string(golden)) {
		name, isWorkflow := strings.CutPrefix(strings.TrimSpace(line), "workflow ")
		if !isWorkflow {
			continue
		}
		d := workflows.Describe(name, nil, workflows.About{})
		require.NotEmpty(t, d.Summary, name)
		require.NotEmpty(t, d.Details, name)
	}
	require.Zero(t, workflows.Describe("BuyBike", nil, workflows.About{}), "a custom workflow is its program's to describe")
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		workflow, input any
		more            workflows.About
		summary         string
		attributes      map[string]string
	}{
		"a reset": {
			workflow: workflows.PasswordReset, input: workflows.PasswordResetInput{Provider: "emailpass", EntityKey: "ada@example.com"},
			more:    workflows.About{ActorType: "customer", Subject: "h:1", RequestID: "req_1"},
			summary: "Password reset for customer with emailpass",
			attributes: map[string]string{
				"EverlatchActorType": "customer", "EverlatchProvider": "emailpass", "EverlatchSubject": "h:1", "EverlatchRequestId": "req_1",
			},
		},
		"a removal": {
			workflow: workflows.RemoveUserAccount, input: workflows.RemoveAccountInput{ActorID: "user_1"},
			summary:    "Account removal for user",
			attributes: map[string]string{"EverlatchActorType": "user", "EverlatchActorId": "user_1"},
		},
		"an erasure": {
			workflow: workflows.EraseAccount,
			input: workflows.EraseAccountInput{Erasure: everlatch.Erasure{
				ActorType: "customer", ActorID: "cus_1", Email: "ada@example.com",
			}},
			summary:    "Erasure of an account for customer",
			attributes: map[string]string{"EverlatchActorType": "customer", "EverlatchActorId": "cus_1"},
		},
		"by name, as an event starts it": {
			workflow: "DeleteAuthIdentity", input: workflows.DeleteAuthIdentityInput{AuthIdentityID: "authid_1"},
			summary:    "Removal of an identity",
			attributes: map[string]string{"EverlatchIdentityId": "authid_1"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := workflows.Describe(tt.workflow, tt.input, tt.more)
			require.Equal(t, tt.summary, d.Summary)
			require.Equal(t, tt.attributes, keywords(d.Attributes))
			require.NotContains(t, d.Details, "@")
		})
	}
}

func keywords(attributes temporal.SearchAttributes) map[string]string {
	out := map[string]string{}
	for _, key := range workflows.Attributes() {
		if value, ok := attributes.GetKeyword(key); ok {
			out[key.GetName()] = value
		}
	}
	return out
}

// An execution that was started with search attributes says in them how it has ended. One
// without them sets none: its namespace may not know them, and its history replays.
func TestOutcomeIsSearchable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		password   string
		searchable bool
		want       map[string]string
	}{
		"signed in": {password: password, searchable: true}, // which is what no outcome means
		"refused": {password: "wrong password", searchable: true, want: map[string]string{
			"EverlatchOutcome": "refused", "EverlatchActorType": "customer", "EverlatchProvider": "emailpass",
		}},
		"not searchable": {password: password},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			register(t, h, "authid_1")
			env := h.env(t, "authenticate/1")
			if tt.searchable {
				require.NoError(t, env.SetTypedSearchAttributesOnStart(
					temporal.NewSearchAttributes(workflows.AttributeActorType.ValueSet("customer"))))
			}
			upserted := recordUpserts(env)
			env.ExecuteWorkflow(workflows.Authenticate, workflows.AuthenticateInput{
				ActorType: "customer", Provider: "emailpass", Request: h.seal(t, email, tt.password),
			})
			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, tt.want, *upserted)
		})
	}
}

// recordUpserts keeps the search attributes that a workflow has set last.
func recordUpserts(env *testsuite.TestWorkflowEnvironment) *map[string]string {
	var last map[string]string
	env.OnUpsertTypedSearchAttributes(mock.MatchedBy(func(set temporal.SearchAttributes) bool {
		last = keywords(set)
		return true
	})).Return(nil).Maybe()
	return &last
}

// A long flow says it, too, and a saga that could not be undone is found before it ends.
func TestOutcomesOfLongAndBrokenFlows(t *testing.T) {
	t.Parallel()
	searchable := temporal.NewSearchAttributes(workflows.AttributeActorType.ValueSet("customer"))

	t.Run("a reset that expires", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		register(t, h, "authid_1")
		env := h.env(t, "password-reset/1")
		require.NoError(t, env.SetTypedSearchAttributesOnStart(searchable))
		upserted := recordUpserts(env)
		env.RegisterDelayedCallback(func() {
			env.SignalWorkflow(workflows.SignalAsk, workflows.ResetRequest{
				ActorType: "customer", Names: workflows.Names{TokenID: "jti_1", EventID: "evt_1"},
			})
		}, 0)
		env.ExecuteWorkflow(workflows.PasswordReset, workflows.PasswordResetInput{
			Provider: "emailpass", EntityKey: email, TTL: 15 * time.Minute,
		})
		require.NoError(t, env.GetWorkflowError())
		require.Equal(t, map[string]string{"EverlatchOutcome": "expired", "EverlatchIdentityId": "authid_1"}, *upserted)
	})

	t.Run("a compensation that fails", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.faults.set(
			fault{activities: []string{"CreateCustomer"}, times: -1},
			fault{activities: []string{"DiscardCustomer"}, times: -1, err: &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "Not now."}},
		)
		in := registerInput(t, h, "authid_1")
		in.Customer = &everlatch.Customer{ID: "cus_1", Email: new(email), HasAccount: true}
		env := h.env(t, "register/authid_1")
		require.NoError(t, env.SetTypedSearchAttributesOnStart(searchable))
		upserted := recordUpserts(env)
		env.ExecuteWorkflow(workflows.Register, in)
		require.Error(t, env.GetWorkflowError())
		require.Equal(t, map[string]string{"EverlatchOutcome": "needs_attention"}, *upserted)
	})
}
