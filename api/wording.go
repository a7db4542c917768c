package api

import (
	"strconv"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// Every message of the API is in this file, in the words of the contract where it
// has some. A handler names a reason or one of the errors below. Elsewhere
// are only the messages of providers and of custom code, and those of Express's own
// parsers, which internal/wire imitates.

// The messages that replace the one of an error. Callers need not know which part is
// unavailable; the log and /ready say it.
const (
	unavailableMessage = "The service is not available. Try again shortly."
	conflictMessage    = "The request conflicted with another request. You may retry the request with the provided Idempotency-Key."
	internalMessage    = "An unknown error occurred."
	pendingMessage     = "Your request is waiting for approval."
)

// sentences are what callers read about a refusal that names a reason (
// docs/contract.md#s4-1). {name} stands for a detail, and {name:quoted} for one in quotes.
var sentences = map[everlatch.Reason]string{
	store.RecordNotFound:    "{model} with id: {id} was not found",
	store.UpdateNotFound:    "{model} with id {id:quoted} not found",
	store.ReferenceNotFound: "You tried to set relationship {column}: {id}, but such entity does not exist",
	store.OrderInvalid:      "Order field {field} is not valid",
	store.TextInvalid:       "Text must be valid UTF-8 without the character U+0000.",
	store.RangeEmpty:        "Parameter to must be later than from.",
	store.RangeLong:         "The range is too long: at most 366 days and 500 intervals are counted at once.",
	store.IntervalShort:     "An interval is at least a minute, in whole seconds.",
	store.ChangedMeanwhile:  "The {what} has changed meanwhile.",

	store.AccountEmailTaken:  "Customer with this email already has an account",
	store.CustomerEmailTaken: "Customer with email: {email}, has_account: {has_account}, already exists.",
	accounts.EmailInvalid:    "Invalid request: Invalid email address",
	accounts.EmailUnusable:   "This email cannot be used to sign in.",
	store.UserEmailTaken:     "User with email: {email}, already exists.",
	store.UserRestoreTaken:   "Another user has this email now.",
	store.EmailTaken:         "Another account has this email.",
	store.LoginTaken:         "Another account signs in with this email.",
	store.ActorValueTaken:    "{model} with {field}: {value}, already exists.",
	store.ActorRestoreTaken:  "Another {actor_type} has one of these values now.",

	store.FilterInvalid:       "Filters on {field} are not possible",
	store.AppMetadataReserved: "The key {key} of app_metadata belongs to links and roles.",
	store.CredentialRequired:  "An identity needs a provider identity.",
	store.IdentityTaken:       "This identity exists already.",
	store.AlreadyLinked:       "The auth identity is already linked to another {actor_type}.",
	store.AddressUnproven:     "Add a provider that has verified this address first. Then you can sign in with it and a password.",
	store.ProviderAlreadyUsed: "You can sign in with {provider} already. Remove that one first.",
	store.LastCredential:      "The last way to sign in cannot be removed.",
	store.FactorActive:        "An active {provider} factor already exists for this auth identity",
	store.FactorTaken:         "This device is used by another account already.",
	store.FactorUnknown:       "MFA factor with id {id:quoted} was not found",
	store.NoFactor:            "Recovery codes require an enabled MFA factor",
	store.CredentialUnknown:   "The credential was not found.",
	store.SessionEnded:        "The session has ended.",
	store.SecretExpired:       "The secret has expired.",

	accounts.UserAbove:            "You do not have permission to do this to a user with these roles",
	accounts.IdentityAbove:        "You do not have permission to do this: the same sign-in belongs to an account of actor type {actor_type} that you may not change.",
	accounts.ResetDisabled:        "The identity is disabled. Enable it first: its user can't use a link for a new password.",
	accounts.ResetWithoutAccount:  "The identity has no account, so there is no page for a new password to link to.",
	accounts.ResetActorType:       "The identity has accounts of several types. Choose one with actor_type: {actor_types}.",
	accounts.ResetOfOtherType:     "The identity has no account of the type {actor_type}.",
	accounts.ResetWithoutPassword: "The identity has no password.",
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

	everlatch.ReasonCredentialsWrong:     "Invalid email or password",
	everlatch.ReasonEmailRegistered:      "Identity with email already exists",
	everlatch.ReasonAddressMalformed:     "Email should be a valid email address",
	everlatch.ReasonPasswordShort:        "Password must have at least {least} characters.",
	everlatch.ReasonPasswordLong:         "Password must have at most {most} characters.",
	everlatch.ReasonPasswordCommon:       "Password is one of the most common passwords. Choose another one.",
	everlatch.ReasonAuthenticationFailed: "Authentication failed",
	everlatch.ReasonProviderRefused:      "The provider has refused the sign-in.",
	everlatch.ReasonEmailUnverified:      "Email not verified, cannot proceed with authentication",
	everlatch.ReasonCallbackURL:          "The provided callback URL is not allowed",
	everlatch.ReasonProviderForbidden:    "The actor type {actor_type} is not allowed to use the auth provider {provider}",
	everlatch.ReasonInviteForeign:        "The invite is for another email.",
	everlatch.ReasonVerificationMissing:  "Verify your address first. Then you can create an account.",

	everlatch.ReasonIdentityDisabled:    "Authentication failed",
	store.IdentityHasActors:             "This identity signs in to an account. Remove the account, and the identity goes with it.",
	everlatch.ReasonAccountDeleted:      "This account has been deleted.",
	everlatch.ReasonActorTypeUnknown:    "There is no actor type {actor_type}.",
	everlatch.ReasonIdentityUnknown:     "Provider identity with entity_id {entity_id} and provider {provider} not found",
	everlatch.ReasonLoginOfOther:        "Another account signs in with this {provider} account.",
	everlatch.ReasonCredentialsChanged:  "The credentials have changed meanwhile. Try again.",
	everlatch.ReasonPasskeyRefused:      "This passkey was not accepted. Try again, or sign in another way.",
	everlatch.ReasonPasskeyCloned:       "This passkey was not accepted, because a copy of it may be in use. Sign in another way and remove it.",
	everlatch.ReasonPasskeyUnverified:   "Unlock your device with its PIN, fingerprint or face to sign in with this passkey.",
	everlatch.ReasonPasskeysFull:        "You can have {most} passkeys. Remove one first.",
	everlatch.ReasonSignInCode:          "This code is wrong or has expired. Check it, or ask for a new one.",
	everlatch.ReasonSignInCodeClosed:    "This code is wrong or has expired. Check it, or ask for a new one.",
	everlatch.ReasonSignInCodeExhausted: "Too many wrong codes. Ask for a new one.",
	everlatch.ReasonSignInLink:          "This link works once, and only in the browser where you asked for it. Enter the code from the email there instead.",
	everlatch.ReasonLoginInUse:          "You have signed in with this one. Sign in with another one to remove it.",

	everlatch.ReasonMethodUnknown:      "There is no MFA method {method:quoted}.",
	everlatch.ReasonFactorDisabled:     "Disabled MFA factors cannot be verified",
	everlatch.ReasonFactorCode:         "Invalid {provider} code",
	everlatch.ReasonFactorExhausted:    "Too many wrong codes. Try again in an hour, or add the factor again.",
	everlatch.ReasonRemovalUnproven:    "MFA verification code is required to disable MFA",
	everlatch.ReasonRemovalCode:        "Invalid MFA verification code",
	everlatch.ReasonRecoveryCode:       "Recovery code is invalid or already used",
	everlatch.ReasonRecoveryCodeCount:  "Recovery code count must be between 1 and {most}",
	everlatch.ReasonCodeInvalid:        "Verification code is invalid or already used",
	everlatch.ReasonCodeExpired:        "Verification code has expired",
	everlatch.ReasonCodeExhausted:      "Too many wrong codes. Request a new one.",
	everlatch.ReasonCodeOfOther:        "Verification code does not belong to provider {provider:quoted}",
	everlatch.ReasonAddressForeign:     "Only an address of your own can be verified, such as the one that you sign in with.",
	store.VerificationUnknown:          "Verification code is invalid or already used",
	everlatch.ReasonNoMethod:           "Auth identity does not have any enabled MFA methods",
	everlatch.ReasonChallengeUnknown:   "MFA challenge with id {id:quoted} was not found",
	everlatch.ReasonChallengePassed:    "MFA challenge has already been completed",
	everlatch.ReasonChallengeExpired:   "MFA challenge has expired",
	everlatch.ReasonChallengeExhausted: "MFA challenge has too many failed attempts",
	everlatch.ReasonChallengeMethod:    "MFA challenge does not support method {method:quoted}",
	everlatch.ReasonChallengeCode:      "Invalid MFA challenge code",
	everlatch.ReasonChallengeLastCode:  "MFA challenge has too many failed attempts",
	everlatch.ReasonPromptLimit:        "This was asked for too often. Sign in again.",

	everlatch.ReasonAuthorizationCode: "This code is not valid. Sign in again.",
	everlatch.ReasonReturnTo:          "The page to return to is not one of pages.return_to.",

	everlatch.ReasonFactorText: "Label and issuer can have 256 characters, and no control characters.",

	everlatch.ReasonLanguageUnknown: "Choose one of these languages: {languages}.",

	everlatch.ReasonApprovalLate: "The request was not approved in time.",

	everlatch.ReasonErasureUnknown:  "There is no erasure of {id}.",
	everlatch.ReasonScheduleUnknown: "There is no schedule {id}.",
	everlatch.ReasonRunUnknown:      "There is no running workflow {id}.",

	reasonOwnIdentity:        "You can't disable the identity that you use.",
	reasonOwnRemoval:         "A user cannot delete itself",
	reasonExplanation:        "Give a reason of at most 500 bytes.",
	reasonSearchShort:        "Search for a word of at least three characters.",
	reasonRolesMissing:       "Forbidden",
	reasonPermissionsMissing: "Insufficient permissions. Required policies: {policies}",
	reasonNoDoctor:           "This program does not examine itself.",
	reasonAdminSignUp:        "Administrators are invited; they do not sign up.",
	reasonNotInvited:         "There is no invite for {email}.",
	reasonUserExists:         "The user is already registered and cannot create a new account.",
	reasonHasActor:           "Request already authenticated as a {actor_type}.",
	reasonInviteForUser:      "The user is already authenticated and cannot accept an invite.",
	reasonUserWithoutEmail:   "Email is required to create a user account.",
	reasonEmailUnproven:      "The auth provider does not vouch for your email.",
	reasonOtherProvider:      "Only {provider} identities can create a user account for this authentication context",
	reasonUnverifiedSignUp:   "The {entity_type} has to be verified before there is an account: register without actor, verify, then create the account.",
	reasonConflict:           conflictMessage,

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

	httpauth.Unauthenticated: "Unauthorized",
	httpauth.KeyAsBearer: "A secret API key was passed as a Bearer token. Secret API keys must be sent using " +
		"HTTP Basic authentication instead (Authorization: Basic <secret-api-key>).",
	httpauth.FactorMissing:        "MFA verification is required to complete this request",
	httpauth.FactorTooOld:         "MFA was verified too long ago to complete this request",
	httpauth.FactorTooOldToRemove: "MFA was verified too long ago to complete this request. MFA verification code is required to disable MFA",
	httpauth.SignInTooOld:         "This request needs a recent sign-in. Sign in again and repeat it.",
	httpauth.OriginForeign:        "Requests with a session cookie are not accepted from this origin.",
	wire.PathInvalid:              "The path is not valid.",

	query.FieldRequired:    "Field '{field}' is required",
	query.FieldsUnknown:    "Unrecognized fields: '{fields}'",
	query.TypeWrong:        "Expected type: '{want}' for field '{field}', got: '{got}'",
	query.ChoiceUnknown:    "Expected: '{want}' for field '{field}', but got: '{got}'",
	query.ValueTooSmall:    "Value for field '{field}' too small, expected at least: '{least}'",
	query.ValueTooBig:      "Value for field '{field}' too big, expected at most: '{most}'",
	query.PatternMissed:    "Value for field '{field}' does not have the expected form",
	query.AddressInvalid:   "Invalid email address",
	query.RangeBroken:      "Field '{field}' is compared with one time, by $eq, $gt, $gte, $lt or $lte",
	query.RelationsTooDeep: "The following fields expand more than the maximum of {most} allowed relations: {fields}",
}

// invalidPrefix stands before everything that is wrong with a request.
const invalidPrefix = "Invalid request: "

// plainlyNotFound is what the contract says about a missing record of plainModels
// instead.
const plainlyNotFound = "{model} with id: {id} not found"

var plainModels = []string{"Customer group", "Policy", "Role"}

// The refusals of handlers. One that needs no reason of its own has reasonOther.

func invalidData(message string) error { return other(everlatch.CodeInvalidData, message) }

func notAllowed(message string) error { return other(everlatch.CodeNotAllowed, message) }

func unauthorized(message string) error { return other(everlatch.CodeUnauthorized, message) }

func forbidden(message string) error { return other(everlatch.CodeForbidden, message) }

func notFound(message string) error { return other(everlatch.CodeNotFound, message) }

func other(code everlatch.Code, message string) error {
	return &everlatch.Error{Code: code, Reason: reasonOther, Message: message}
}

// refused returns a refusal whose reason has a sentence above.
func refused(code everlatch.Code, reason everlatch.Reason, details map[string]string) error {
	return &everlatch.Error{Code: code, Reason: reason, Details: details}
}

// Keys and requests.
var (
	errKeyMissing = notAllowed("Publishable API key required in the request header: x-publishable-api-key. " +
		"You can manage your keys in settings in the dashboard.")
	errActorType      = invalidData("The actor type is not valid: at most 64 letters, digits, hyphens, dots and underscores.")
	errKeyInvalid     = notAllowed("A valid publishable key is required to proceed with the request")
	errNotAnAddress   = &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonAddressMalformed, Message: "Enter your email address."}
	errNoCodeOrToken  = invalidData("Send the email address and the code, or the token of the link.")
	errBrowserHeader  = invalidData("Everlatch-Browser must be one value of 16 to 128 characters.")
	errIdempotencyKey = invalidData("Idempotency-Key must be one value of at most 255 visible ASCII characters.")

	errChannelsOfSecretKey = invalidData("Sales channels can only be associated with publishable API keys")
	errKeyOwner            = invalidData("Only an administrator can take over an API key, and only a secret one.")
)

