package admission

import "github.com/everlatch/everlatch"

// The reasons of refusals.
const (
	// Unauthenticated is a request without a credential that counts.
	Unauthenticated everlatch.Reason = "unauthenticated"
	// FactorMissing is a second factor that has not been completed.
	FactorMissing everlatch.Reason = "factor_missing"
	// FactorTooOld is a second factor that was completed too long ago.
	FactorTooOld everlatch.Reason = "factor_too_old"
	// SignInTooOld is a sign-in too long ago for what cannot be undone.
	SignInTooOld everlatch.Reason = "sign_in_too_old"
)
