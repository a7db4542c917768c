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
	AuthIdentityID string     `json:"auth_identity_id,omitempty"`
	Data           Metadata   `json:"data"`
	CreatedAt      time.Time  `json:"created_at"`
	ReleasedAt     *time.Time `json:"released_at,omitempty"`
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
	EventActorLinked      = "auth.actor_linked"
	EventActorUnlinked    = "auth.actor_unlinked"
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
	// events.logins is on.
	EventLoginSucceeded = "auth.login_succeeded"
	EventLoginFailed    = "auth.login_failed"
	// EventSignInLocked is {provider, actor_type, failures, locked_for}, and
	// auth_identity_id where the account exists: too many attempts on it failed in a
	// row. locked_for is in seconds.
	EventSignInLocked = "auth.sign_in_locked"
	// EventLimitReached is {request, scope, retry_after}, and network where the scope
	// is one: requests of a kind are refused for so many seconds.
	EventLimitReached = "auth.limit_reached"
	// EventAPIKeyTakenOver is {id, owner_id, previous_owner_id}: an administrator
	// answers for a secret API key from now on.
	EventAPIKeyTakenOver = "api_key.taken_over"
	// EventSignInEnded is {sign_in_id, auth_identity_id, actor_type, actor_id}: every
	// token and session of one sign-in was ended by its user.
	EventSignInEnded = "auth.sign_in_ended"
	// EventSessionEnded is {session_id, auth_identity_id, actor_type, actor_id,
	// reason}.
	EventSessionEnded = "auth.session_ended"
	// EventDeadLetters reports deliveries that were given up: {to, count,
	// deliveries}.
	EventDeadLetters = "everlatch.dead_letters"
	// EventAccountDeleted is {actor_type, actor_id, auth_identity_ids}.
	EventAccountDeleted = "auth.account_deleted"
	// EventDeletionScheduled and EventDeletionCancelled are {id, actor_type,
	// email, deletion_at}: a customer asked for the removal of the account, or
	// signed in before it. email is a secret, so that no event keeps the address.
	EventDeletionScheduled = "customer.deletion_scheduled"
	EventDeletionCancelled = "customer.deletion_cancelled"
	// EventCustomerErased and EventUserErased are the receipt of an erasure: {id,
	// actor_type, removed_at, purged, erasers: [{name, confirmed_at}], email},
	// where email is a secret and set only when the customer is to be told.
	EventCustomerErased = "customer.erased"
	EventUserErased     = "user.erased"
)
