package httpauth

import "github.com/everlatch/everlatch"

// The reasons of refusals. The API words them.
const (
	// Unauthenticated is a request without a credential that counts.
	Unauthenticated everlatch.Reason = "unauthenticated"
	// KeyAsBearer is a secret API key that was sent as a bearer token.
	KeyAsBearer everlatch.Reason = "key_as_bearer"
	// FactorMissing is a second factor that has not been completed.
	FactorMissing everlatch.Reason = "factor_missing"
	// FactorTooOld is a second factor that was completed too long ago.
	FactorTooOld everlatch.Reason = "factor_too_old"
	// SignInTooOld is a sign-in too long ago for what cannot be undone.
	SignInTooOld everlatch.Reason = "sign_in_too_old"
	// OriginForeign is a session cookie that came from a page of an origin that is not
	// trusted. It is the reason of an [everlatch.Error].
	OriginForeign everlatch.Reason = "origin_foreign"
)
