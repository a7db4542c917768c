package everlatch

import "time"

// Event is a fact. It is recorded in the transaction that makes it true,
// belongs to the flow that caused it (GroupID), and is released to subscribers
// only when that whole flow has succeeded (docs/contract.md#s7).
type Event struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// GroupID is the workflow id of the flow.
	GroupID string `json:"group_id"`
	// Source is [SourceEverlatch], or the id of the API key that published it.
	Source string `json:"source"`
	// AuthIdentityID orders the events of one identity; "" if there is none.
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
	// Language is the tag (BCP 47) of the language that the request which caused the event
	// asked for, one of those of mails; "" if it asked for none of them.
	Language   string     `json:"language"`
	Data       Metadata   `json:"data"`
	CreatedAt  time.Time  `json:"created_at"`
	ReleasedAt *time.Time `json:"released_at,omitempty"`
}

// SourceEverlatch is the source of Everlatch's own events. Events published
// through the API have another source, so that they can't be mistaken for
// these.
const SourceEverlatch = "everlatch"

// secretField marks a value of [Event.Data] that stands for a secret.
const secretField = "$secret"

// SecretRef returns the value that stands in [Event.Data] for a secret in the
// vault, such as the token of a password reset. It is resolved only in the last
// step before a subscriber, so that no secret is stored with an event
// (docs/weak-spots.md#w29).
func SecretRef(ref string) Metadata { return Metadata{secretField: ref} }

// SecretOf returns the vault's reference of a value made by [SecretRef].
func SecretOf(value any) (ref string, ok bool) {
	m, isObject := value.(Metadata)
	if !isObject || len(m) != 1 {
		return "", false
	}
	ref, ok = m[secretField].(string)
	return ref, ok
}