func errNoChannels(unknown []string) error {
	return invalidData("Sales channels with IDs " + strings.Join(unknown, ", ") + " do not exist")
}

// Signing in.
var (
	errNoCode           = &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonAuthenticationFailed, Message: "No code provided"}
	errNoState          = refused(everlatch.CodeUnauthorized, everlatch.ReasonStateInvalid, nil)
	errNotAuthenticated = refused(everlatch.CodeUnauthorized, everlatch.ReasonAuthenticationFailed, nil)
	errRefreshProvider  = unauthorized("The auth provider is not set while refreshing token")
	errRefreshIdentity  = unauthorized("Invalid auth identity while refreshing token")
)

// Verifications.
var (
	errAddressForeign       = refused(everlatch.CodeNotAllowed, everlatch.ReasonAddressForeign, nil)
	errVerificationIdentity = notFound("Provider identity not found while checking verification")
	errUnverified           = refused(everlatch.CodeNotAllowed, everlatch.ReasonVerificationMissing, nil)
	errEntityType           = invalidData("Invalid request: Value for field 'entity_type' too big, expected at most: '64'")
)

func errUnverifiedSignUp(entityType string) error {
	return refused(everlatch.CodeNotAllowed, reasonUnverifiedSignUp, map[string]string{"entity_type": entityType})
}

