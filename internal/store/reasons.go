package store

import "github.com/everlatch/everlatch"

// The reasons of refusals, each with the names of its details. The API words
// them; what a record is called in a detail is its name in the contract.
const (
	// RecordNotFound is a record that does not exist: model, id.
	RecordNotFound everlatch.Reason = "record_not_found"
	// UpdateNotFound is an update of a record that does not exist: model, id.
	UpdateNotFound everlatch.Reason = "update_not_found"
	// ReferenceNotFound is a reference to a record that does not exist: column, id.
	ReferenceNotFound everlatch.Reason = "reference_not_found"
	// OrderInvalid is a field that a list cannot be ordered by: field.
	OrderInvalid everlatch.Reason = "order_invalid"
	// FilterInvalid is a field that a list cannot be filtered by: field.
	FilterInvalid everlatch.Reason = "filter_invalid"
	// TextInvalid is text that PostgreSQL cannot hold.
	TextInvalid everlatch.Reason = "text_invalid"
	// RangeEmpty is a range of time that ends before it begins, RangeLong one with too much
	// to count, and IntervalShort a part of it that is too short or not of whole seconds.
	RangeEmpty    everlatch.Reason = "range_empty"
	RangeLong     everlatch.Reason = "range_long"
	IntervalShort everlatch.Reason = "interval_short"
	// ChangedMeanwhile is a change that expected another state: what.
	ChangedMeanwhile everlatch.Reason = "changed_meanwhile"

	// AccountEmailTaken is the e-mail of another customer's account.
	AccountEmailTaken everlatch.Reason = "account_email_taken"
	// CustomerEmailTaken is the e-mail of another customer: email, has_account.
	CustomerEmailTaken everlatch.Reason = "customer_email_taken"
	// UserEmailTaken is the e-mail of another user: email.
	UserEmailTaken everlatch.Reason = "user_email_taken"
	// UserRestoreTaken is a removed user whose e-mail another user has now.
	UserRestoreTaken everlatch.Reason = "user_restore_taken"
	// EmailTaken is the new e-mail of an account when another account has it.
	EmailTaken everlatch.Reason = "email_taken"
	// LoginTaken is an e-mail with which another identity signs in.
	LoginTaken everlatch.Reason = "login_taken"
	// ActorValueTaken is a unique value of another record: model, field, value.
	ActorValueTaken everlatch.Reason = "actor_value_taken"
	// ActorRestoreTaken is a removed record one of whose unique values another
	// record has now: actor_type.
	ActorRestoreTaken everlatch.Reason = "actor_restore_taken"

	// IdentityTaken is a registration of an identity that exists.
	IdentityTaken everlatch.Reason = "identity_taken"
	// AlreadyLinked is an identity that has another actor: actor_type.
	AlreadyLinked everlatch.Reason = "already_linked"
	// ProviderAlreadyUsed is a second credential of one provider: provider.
	ProviderAlreadyUsed everlatch.Reason = "provider_already_used"
	// AddressUnproven is an address as a further way to sign in that the identity
	// hasn't proven.
	AddressUnproven everlatch.Reason = "address_unproven"
	// LastCredential is the removal of an identity's only credential.
	LastCredential everlatch.Reason = "last_credential"
	// FactorActive is a second enabled factor of a provider of which an identity has one:
	// provider.
	FactorActive everlatch.Reason = "factor_active"
	// FactorTaken is a factor that belongs to another identity, such as a passkey.
	FactorTaken everlatch.Reason = "factor_taken"
	// FactorUnknown is a factor that does not exist: id.
	FactorUnknown everlatch.Reason = "factor_unknown"
	// NoFactor is a request for recovery codes without an enabled factor.
	NoFactor everlatch.Reason = "no_factor"
	// AppMetadataReserved is a key of an identity's metadata that belongs to its links
	// and roles: key.
	AppMetadataReserved everlatch.Reason = "app_metadata_reserved"
	// CredentialRequired is a new identity without a credential.
	CredentialRequired everlatch.Reason = "credential_required"
	// VerificationUnknown is a code of no request that is open.
	VerificationUnknown everlatch.Reason = "verification_unknown"
	// IdentityHasActors is the deletion of an identity whose account has to be removed.
	IdentityHasActors everlatch.Reason = "identity_has_actors"
	// CredentialUnknown is a credential that does not exist.
	CredentialUnknown everlatch.Reason = "credential_unknown"
	// SessionEnded is a session that does not exist or has ended.
	SessionEnded everlatch.Reason = "session_ended"
	// SecretExpired is a sealed secret that does not exist or has expired.
	SecretExpired everlatch.Reason = "secret_expired"

	// KeyUnknown is the token of no key.
	KeyUnknown everlatch.Reason = "key_unknown"
	// KeyNotRevoked is the deletion of a key that still works: id.
	KeyNotRevoked everlatch.Reason = "key_not_revoked"

	// GroupNameTaken is the name of another customer group: name.
	GroupNameTaken everlatch.Reason = "group_name_taken"
	// MembershipBroken is a customer or group that was deleted during a change of
	// members.
	MembershipBroken everlatch.Reason = "membership_broken"

	// InviteTaken is an e-mail that was already invited: email.
	InviteTaken everlatch.Reason = "invite_taken"
	// InvitedUserExists is an invite for an existing user: email.
	InvitedUserExists everlatch.Reason = "invited_user_exists"
	// InviteUnknown is an invite that does not exist: id.
	InviteUnknown everlatch.Reason = "invite_unknown"
	// InviteForEmailUnknown is an e-mail that was not invited.
	InviteForEmailUnknown everlatch.Reason = "invite_for_email_unknown"
	// InviteExpired is an invite that has expired.
	InviteExpired everlatch.Reason = "invite_expired"
	// InviteTokenInvalid is a token of no invite, or of one that was accepted,
	// resent or revoked.
	InviteTokenInvalid everlatch.Reason = "invite_token_invalid"

	// PolicyWordInvalid is a resource or an operation with other characters than
	// a policy may have.
	PolicyWordInvalid everlatch.Reason = "policy_word_invalid"
	// PolicyKeyMismatch is a key that does not name resource and operation of its
	// policy: key, as it has to be.
	PolicyKeyMismatch everlatch.Reason = "policy_key_mismatch"
	// PolicyKeyTaken is the key of another policy: key.
	PolicyKeyTaken everlatch.Reason = "policy_key_taken"
	// PolicyBuiltIn is a change of a built-in policy.
	PolicyBuiltIn everlatch.Reason = "policy_built_in"
	// PolicyForbidden is a change of a policy whose permission the caller lacks.
	PolicyForbidden everlatch.Reason = "policy_forbidden"
	// PolicyAssignForbidden is the assignment of policies that the caller lacks.
	PolicyAssignForbidden everlatch.Reason = "policy_assign_forbidden"
	// PoliciesUnknown are policies that do not exist: ids.
	PoliciesUnknown everlatch.Reason = "policies_unknown"
	// RolesUnknown are roles that do not exist: ids.
	RolesUnknown everlatch.Reason = "roles_unknown"
	// RoleNameTaken is the name of another role: name.
	RoleNameTaken everlatch.Reason = "role_name_taken"
	// RoleCircle is a parent that inherits from its child: id, parent.
	RoleCircle everlatch.Reason = "role_circle"
	// RoleBuiltIn is a change of the super admin's role.
	RoleBuiltIn everlatch.Reason = "role_built_in"
	// RoleForbidden is a change of a role with permissions that the caller lacks.
	RoleForbidden everlatch.Reason = "role_forbidden"
	// RoleAssignForbidden is the assignment of roles with permissions that the
	// caller lacks.
	RoleAssignForbidden everlatch.Reason = "role_assign_forbidden"
	// LastSuperAdmin is the removal of the last super admin.
	LastSuperAdmin everlatch.Reason = "last_super_admin"

	// MetadataTooLarge is metadata of more bytes than are allowed: most.
	MetadataTooLarge everlatch.Reason = "metadata_too_large"
	// TooManyAddresses is one address more than a customer may have: most.
	TooManyAddresses everlatch.Reason = "too_many_addresses"
)

// refuse returns a refusal. details are names and values by turns.
func refuse(code everlatch.Code, reason everlatch.Reason, details ...string) *everlatch.Error {
	e := &everlatch.Error{Code: code, Reason: reason}
	if len(details) > 0 {
		e.Details = make(map[string]string, len(details)/2)
	}
	for i := 0; i+1 < len(details); i += 2 {
		e.Details[details[i]] = details[i+1]
	}
	return e
}

// notFound is a read of a record that does not exist.
func notFound(model, id string) error {
	return refuse(everlatch.CodeNotFound, RecordNotFound, "model", model, "id", id)
}

// notUpdatable is an update of a record that does not exist.
func notUpdatable(model, id string) error {
	return refuse(everlatch.CodeNotFound, UpdateNotFound, "model", model, "id", id)
}

// noSuch is a reference to a record that does not exist.
func noSuch(column, id string) error {
	return refuse(everlatch.CodeNotFound, ReferenceNotFound, "column", column, "id", id)
}

func errOrder(field string) error {
	return refuse(everlatch.CodeInvalidData, OrderInvalid, "field", field)
}
