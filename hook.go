package everlatch

import "strings"

// HookPoint is a moment of a flow at which a program runs functions of its own,
// added with app.WithHook. docs/hooks.md says for each of them what the functions
// are told, how long they may take, and what is undone.
type HookPoint string

// The hook points. A function at a "before" point decides whether the flow goes
// on; one at an "after" point sees what the flow has done, before anybody else
// is told, and can still have it undone.
const (
	// HookBeforeRegister comes before an identity is created, once its provider has
	// accepted the request.
	HookBeforeRegister HookPoint = "before_register"
	HookAfterRegister  HookPoint = "after_register"
	// HookBeforeAuthenticate comes before a credential is checked, for users who do
	// not exist too, and again before the second factor of the same sign-in.
	HookBeforeAuthenticate HookPoint = "before_authenticate"
	// HookAfterAuthenticate comes after a credential was found right.
	HookAfterAuthenticate HookPoint = "after_authenticate"
	// HookBeforeAccountCreated comes before an identity gets a customer, an
	// administrator or an actor of a custom type.
	HookBeforeAccountCreated HookPoint = "before_account_created"
	HookAfterAccountCreated  HookPoint = "after_account_created"
	// HookBeforePasswordChanged comes before a password reset is completed, or a program
	// sets a password.
	HookBeforePasswordChanged HookPoint = "before_password_changed"
	// HookAfterPasswordChanged can't undo the change: the former password may be
	// known to others.
	HookAfterPasswordChanged HookPoint = "after_password_changed"
	// HookBeforeFactorAdded comes before a second factor is enabled.
	HookBeforeFactorAdded HookPoint = "before_factor_added"
	HookAfterFactorAdded  HookPoint = "after_factor_added"
	// HookBeforeAccountRemoved comes before an account and its identities are
	// removed.
	HookBeforeAccountRemoved HookPoint = "before_account_removed"
	// HookAfterAccountRemoved comes before the removal becomes final.
	HookAfterAccountRemoved HookPoint = "after_account_removed"
)

// HookPoints returns all hook points, each "before" in front of its "after".
func HookPoints() []HookPoint {
	return []HookPoint{
		HookBeforeRegister, HookAfterRegister, HookBeforeAuthenticate, HookAfterAuthenticate,
		HookBeforeAccountCreated, HookAfterAccountCreated, HookBeforePasswordChanged, HookAfterPasswordChanged,
		HookBeforeFactorAdded, HookAfterFactorAdded, HookBeforeAccountRemoved, HookAfterAccountRemoved,
	}
}

// IsBefore reports whether hooks at this point decide whether the flow goes on.
func (p HookPoint) IsBefore() bool { return strings.HasPrefix(string(p), "before_") }

// HookInput is what a hook is told. Fields that the point does not know are empty.
// It holds no password, code or token: those are in no payload.
type HookInput struct {
	Point HookPoint `json:"point"`
	// FlowID is the workflow id of the flow.
	FlowID    string `json:"flow_id"`
	ActorType string `json:"actor_type"`
	Provider  string `json:"provider,omitempty"`
	// AuthIdentityID is the identity; before it is registered, it does not exist.
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
	// ActorID is the account; before it is created, the id under which it will
	// exist.
	ActorID string `json:"actor_id,omitempty"`
	// Email is the address of the account or, at a registration, the one to sign in
	// with.
	Email string `json:"email,omitempty"`
	// Account is what the account holds, in the fields of the API.
	Account Metadata `json:"account,omitempty"`
	// FactorID and FactorProvider are the second factor.
	FactorID       string `json:"factor_id,omitempty"`
	FactorProvider string `json:"factor_provider,omitempty"`
	// AdditionalData is the field additional_data of the request's body.
	AdditionalData Metadata    `json:"additional_data,omitempty"`
	Request        HookRequest `json:"request,omitzero"`
}

// HookRequest tells about the HTTP request that started the flow, or that it
// handles. It is empty for a flow that a schedule, an event or a program started.
type HookRequest struct {
	// ID is the request id, as in the log and in X-Request-Id.
	ID string `json:"id,omitempty"`
	// Address is the network address of the caller.
	Address   string `json:"address,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
	// By is the actor who sent it, where one was authenticated.
	By ActorRef `json:"by,omitzero"`
}