// errNoProviderIdentity refuses a second factor of a sign-in by a method that was removed
// meanwhile.
func errNoProviderIdentity(provider string) error {
	return invalidData("Auth identity does not have a provider identity for " + strconv.Quote(provider))
}

func errProviderNotAllowed(actorType, provider string) error {
	return refused(everlatch.CodeNotAllowed, everlatch.ReasonProviderForbidden, map[string]string{"actor_type": actorType, "provider": provider})
}

func errNoSession(id string) error {
	return refused(everlatch.CodeNotFound, store.RecordNotFound, map[string]string{"model": "Session", "id": id})
}

func errNoIdentity(id string) error {
	return refused(everlatch.CodeNotFound, store.RecordNotFound, map[string]string{"model": "AuthIdentity", "id": id})
}

// errFactorText is about longestFactorText.
var errFactorText = &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonFactorText, Message: "Label and issuer can have 256 characters."}

// Accounts.
var (
	errAdminSignUp      = refused(everlatch.CodeNotAllowed, reasonAdminSignUp, nil)
	errUserExists       = refused(everlatch.CodeInvalidData, reasonUserExists, nil)
	errUserWithoutEmail = refused(everlatch.CodeInvalidData, reasonUserWithoutEmail, nil)
	errEmailUnproven    = refused(everlatch.CodeNotAllowed, reasonEmailUnproven, nil)
	errReason           = refused(everlatch.CodeInvalidData, reasonExplanation, nil)
	errOwnIdentity      = refused(everlatch.CodeNotAllowed, reasonOwnIdentity, nil)
	errSelfRemoval      = refused(everlatch.CodeNotAllowed, reasonOwnRemoval, nil)
	errInviteForUser    = refused(everlatch.CodeInvalidData, reasonInviteForUser, nil)
	errInviteOfOther    = refused(everlatch.CodeNotAllowed, everlatch.ReasonInviteForeign, nil)
)

