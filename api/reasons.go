package api

import "github.com/everlatch/everlatch"

// The reasons of refusals that handlers make themselves, each with the names of its
// details. They are told to clients that word them, such as the pages.
const (
	// reasonOwnIdentity is an administrator who disables the identity that they use.
	reasonOwnIdentity everlatch.Reason = "own_identity"
	// reasonOwnRemoval is an administrator who deletes their own account as one of others.
	reasonOwnRemoval everlatch.Reason = "own_removal"
	// reasonExplanation is a change that has to be explained, and is not or at too great
	// length.
	reasonExplanation everlatch.Reason = "explanation_invalid"
	// reasonSearchShort is a search without a word that is long enough.
	reasonSearchShort everlatch.Reason = "search_too_short"
	// reasonRolesMissing is an administrator without a role, and reasonPermissionsMissing
	// one without some permissions: policies.
	reasonRolesMissing       everlatch.Reason = "roles_missing"
	reasonPermissionsMissing everlatch.Reason = "permissions_missing"
	// reasonNoDoctor is a program that does not examine itself.
	reasonNoDoctor everlatch.Reason = "doctor_missing"

	// reasonAdminSignUp is a sign-up as an administrator, who are invited.
	reasonAdminSignUp everlatch.Reason = "admin_sign_up"
	// reasonNotInvited is a sign-up as an administrator of an address without an invite:
	// email.
	reasonNotInvited everlatch.Reason = "not_invited"
	// reasonUserExists is a sign-up as an administrator of someone who is one, reasonHasActor
	// one as an actor that the caller is already: actor_type. reasonInviteForUser is an
	// invite that is accepted with the token of an account.
	reasonUserExists    everlatch.Reason = "user_exists"
	reasonHasActor      everlatch.Reason = "actor_exists"
	reasonInviteForUser everlatch.Reason = "invite_for_account"
	// reasonUserWithoutEmail is an administrator whose provider names no address, and
	// reasonEmailUnproven one whose provider does not vouch for it.
	reasonUserWithoutEmail everlatch.Reason = "user_email_missing"
	reasonEmailUnproven    everlatch.Reason = "email_unproven"
	// reasonOtherProvider is an account for a sign-in with another provider: provider.
	reasonOtherProvider everlatch.Reason = "provider_differs"
	// reasonUnverifiedSignUp is an account for something that has to be verified first:
	// entity_type.
	reasonUnverifiedSignUp everlatch.Reason = "sign_up_unverified"

	// reasonConflict is a request that cannot be reconciled with an earlier one.
	reasonConflict everlatch.Reason = "request_conflict"
)
