package everlatch

import "time"

// Session is a browser that stays signed in. It refers to an identity and
// holds no copy of what that identity may do (docs/weak-spots.md#w32).
type Session struct {
	// ID is "ses_" and a ULID: safe to log and to list. The cookie holds
	// another value, of which the store keeps only the hash.
	ID        string
	Principal Principal
	CreatedAt time.Time
	// ExpiresAt is the absolute end; IdleExpiresAt moves with use, up to
	// ExpiresAt.
	ExpiresAt     time.Time
	IdleExpiresAt time.Time
}

// Standing is the current state of the identity behind a token or a session. A
// caller whose token or session disagrees with it is refused.
type Standing struct {
	CredentialVersion int64
	// SignInEnded says that the user has ended the sign-in in question.
	SignInEnded bool
	// SignInUsedAt is when use of the sign-in was last recorded; zero for one that
	// isn't recorded.
	SignInUsedAt time.Time
	// Disabled says that every way in is refused, whatever was issued.
	Disabled bool
	// MFAEnabledAt is when the identity's first enabled factor was enabled, zero without
	// one, and MFAEnabledBy the sign-in that enabled it.
	MFAEnabledAt time.Time
	MFAEnabledBy string
	// ActorID is the linked, live actor of the requested type, or "".
	ActorID string
	// Access is what that actor may do; only reads that say so load it.
	Access Access
}
