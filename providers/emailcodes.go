package providers

import "time"

// EmailCodes is a provider whose users sign in with a code, or a link, that is mailed to
// them. It keeps no state: codes, their single use and their expiry are the flow's.
type EmailCodes interface {
	Provider
	// Subject returns the subject of an address that a user typed. EntityKey is "" for
	// text that is no address.
	Subject(email string) Subject
	// Rules are the same for all codes.
	Rules() EmailCodeRules
}

// EmailCodeRules say how codes may be used.
type EmailCodeRules struct {
	// TTL is how long a code and its link are good.
	TTL time.Duration
	// Tries is how many wrong codes end a request.
	Tries int
	// Register says that an address without an identity gets one by its first sign-in.
	Register bool
}
