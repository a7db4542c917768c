package config

import "time"

// Invites are how administrators ask others to join them (docs/contract.md#s4-6).
type Invites struct {
	ValidDuration Span `koanf:"valid_duration" default:"0" min:"0" doc:"How long the link of an invite is valid; 0 means as long as a token, http.jwt_expires_in."`
	AnyEmail      bool `koanf:"any_email" default:"false" doc:"Whether the account of an invited administrator may have another e-mail than the invited one."`
}

// check refuses what would have ended before it began: tokens count in seconds.
func (i Invites) check() Problems {
	if i.ValidDuration > 0 && i.ValidDuration.Duration() < time.Second {
		return Problems{{"invites.valid_duration", i.ValidDuration.String() + " is too short, 1s is the least"}}
	}
	return nil
}
