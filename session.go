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
	// ExpiresAt is the absolute end; IdleExpiresAt moves with use and is never
	// later.
	ExpiresAt     time.Time
	IdleExpiresAt time.Time
}

// Standing is what the store knows now about the identity behind a token or a
// session. A caller whose token or session disagrees with it is refused.
type Standing struct {
	CredentialVersion int64
	// SignInEnded says that the user has ended the asked sign-in.
	SignInEnded bool
	// ActorID is the linked, living actor of the asked type, or "".
	ActorID string
	// Access is what that actor may do, loaded only by reads that say so.
	Access Access
}
