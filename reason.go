package everlatch

// The reasons of refusals by flows, each with the names of its details. The API
// words them.
const (
	// ReasonTokenInvalid is an invalid token of a reset or an e-mail change:
	// forged, expired, used or superseded.
	ReasonTokenInvalid Reason = "token_invalid"
	// ReasonStateInvalid is the state of a redirect that is unknown, used or expired.
	ReasonStateInvalid Reason = "state_invalid"
	// ReasonSecretExpired is a request whose secrets are no longer stored.
	ReasonSecretExpired Reason = "request_expired"

	// ReasonEmailRequired is an account without the e-mail that it needs.
	ReasonEmailRequired Reason = "email_required"
	// ReasonEmailForeign is an e-mail that the identity does not sign in with.
	ReasonEmailForeign Reason = "email_foreign"
	// ReasonEmailUnchanged is a change to the e-mail that the account has.
	ReasonEmailUnchanged Reason = "email_unchanged"
	// ReasonEmailUnsupported is a change of e-mail for an actor type that has
	// none: actor_type.
	ReasonEmailUnsupported Reason = "email_unsupported"
	// ReasonEmailChangeLimit is an e-mail change requested too often.
	ReasonEmailChangeLimit Reason = "email_change_limit"

	// ReasonBusy is a sign-in for which there is no room at the moment. The same
	// request may succeed in a second or two.
	ReasonBusy Reason = "busy"

	// ReasonAccountDeleted is a sign-in to an account that was deleted.
	ReasonAccountDeleted Reason = "account_deleted"
	// ReasonActorTypeUnknown is an actor type that does not exist: actor_type.
	ReasonActorTypeUnknown Reason = "actor_type_unknown"
	// ReasonIdentityUnknown is a provider identity that does not exist: entity_id,
	// provider.
	ReasonIdentityUnknown Reason = "identity_unknown"
	// ReasonLoginOfOther is a provider account that belongs to another identity:
	// provider.
	ReasonLoginOfOther Reason = "login_of_other"
	// ReasonLoginInUse is the removal of the login that the caller signed in with.
	ReasonLoginInUse Reason = "login_in_use"

	// ReasonErasureUnknown is an erasure that does not exist: id.
	ReasonErasureUnknown Reason = "erasure_unknown"
	// ReasonScheduleUnknown is a schedule that does not exist: id.
	ReasonScheduleUnknown Reason = "schedule_unknown"
	// ReasonRunUnknown is a workflow that is not running: id.
	ReasonRunUnknown Reason = "run_unknown"
)
