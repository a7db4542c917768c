package api

import (
	"errors"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
)

// sentences are what callers read about a refusal that names a reason (
// docs/contract.md#s4-1). {name} stands for a detail, and {name:quoted} for one in quotes.
var sentences = map[everlatch.Reason]string{
	store.RecordNotFound:    "{model} with id: {id} was not found",
	store.UpdateNotFound:    "{model} with id {id:quoted} not found",
	store.ReferenceNotFound: "You tried to set relationship {column}: {id}, but such entity does not exist",
	store.OrderInvalid:      "Order field {field} is not valid",
	store.TextInvalid:       "Text must be valid UTF-8 without the character U+0000.",
	store.ChangedMeanwhile:  "The {what} has changed meanwhile.",

	store.AccountEmailTaken:  "Customer with this email already has an account",
	store.CustomerEmailTaken: "Customer with email: {email}, has_account: {has_account}, already exists.",
	accounts.EmailInvalid:    "Invalid request: Invalid email address",
	accounts.EmailUnusable:   "Nobody can sign in with this email.",
	store.UserEmailTaken:     "User with email: {email}, already exists.",
	store.UserRestoreTaken:   "Another user has this email now.",
	store.EmailTaken:         "Another account has this email.",
	store.LoginTaken:         "Somebody else signs in with this email.",
	store.ActorValueTaken:    "{model} with {field}: {value}, already exists.",
	store.ActorRestoreTaken:  "Another {actor_type} has one of these values now.",

	store.IdentityTaken:       "This identity exists already.",
	store.AlreadyLinked:       "The auth identity is already linked to another {actor_type}.",
	store.ProviderAlreadyUsed: "You can sign in with {provider} already. Remove that one first.",
	store.LastCredential:      "The last way to sign in cannot be removed.",
	store.CredentialUnknown:   "The credential was not found.",
	store.SessionEnded:        "The session has ended.",
	store.SecretExpired:       "The secret has expired.",

	accounts.KeyTypeInvalid:       "The type of an API key is publishable or secret.",
	store.KeyUnknown:              "The API key was not found.",
	everlatch.ReasonTokenInvalid:  "Invalid token",
	everlatch.ReasonStateInvalid:  "No state provided, or session expired",
	everlatch.ReasonSecretExpired: "The request has expired. Send it again.",

	everlatch.ReasonEmailRequired:    "Email is required to create a customer",
	everlatch.ReasonEmailForeign:     "The email of a customer is the one that you sign in with. It can be changed afterwards.",
	everlatch.ReasonEmailUnchanged:   "This is your email already.",
	everlatch.ReasonEmailUnsupported: "Accounts of the type {actor_type} have no email to change.",
	everlatch.ReasonEmailChangeLimit: "Another email was asked for too often. Try again in a few days.",

	everlatch.ReasonAccountDeleted:   "This account has been deleted.",
	everlatch.ReasonActorTypeUnknown: "There is no actor type {actor_type}.",
	everlatch.ReasonIdentityUnknown:  "Provider identity with entity_id {entity_id} and provider {provider} not found",
	everlatch.ReasonLoginOfOther:     "Somebody else signs in with this {provider} account.",
	everlatch.ReasonLoginInUse:       "You have signed in with this one. Sign in with another one to remove it.",

	everlatch.ReasonErasureUnknown:  "There is no erasure of {id}.",
	everlatch.ReasonScheduleUnknown: "There is no schedule {id}.",
	everlatch.ReasonRunUnknown:      "There is no running workflow {id}.",

	store.MetadataTooLarge: "The metadata is larger than {most} bytes.",
	store.TooManyAddresses: "A customer can have {most} addresses.",
	everlatch.ReasonBusy:   unavailableMessage,
	limits.TooMany:         "Too many requests. Wait a while, then try again.",

	store.KeyNotRevoked: "Cannot delete api keys that are not revoked - {id}",

	store.GroupNameTaken:   "Customer group with name: {name}, already exists.",
	store.MembershipBroken: "The customer or the group is gone.",

	store.InviteTaken:           "Invite with email: {email}, already exists.",
	store.InvitedUserExists:     "User account for following email(s) already exist: {email}",
	store.InviteUnknown:         "The following invites do not exist: {id}",
	store.InviteForEmailUnknown: "There is no invite for this email.",
	store.InviteExpired:         "The invite has expired",
	store.InviteTokenInvalid:    "The invite token is invalid",

	store.PolicyWordInvalid:     "Resource and operation of a policy consist of letters, digits, _, . and -, or are *.",
	store.PolicyKeyMismatch:     "The key of a policy is <resource>:<operation>, here {key}.",
	store.PolicyKeyTaken:        "Rbac policy with key: {key}, already exists.",
	store.PolicyBuiltIn:         "A built-in policy cannot be changed.",
	store.PolicyForbidden:       "You do not have permission to change this policy",
	store.PolicyAssignForbidden: "You do not have access to some of the policies you are trying to assign.",
	store.PoliciesUnknown:       "The following policies do not exist: {ids}",
	store.RolesUnknown:          "The following role IDs do not exist: {ids}",
	store.RoleNameTaken:         "Rbac role with name: {name}, already exists.",
	store.RoleCircle:            "The role {id} cannot inherit from {parent}, which inherits from it.",
	store.RoleBuiltIn:           "The role of the super admin cannot be changed.",
	store.RoleForbidden:         "You do not have permission to change this role",
	store.RoleAssignForbidden:   "You do not have permission to assign these roles",
	store.LastSuperAdmin:        "The last super admin has to stay one.",
}

// plainlyNotFound is what the contract says about these records instead.
const plainlyNotFound = "{model} with id: {id} not found"

// Message returns what a caller is told about a refusal: its message, or the
// sentence of its reason.
func Message(e *everlatch.Error) string {
	sentence, known := sentences[e.Reason]
	if e.Message != "" || !known {
		return e.Error()
	}
	if e.Reason == store.RecordNotFound {
		switch e.Details["model"] {
		case "Customer group", "Policy", "Role":
			sentence = plainlyNotFound
		}
	}
	return filled(sentence, e.Details)
}

// filled replaces the placeholders of a sentence. What a detail holds is never
// taken for a placeholder.
func filled(sentence string, details map[string]string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(sentence, "{")
		b.WriteString(text)
		if !found {
			return b.String()
		}
		var name string
		name, sentence, _ = strings.Cut(rest, "}")
		if name, quoted := strings.CutSuffix(name, ":quoted"); quoted {
			b.WriteString(strconv.Quote(details[name]))
		} else {
			b.WriteString(details[name])
		}
	}
}

// Describe words an error for the person who runs a command: a refusal as a
// caller would read it, an outage with its cause where that is safe to show.
// What was wrapped around it stays.
func Describe(err error) string {
	text := err.Error()
	e, ok := errors.AsType[*everlatch.Error](err)
	if !ok {
		return text
	}
	said := Message(e)
	if fault, ok := errors.AsType[*store.FaultError](e.Err); ok {
		said = strings.TrimSuffix(said, " Try again shortly.")
		said = strings.TrimSuffix(said, ".") + ": " + fault.Error()
	}
	return strings.Replace(text, e.Error(), said, 1)
}
