package everlatch

// The reasons of refusals by flows, each with the names of its details. The API
// words them.
const (
	// ReasonLanguageUnknown: mails are not written in that language.
	ReasonLanguageUnknown Reason = "language_unknown"
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

	// ReasonApprovalLate is a hook, such as an approval, that did not decide in time.
	ReasonApprovalLate Reason = "approval_late"
	// ReasonCodeInvalid is a code of no request, or of one that was confirmed or replaced.
	ReasonCodeInvalid Reason = "code_invalid"
	// ReasonCodeExpired is a code that was right and has expired.
	ReasonCodeExpired Reason = "code_expired"
	// ReasonCodeExhausted is a code after too many wrong ones.
	ReasonCodeExhausted Reason = "code_exhausted"
	// ReasonCodeOfOther is a code of another code provider than was named: provider.
	ReasonCodeOfOther Reason = "code_of_other"
	// ReasonAddressForeign is an address that is not the identity's: entity_id.
	ReasonAddressForeign Reason = "address_foreign"

	// ReasonBusy is a sign-in for which there is no room at the moment. The same
	// request may succeed in a second or two.
	ReasonBusy Reason = "busy"

	// ReasonAccountDeleted is a sign-in to an account that was deleted.
	ReasonAccountDeleted Reason = "account_deleted"
	// ReasonIdentityDisabled is a sign-in of an identity that an administrator has
	// disabled.
	ReasonIdentityDisabled Reason = "identity_disabled"
	// ReasonActorTypeUnknown is an actor type that does not exist: actor_type.
	ReasonActorTypeUnknown Reason = "actor_type_unknown"
	// ReasonIdentityUnknown is a provider identity that does not exist: entity_id,
	// provider.
	ReasonIdentityUnknown Reason = "identity_unknown"
	// ReasonLoginOfOther is a provider account that belongs to another identity:
	// provider.
	ReasonLoginOfOther Reason = "login_of_other"
	// ReasonCredentialsChanged is a change of credentials that have changed meanwhile.
	ReasonCredentialsChanged Reason = "credentials_changed"
	// ReasonLoginInUse is the removal of the login that the caller signed in with.
	ReasonLoginInUse Reason = "login_in_use"

	// ReasonMethodUnknown is a method of second factors that does not exist: method.
	ReasonMethodUnknown Reason = "mfa_method_unknown"
	// ReasonFactorDisabled is an answer for a factor that is disabled.
	ReasonFactorDisabled Reason = "factor_disabled"
	// ReasonFactorCode is a wrong answer for a second factor: provider.
	ReasonFactorCode Reason = "factor_code"
	// ReasonFactorExhausted is a factor that was given too many wrong codes.
	ReasonFactorExhausted Reason = "factor_exhausted"
	// ReasonRemovalUnproven is the removal of a factor without the answer that it needs.
	ReasonRemovalUnproven Reason = "factor_removal_unproven"
	// ReasonRemovalCode is the removal of a factor with a wrong answer.
	ReasonRemovalCode Reason = "factor_removal_code"
	// ReasonRecoveryCode is a recovery code that the identity doesn't have.
	ReasonRecoveryCode Reason = "recovery_code"
	// ReasonRecoveryCodeCount is a request for too few or too many recovery codes: most.
	ReasonRecoveryCodeCount Reason = "recovery_code_count"
	// ReasonNoMethod is a challenge for an identity without an enabled second factor.
	ReasonNoMethod Reason = "mfa_method_missing"
	// ReasonChallengeUnknown is a challenge that does not exist for the caller: id.
	ReasonChallengeUnknown Reason = "challenge_unknown"
	// ReasonChallengePassed is a challenge that was passed already.
	ReasonChallengePassed Reason = "challenge_passed"
	// ReasonChallengeExpired is a challenge whose time is up.
	ReasonChallengeExpired Reason = "challenge_expired"
	// ReasonChallengeExhausted is a challenge with too many wrong answers before.
	ReasonChallengeExhausted Reason = "challenge_exhausted"
	// ReasonChallengeMethod is a method that the challenge doesn't offer: method.
	ReasonChallengeMethod Reason = "challenge_method"
	// ReasonChallengeCode is a wrong answer, and ReasonChallengeLastCode the wrong
	// answer that was the last one.
	ReasonChallengeCode     Reason = "challenge_code"
	ReasonChallengeLastCode Reason = "challenge_last_code"
	// ReasonPromptLimit is a prompt that was asked for too often.
	ReasonPromptLimit Reason = "challenge_prompt_limit"

	// ReasonPasskeyRefused is an answer of a device that was not accepted: another
	// challenge, site or passkey, or a wrong signature.
	ReasonPasskeyRefused Reason = "passkey_refused"
	// ReasonPasskeyCloned is an answer that a passkey has signed with an old counter: a copy
	// of its key may be in use.
	ReasonPasskeyCloned Reason = "passkey_cloned"
	// ReasonPasskeyUnverified is a sign-in with a passkey that is a second factor, on a
	// device that has not verified its user.
	ReasonPasskeyUnverified Reason = "passkey_unverified"
	// ReasonPasskeysFull is one passkey more than an identity can have: most.
	ReasonPasskeysFull Reason = "passkeys_full"
	// ReasonFactorText is the name of a factor that is too long or has control characters.
	ReasonFactorText Reason = "factor_text_invalid"

	// ReasonSignInCode is a code for a sign-in that is wrong or used, has expired, or
	// belongs to another browser.
	ReasonSignInCode Reason = "sign_in_code"
	// ReasonSignInCodeExhausted is the wrong code that was the last one.
	ReasonSignInCodeExhausted Reason = "sign_in_code_exhausted"
	// ReasonSignInCodeClosed is any code while none of this browser is open; it is worded
	// as ReasonSignInCode.
	ReasonSignInCodeClosed Reason = "sign_in_code_closed"
	// ReasonSignInLink is a link for a sign-in that is not accepted, such as in another
	// browser than the one that asked for it.
	ReasonSignInLink Reason = "sign_in_link"

	// ReasonAuthorizationCode is an authorization code that is unknown, used or expired, or
	// that came with another verifier or page than it was made for.
	ReasonAuthorizationCode Reason = "authorization_code"
	// ReasonReturnTo is a page that browsers may not be sent to (pages.return_to).
	ReasonReturnTo Reason = "return_to"

	// ReasonCredentialsWrong is a sign-in with an address and a password that don't belong
	// together.
	ReasonCredentialsWrong Reason = "credentials_wrong"
	// ReasonEmailRegistered is the registration of an address that has an identity.
	ReasonEmailRegistered Reason = "email_registered"
	// ReasonAddressMalformed is a text that is no address to sign in with.
	ReasonAddressMalformed Reason = "address_malformed"
	// ReasonPasswordShort and ReasonPasswordLong are new passwords of a length that is not
	// accepted: least, most. ReasonPasswordCommon is one that many people use.
	ReasonPasswordShort  Reason = "password_short"
	ReasonPasswordLong   Reason = "password_long"
	ReasonPasswordCommon Reason = "password_common"
	// ReasonAuthenticationFailed is a sign-in that proves no identity.
	ReasonAuthenticationFailed Reason = "authentication_failed"
	// ReasonProviderRefused is a sign-in that the provider refused, in its own words.
	ReasonProviderRefused Reason = "provider_refused"
	// ReasonEmailUnverified is a sign-in at a provider that has not verified the address.
	ReasonEmailUnverified Reason = "email_unverified"
	// ReasonCallbackURL is a callback URL that is not among those of the provider.
	ReasonCallbackURL Reason = "callback_url_forbidden"
	// ReasonProviderForbidden is a provider that an actor type may not use: actor_type,
	// provider.
	ReasonProviderForbidden Reason = "provider_forbidden"
	// ReasonInviteForeign is an invite for another address than that of the identity.
	ReasonInviteForeign Reason = "invite_foreign"
	// ReasonVerificationMissing is an account for an address that has to be verified first.
	ReasonVerificationMissing Reason = "verification_missing"

	// ReasonErasureUnknown is an erasure that does not exist: id.
	ReasonErasureUnknown Reason = "erasure_unknown"
	// ReasonScheduleUnknown is a schedule that does not exist: id.
	ReasonScheduleUnknown Reason = "schedule_unknown"
	// ReasonRunUnknown is a workflow that is not running: id.
	ReasonRunUnknown Reason = "run_unknown"
)
