package auth

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// MFA has the methods of second factors (docs/contract.md#s2-5). No result has the secret
// of a factor but that of StartAuthMfa. Wrong answers count on the identity, whichever way
// they come: too many of them are [everlatch.CodeRateLimited].
type MFA interface {
	// StartAuthMfa enrols a factor, which is pending until VerifyAuthMfa. An unknown
	// provider is [everlatch.CodeInvalidData], a second factor of a provider of which the
	// identity has one [everlatch.CodeNotAllowed].
	StartAuthMfa(ctx context.Context, in NewFactor) (StartedFactor, error)
	// VerifyAuthMfa enables a pending factor by its first code. From then on every sign-in
	// of the identity needs it.
	VerifyAuthMfa(ctx context.Context, in FactorCode) (everlatch.Factor, error)
	// DisableAuthMfa disables a factor; the last one takes the recovery codes with it.
	// With a code, it must be right. Without one, the caller answers for whether the user
	// may.
	DisableAuthMfa(ctx context.Context, in FactorRemoval) (everlatch.Factor, error)
	// RetrieveAuthMfa returns a factor, or [everlatch.CodeNotFound].
	RetrieveAuthMfa(ctx context.Context, factor FactorRef, config FindConfig) (everlatch.Factor, error)
	// ListAuthMfa returns the factors that pass a filter.
	ListAuthMfa(ctx context.Context, filter FactorFilter, config FindConfig) ([]everlatch.Factor, error)
	// GenerateAuthMfaRecoveryCodes replaces the recovery codes of an identity and returns
	// the new ones: 1 to 50, 10 for 0. An identity without an enabled factor is
	// [everlatch.CodeNotAllowed].
	GenerateAuthMfaRecoveryCodes(ctx context.Context, authIdentityID string, count int) ([]string, error)
	// UseAuthMfaRecoveryCode uses up a recovery code of an identity: of many uses one
	// succeeds. A code that is wrong or used is [everlatch.CodeNotAllowed].
	UseAuthMfaRecoveryCode(ctx context.Context, authIdentityID, code string) error
}

// Challenges has the methods of challenges, which ask for a second factor
// (docs/contract.md#s10-3). They are those that were created here: the challenge of a
// sign-in over HTTP is answered over HTTP, with the token that came with it.
type Challenges interface {
	// CreateAuthMfaChallenge asks for a second factor of an identity. Without an enabled
	// factor it is [everlatch.CodeNotAllowed]. A changed credential ends its challenges.
	CreateAuthMfaChallenge(ctx context.Context, in NewChallenge) (Challenge, error)
	// PromptAuthMfaChallenge has a method act, such as to send a code, and returns what the
	// user's device is told, such as what a passkey signs. A method that needs no prompt
	// returns nothing.
	PromptAuthMfaChallenge(ctx context.Context, in ChallengePrompt) (everlatch.Metadata, error)
	// VerifyAuthMfaChallenge passes a challenge, once: a passed one is
	// [everlatch.CodeNotAllowed], and so is one that has expired or has seen too many wrong
	// codes. One that does not exist, or not for this identity, is [everlatch.CodeNotFound].
	VerifyAuthMfaChallenge(ctx context.Context, in ChallengeCode) (Challenge, error)
}

// NewFactor is a second factor to enrol.
type NewFactor struct {
	AuthIdentityID string `json:"auth_identity_id"`
	// Provider is the method, such as totp.
	Provider string `json:"provider"`
	// Label and Issuer are what the user's device shows, "" for the defaults.
	Label    string             `json:"label,omitempty"`
	Issuer   string             `json:"issuer,omitempty"`
	Metadata everlatch.Metadata `json:"metadata,omitempty"`
}

// StartedFactor is a pending factor, with what its user needs for the first code.
type StartedFactor struct {
	Factor everlatch.Factor `json:"mfa"`
	// Public is what the method tells its user once: secret and otpauth_url of totp.
	Public everlatch.Metadata `json:"public,omitempty"`
}

// FactorRef names a factor.
type FactorRef struct {
	ID string `json:"id"`
	// AuthIdentityID, if it is set, is the identity that the factor must belong to.
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
}

// FactorCode is the first code of a pending factor.
type FactorCode struct {
	ID string `json:"id"`
	// AuthIdentityID is as in [FactorRef].
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
	Code           string `json:"code"`
}

// FactorRemoval is a factor to disable.
type FactorRemoval struct {
	ID string `json:"id"`
	// AuthIdentityID is as in [FactorRef].
	AuthIdentityID string `json:"auth_identity_id,omitempty"`
	// Method and Code are an answer of the user, such as totp and a code, or recovery_code
	// and one of those. Both are "" for none.
	Method string `json:"method,omitempty"`
	Code   string `json:"code,omitempty"`
}

// NewChallenge asks for a second factor.
type NewChallenge struct {
	AuthIdentityID string `json:"auth_identity_id"`
	// AuthProvider is the provider of the first factor, "" for that of the identity that
	// was added first.
	AuthProvider string `json:"auth_provider,omitempty"`
	// ActorType is as what the user signs in; "" is the first linked actor type, or
	// customer.
	ActorType string `json:"actor_type,omitempty"`
	// StepUp says that the user is signed in already, and proves again who they are. A
	// challenge without it completes a sign-in: hooks and events of sign-ins belong to it,
	// and an account that waits for its removal is kept.
	StepUp bool `json:"step_up,omitempty"`
	// Metadata is at most 4 kB that the caller keeps with the challenge, such as what it is
	// about.
	Metadata everlatch.Metadata `json:"metadata,omitempty"`
}

// Challenge asks for a second factor.
type Challenge struct {
	ID             string `json:"id"`
	AuthIdentityID string `json:"auth_identity_id"`
	AuthProvider   string `json:"auth_provider"`
	ActorType      string `json:"actor_type"`
	StepUp         bool   `json:"step_up,omitempty"`
	// Methods can pass it: those of the enabled factors, and recovery_code.
	Methods   []string  `json:"methods"`
	ExpiresAt time.Time `json:"expires_at"`
	// Attempts is how many answers were wrong. MaxAttempts end the challenge.
	Attempts    int `json:"attempts"`
	MaxAttempts int `json:"max_attempts"`
	// CompletedAt and Method are when and by which method it was passed.
	CompletedAt time.Time          `json:"completed_at,omitzero"`
	Method      string             `json:"method,omitempty"`
	Metadata    everlatch.Metadata `json:"metadata"`
}

// ChallengePrompt has a method of a challenge act.
type ChallengePrompt struct {
	ID             string `json:"id"`
	AuthIdentityID string `json:"auth_identity_id"`
	Method         string `json:"method"`
}

// ChallengeCode is the answer of a user to a challenge.
type ChallengeCode struct {
	ID string `json:"id"`
	// AuthIdentityID is whose challenge it is. Medusa takes one from anybody.
	AuthIdentityID string `json:"auth_identity_id"`
	// Method is one of the methods of the challenge.
	Method string `json:"method"`
	Code   string `json:"code"`
	// IdempotencyKey lets the answer be repeated: the same key and code get the first
	// result.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
}
