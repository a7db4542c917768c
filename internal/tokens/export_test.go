package tokens

// MaxBytes is maxBytes.
const MaxBytes = maxBytes

// Why a token was refused.
var (
	ErrMalformed   = errMalformed
	ErrSignature   = errSignature
	ErrNotYetValid = errNotYetValid
	ErrIssuer      = errIssuer
	ErrIncomplete  = errIncomplete
	ErrPurpose     = errPurpose
)