func errHasActor(actorType string) error {
	return refused(everlatch.CodeInvalidData, reasonHasActor, map[string]string{"actor_type": actorType})
}

func errNoAccounts(actorType string) error {
	return invalidData("There are no accounts of the actor type " + actorType + ".")
}

func errOtherProvider(provider string) error {
	return refused(everlatch.CodeUnauthorized, reasonOtherProvider, map[string]string{"provider": provider})
}

func errNotInvited(email string) error {
	return refused(everlatch.CodeNotAllowed, reasonNotInvited, map[string]string{"email": email})
}

func errInviteUnknown(id string) error {
	return refused(everlatch.CodeInvalidData, store.InviteUnknown, map[string]string{"id": id})
}

// errNoCustomer differs from the sentence of the reason in the contract.
func errNoCustomer(id string) error {
	return &everlatch.Error{Code: everlatch.CodeNotFound, Reason: store.RecordNotFound, Message: "Customer with id: " + id + " not found"}
}

// errNoRecord is a missing record of a path with a list in its body.
func errNoRecord(model, id string) error {
	return refused(everlatch.CodeNotFound, store.UpdateNotFound, map[string]string{"model": model, "id": id})
}

// Passwords.
var (
	errInvalidToken = refused(everlatch.CodeUnauthorized, everlatch.ReasonTokenInvalid, nil)
	errResetOfOther = forbidden("A password-reset token is given to its own user only (admin.reset_tokens).")
	errArguments    = invalidData("The arguments are a JSON object.")
	errResetsOff    = forbidden("Password-reset tokens for administrators are switched off (admin.reset_tokens).")
)