// Event names: the contract's where it has one, new ones in the same form.
const (
	EventCustomerCreated    = "customer.created"
	EventCustomerUpdated    = "customer.updated"
	EventCustomerDeleted    = "customer.deleted"
	EventUserCreated        = "user.created"
	EventUserUpdated        = "user.updated"
	EventUserDeleted        = "user.deleted"
	EventIdentityRegistered = "auth.identity_registered"
	EventIdentityDeleted    = "auth.identity_deleted"
	// EventOrphanRemoved is the removal of an identity that never got an actor
	// (docs/weak-spots.md#w4).
	EventOrphanRemoved = "auth.orphan_removed"
	// EventIdentityLinked and EventIdentityUnlinked are {auth_identity_id,
	// provider_identity_id, provider, entity_id, actor_type, email}: a sign-in
	// method was added or removed, and email is the user's address where one is
	// known. automatic says that it was linked by a verified address.
	EventIdentityLinked   = "auth.identity_linked"
	EventIdentityUnlinked = "auth.identity_unlinked"
	// EventIdentityUpdated is {id}: a program has changed the metadata of an identity.
	EventIdentityUpdated = "auth.identity_updated"
	// EventProviderIdentityUpdated is {id, auth_identity_id, provider}: a program has
	// changed a way to sign in.
	EventProviderIdentityUpdated = "auth.provider_identity_updated"

	EventActorLinked   = "auth.actor_linked"
	EventActorUnlinked = "auth.actor_unlinked"
	// EventRegistrationRequested asks for the mail that confirms a registration: {email,
	// actor_type, provider, token, expires_at}; taken, and neither token nor expires_at,
	// when the address has an account.
	EventRegistrationRequested = "auth.registration_requested"
	// EventPasswordReset asks for the mail with the link: {entity_id,
	// actor_type, token, metadata} (docs/contract.md#s7), and provider,
	// auth_identity_id, expires_at and requested_by, the administrator who
	// requested it, if any (docs/weak-spots.md#w30).
	EventPasswordReset = "auth.password_reset"
	// EventPasswordChanged is {entity_id, actor_type, provider,
	// auth_identity_id}.
	EventPasswordChanged = "auth.password_changed"
	// EventEmailRequested asks for the mail with the link that proves a new
	// address: {actor_type, actor_id, auth_identity_id, email, former_email, token,
	// expires_at}; taken, and no token, when another account has the address.
	EventEmailRequested = "auth.email_change_requested"
	// EventEmailAnnounced tells the current address that a new one was requested:
	// {actor_type, actor_id, auth_identity_id, email, former_email}.
	EventEmailAnnounced = "auth.email_change_announced"
	// EventEmailChanged tells the previous address that the account no longer has
	// it: {actor_type, actor_id, former_email, email}, and auth_identity_id, token
	// and expires_at of the right to undo it, or changed_by, the administrator who
	// changed it (docs/weak-spots.md#w13).
	EventEmailChanged = "auth.email_changed"
	// EventEmailRestored is {actor_type, actor_id, auth_identity_id, email,
	// former_email}: email is the account's address again.
	EventEmailRestored = "auth.email_change_undone"
	// EventInviteCreated and EventInviteResent ask for the mail with the link:
	// {id} (docs/contract.md#s7), and email, token, expires_at and invited_by,
	// the actor who asked.
	EventInviteCreated = "invite.created"
	EventInviteResent  = "invite.resent"
	// EventInviteAccepted is {id}, and user_id and auth_identity_id of the
	// administrator it created.
	EventInviteAccepted = "invite.accepted"
	// EventInviteDeleted is {id}: the invite was revoked.
	EventInviteDeleted = "invite.deleted"
	// EventUserRolesChanged is {id, roles, changed_by}: the current roles of an
	// administrator. changed_by is an administrator, or the command line.
	EventUserRolesChanged = "user.roles_changed"
	// EventRoleCreated, EventRoleUpdated and EventRoleDeleted are {id,
	// changed_by}; a change of its policies is an update.
	EventRoleCreated = "rbac_role.created"
	EventRoleUpdated = "rbac_role.updated"
	EventRoleDeleted = "rbac_role.deleted"
	// EventLoginSucceeded and EventLoginFailed are recorded only when
	// events.logins is on. direct says why the sign-in had no workflow: configured or
	// temporal_away.
	EventLoginSucceeded = "auth.login_succeeded"
	EventLoginFailed    = "auth.login_failed"
	// EventPasskeyCloned is {auth_identity_id, provider_identity_id or mfa_id, actor_type,
	// email}: a passkey was refused because its signature counter is an old one, so a copy of
	// its key may be in use.
	EventPasskeyCloned = "auth.passkey_cloned"
	// EventSignInCodeRequested asks for the mail with a code and a link to sign in: {email,
	// provider, actor_type, code, token, expires_at}. The address may belong to no identity
	// yet.
	EventSignInCodeRequested = "auth.sign_in_code_requested"
	// EventSignInLocked is {provider, actor_type, failures, locked_for}, and
	// auth_identity_id where the account exists: too many attempts on it failed in a
	// row. locked_for is in seconds. email is there when its owner is told, once a day
	// at most.
	EventSignInLocked = "auth.sign_in_locked"
	// EventLimitReached is {request, scope, retry_after}, and network where the scope
	// is one: requests of a kind are refused for so many seconds.
	EventLimitReached = "auth.limit_reached"
	// EventAPIKeyTakenOver is {id, owner_id, previous_owner_id}: an administrator
	// answers for a secret API key from now on.
	EventAPIKeyTakenOver = "api_key.taken_over"
	// EventSignInFromNewDevice is {sign_in_id, auth_identity_id, actor_type, actor_id,
	// provider, device, network}: an identity signed in from a device that isn't known
	// to have signed in to it. With auth.new_device_mail it asks for the mail, and has
	// email, token and expires_at too; the token ends the sign-in.
	EventSignInFromNewDevice = "auth.sign_in_from_new_device"
	// EventSignInEnded is {sign_in_id, auth_identity_id, actor_type, actor_id, reason},
	// and ended_by and note where an administrator ended it: no token and session of
	// one sign-in is accepted any more.
	EventSignInEnded = "auth.sign_in_ended"
	// EventMFAEnabled and EventMFADisabled are {auth_identity_id, mfa_id, provider}
	// (docs/contract.md#s7), and disabled_by and reason where an administrator disabled the
	// factor. These and the next two have email and actor_type where an address of the
	// user is known and there is something to tell.
	EventMFAEnabled  = "auth.mfa_enabled"
	EventMFADisabled = "auth.mfa_disabled"
	// EventRecoveryCodesGenerated is {auth_identity_id, count} (docs/contract.md#s7).
	EventRecoveryCodesGenerated = "auth.mfa_recovery_codes_generated"
	// EventRecoveryCodeUsed is {auth_identity_id, left}: a second factor was replaced by a
	// recovery code, of which so many are left (docs/weak-spots.md#w60).
	EventRecoveryCodeUsed = "auth.mfa_recovery_code_used"
	// EventVerificationRequested asks for the mail or message with a code: {entity_id,
	// entity_type, code_provider, auth_identity_id, code, expires_at, metadata}
	// (docs/contract.md#s7), and actor_type, email, the address that is mailed, and
	// bearer, which says that the code works without a sign-in, as a link. There is no
	// code if its provider delivers it.
	EventVerificationRequested = "auth.verification_requested"
	// EventVerificationConfirmed is {verification_id, entity_id, entity_type,
	// code_provider, auth_identity_id, actor_type}: the address is verified.
	EventVerificationConfirmed = "auth.verification_confirmed"
	// EventMFAChallengePassed and EventMFAChallengeFailed are {auth_identity_id, actor_type,
	// provider, challenge_id, method}, and mfa_id of the factor that was accepted, or the
	// attempts that failed so far. They are recorded only when events.logins is on.
	EventMFAChallengePassed = "auth.mfa_challenge_passed"
	EventMFAChallengeFailed = "auth.mfa_challenge_failed"
	// EventIdentityDisabled and EventIdentityEnabled are {auth_identity_id, reason, and
	// disabled_by or enabled_by}: an administrator refuses every way in, or no more.
	EventIdentityDisabled = "auth.identity_disabled"
	EventIdentityEnabled  = "auth.identity_enabled"
	// EventSessionsEnded is {auth_identity_id, reason, ended_by}: an administrator ended
	// all sessions and tokens of an identity.
	EventSessionsEnded = "auth.sessions_ended"
	// EventSessionEnded is {session_id, auth_identity_id, actor_type, actor_id,
	// reason}.
	EventSessionEnded = "auth.session_ended"
	// EventApprovalRequested is {actor_type, flow_id, auth_identity_id, actor_id,
	// email}: a flow waits for a hook, such as an approval. EventApprovalGranted and
	// EventApprovalRefused tell how it has ended; the latter with the hook's message,
	// if there is one. Fields that are not known are left out.
	EventApprovalRequested = "auth.approval_requested"
	EventApprovalGranted   = "auth.approval_granted"
	EventApprovalRefused   = "auth.approval_refused"
	// EventDeadLetters reports deliveries that were given up: {to, count,
	// deliveries}.
	EventDeadLetters = "everlatch.dead_letters"
	// EventImportCompleted is {id, source, created, updated, skipped, refused}: an operator
	// has imported records. It takes the place of the events of each of them, so that no
	// imported user gets a mail.
	EventImportCompleted = "everlatch.import_completed"
	// EventAccountDeleted is {actor_type, actor_id, auth_identity_ids}.
	EventAccountDeleted = "auth.account_deleted"
	// EventDeletionScheduled and EventDeletionCancelled are {id, actor_type,
	// email, deletion_at, kept_by?}: the removal of a customer's account was
	// requested, or it is kept: because they signed in, or by kept_by, {actor_type,
	// actor_id}. email is a secret, so that no event keeps the address.
	EventDeletionScheduled = "customer.deletion_scheduled"
	EventDeletionCancelled = "customer.deletion_cancelled"
	// EventCustomerErased and EventUserErased are the receipt of an erasure: {id,
	// actor_type, removed_at, purged, erasers: [{name, confirmed_at}], email},
	// where email is a secret and set only when the customer is to be told.
	EventCustomerErased = "customer.erased"
	EventUserErased     = "user.erased"
)
