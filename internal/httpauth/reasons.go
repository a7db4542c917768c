package httpauth

import (
	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/admission"
)

// The reasons of refusals. The API words them.
const (
	// Unauthenticated is a request without a credential that counts.
	Unauthenticated = admission.Unauthenticated
	// KeyAsBearer is a secret API key that was sent as a bearer token.
	KeyAsBearer everlatch.Reason = "key_as_bearer"
	// FactorMissing is a second factor that has not been completed.
	FactorMissing = admission.FactorMissing
	// FactorTooOld is a second factor that was completed too long ago.
	FactorTooOld = admission.FactorTooOld
	// FactorTooOldToRemove is a second factor that was completed too long ago to remove one
	// without another answer.
	FactorTooOldToRemove everlatch.Reason = "factor_too_old_to_remove"
	// SignInTooOld is a sign-in too long ago for what cannot be undone.
	SignInTooOld = admission.SignInTooOld
	// OriginForeign is a session cookie that came from a page of an origin that is not
	// trusted. It is the reason of an [everlatch.Error].
	OriginForeign everlatch.Reason = "origin_foreign"
)
