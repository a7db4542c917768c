package everlatch

import "time"

// SignIn is one sign-in and all that was issued for it: tokens, the tokens that
// were renewed from them, and sessions. Its owner knows it as a session.
type SignIn struct {
	// ID is the sid of its tokens. It is no secret.
	ID             string `json:"id"`
	AuthIdentityID string `json:"auth_identity_id"`
	AuthProvider   string `json:"auth_provider"`
	ActorType      string `json:"actor_type"`
	ActorID        string `json:"actor_id"` // "" = no actor yet
	// CredentialVersion is the identity's when something was issued last.
	CredentialVersion int64 `json:"-"`
	// Device describes the browser or app: "Firefox on Windows"; "" is unknown.
	Device string `json:"device"`
	// Network is the network that the request came from, IPv4 /24 or IPv6 /48;
	// "" is unknown. The full address isn't kept.
	Network   string    `json:"network"`
	CreatedAt time.Time `json:"created_at"`
	// LastUsedAt is exact to the hour.
	LastUsedAt time.Time `json:"last_used_at"`
	// ExpiresAt is when the last of what was issued expires, to the hour.
	ExpiresAt time.Time `json:"expires_at"`
	// Live says that something of it can still be used. Only reads set it.
	Live bool `json:"live"`
}

// EventData is what events tell of a sign-in.
func (s SignIn) EventData() Metadata {
	return Metadata{
		"sign_in_id": s.ID, "auth_identity_id": s.AuthIdentityID, "actor_type": s.ActorType, "actor_id": s.ActorID,
		"provider": s.AuthProvider, "device": s.Device, "network": s.Network,
	}
}
