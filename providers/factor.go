package providers

import (
	"context"

	"github.com/everlatch/everlatch"
)

// SecondFactor is a method of second factors, such as TOTP (docs/contract.md#s3-8). It
// keeps no state: what belongs to a factor is in its record, encrypted at rest for
// that factor alone (docs/weak-spots.md#w64).
//
// A refusal is an [*everlatch.Error] whose message is shown to the user; every other
// error is an outage.
type SecondFactor interface {
	// Method names the method in routes, challenges and records: "totp".
	Method() string
	// DisplayName is the name in messages to users: "TOTP".
	DisplayName() string
	// Enroll prepares a factor that [SecondFactor.Verify] is to enable.
	Enroll(ctx context.Context, in FactorEnrollment) (EnrolledFactor, error)
	// Verify checks an answer for one factor. It is asked with Setup to enable a pending
	// factor, and without it to pass a challenge.
	Verify(ctx context.Context, in FactorAnswer) (FactorVerdict, error)
}

// SeveralFactors is a [SecondFactor] of which an identity may have several at once,
// such as one passkey for each device. It tells them apart by [FactorVerdict.Handle].
type SeveralFactors interface {
	SecondFactor
	// Several reports whether an identity may have more than one.
	Several() bool
}

// HasSeveral reports that a method is [SeveralFactors] and says so.
func HasSeveral(f SecondFactor) bool {
	several, ok := f.(SeveralFactors)
	return ok && several.Several()
}

// SlowFactor is a [SecondFactor] whose calls may take long, because they leave the
// machine, for example to send a message. Like those of [Slow] providers, they run on a
// task queue of their own; each is given four seconds, and ends with its context.
type SlowFactor interface {
	SecondFactor
	// Slow reports whether a call may leave the machine.
	Slow() bool
}

// IsSlowFactor reports that a method is [SlowFactor] and says so.
func IsSlowFactor(f SecondFactor) bool {
	slow, ok := f.(SlowFactor)
	return ok && slow.Slow()
}

// Prompter is a [SecondFactor] that has to act before users can answer: it sends a
// code, or makes the challenge that a device signs.
type Prompter interface {
	SecondFactor
	// Prompt acts for the enabled factors of an identity. It may be asked again for the
	// same challenge.
	Prompt(ctx context.Context, factors []FactorRecord) (FactorPrompt, error)
}

// FactorEnrollment describes a factor to enrol.
type FactorEnrollment struct {
	AuthIdentityID, FactorID string
	// Label and Issuer are what the user's device shows, "" for the provider's defaults.
	Label, Issuer string
	Metadata      everlatch.Metadata
	// Existing are the enabled factors of the same provider.
	Existing []FactorRecord
}

// EnrolledFactor is a factor that waits for its first answer.
type EnrolledFactor struct {
	// Secret is kept with the factor until the first answer replaces it.
	Secret []byte
	// Public is added to the answer of the request, such as secret and otpauth_url. It may
	// be secret: it is shown once, and kept out of payloads.
	Public everlatch.Metadata
}

// FactorRecord is a stored factor.
type FactorRecord struct {
	everlatch.Factor

	Secret []byte
	// Counter is that of the last accepted answer.
	Counter int64
}

// FactorAnswer is the answer of a user for one factor.
type FactorAnswer struct {
	Factor FactorRecord
	// Code is what the user typed, or what their device sent, as text.
	Code string
	// Setup says that the factor is pending, and this is its first answer.
	Setup bool
	// Prompt is what the provider kept of its [FactorPrompt], nil without one.
	Prompt []byte
}

// FactorVerdict accepts an answer.
type FactorVerdict struct {
	// Counter has to be greater than that of the last accepted answer; an equal one is
	// an answer that was used (docs/weak-spots.md#w58). 0 for methods whose prompt makes
	// every answer single use.
	Counter int64
	// Secret, if not nil, replaces the secret of the factor.
	Secret []byte
	// Handle, for the answer that enables a factor, tells it from others of its provider.
	Handle string
}

// FactorPrompt is what a challenge asks the user for.
type FactorPrompt struct {
	// Public is added to the answer of the request.
	Public everlatch.Metadata
	// Secret is kept for [FactorAnswer.Prompt].
	Secret []byte
}