func errNoMethod(name string) error {
	return notFound("The service has no method " + name + ".")
}

func errNoPassword(email string) error {
	return refused(everlatch.CodeInvalidData, everlatch.ReasonIdentityUnknown, map[string]string{"entity_id": email, "provider": "emailpass"})
}

// Permissions.
var (
	errNoRoles = refused(everlatch.CodeForbidden, reasonRolesMissing, nil)
)

func errPermissions(keys []string) error {
	return refused(everlatch.CodeForbidden, reasonPermissionsMissing, map[string]string{"policies": strings.Join(keys, ", ")})
}

// Events.
var (
	errPublisher = forbidden("Events are published with a secret API key.")
	errEventName = invalidData("Event names consist of lower case words, digits, _ and -, joined by dots.")
	errEventID   = invalidData("Event ids are 1 to 128 letters, digits and . _ : -, and do not begin with " + ids.Event + ".")
)

var (
	errSearchShort = refused(everlatch.CodeInvalidData, reasonSearchShort, nil)
	errNoDoctor    = refused(everlatch.CodeNotFound, reasonNoDoctor, nil)
	errPeopleLimit = invalidData("Parameter limit must be from 1 to 50.")
)

var errScheduleNote = invalidData("A note has 500 bytes at most.")

func errEventTaken(id string) error {
	return other(everlatch.CodeDuplicate, "Another event with the id "+id+" was published before.")
}
