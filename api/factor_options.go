package api

import (
	"cmp"
	"time"
)

// MFAOptions are about second factors. Zero fields have their defaults.
type MFAOptions struct {
	// EnrollWithin is how old the sign-in may be with which a first factor is added; 0 is
	// 12 hours.
	EnrollWithin time.Duration
	// StepUpWithin is how old the second factor may be with which another one is added, one
	// is removed, or recovery codes are replaced (docs/weak-spots.md#w59); 0 is 10 minutes.
	StepUpWithin time.Duration
	// RemovalNeedsAnswer asks for a code before a factor is removed, however recent the
	// last one is (docs/contract.md#s10-2).
	RemovalNeedsAnswer bool
	// RecoveryCodes is how many are made unless the request says so; 0 is 10.
	RecoveryCodes int
}

const (
	defaultEnrollWithin  = 12 * time.Hour
	defaultStepUpWithin  = 10 * time.Minute
	defaultRecoveryCodes = 10
)

func (o MFAOptions) withDefaults() MFAOptions {
	o.EnrollWithin = cmp.Or(o.EnrollWithin, defaultEnrollWithin)
	o.StepUpWithin = cmp.Or(o.StepUpWithin, defaultStepUpWithin)
	o.RecoveryCodes = cmp.Or(o.RecoveryCodes, defaultRecoveryCodes)
	return o
}
