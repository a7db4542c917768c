package totp

import (
	"errors"
	"strings"
	"time"
)

// Options are those of auth.mfa.providers (docs/contract.md#s5-2). nil is the default.
type Options struct {
	// Issuer is the name of the service that authenticator apps show, unless the
	// request names another one.
	Issuer string `json:"issuer"`
	// Digits is the length of a code: 6, 7 or 8. The dashboard can only type 6.
	Digits *int `json:"digits"`
	// Period is how many seconds a code stands for.
	Period *int `json:"period"`
	// Window is how many periods a code may be early or late.
	Window *int `json:"window"`

	// Now is the clock.
	Now func() time.Time `json:"-"`
}

// The defaults (docs/contract.md#s5-2).
const (
	defaultIssuer = "Medusa"
	defaultDigits = 6
	defaultPeriod = 30
	defaultWindow = 1
	// mostPeriod and mostWindow bound for how long a code that was seen could be used.
	mostPeriod = 3600
	mostWindow = 10
)

// shape is what the codes of one factor look like. It is stored with the factor, so that
// it survives a change of the options.
type shape struct {
	digits, period int
}

// check reports everything that is wrong.
func (o Options) check() error {
	var problems []error
	if o.Digits != nil && (*o.Digits < 6 || *o.Digits > 8) {
		problems = append(problems, errors.New("TOTP digits must be 6, 7, or 8"))
	}
	switch {
	case o.Period != nil && *o.Period < 1:
		problems = append(problems, errors.New("TOTP period must be a positive integer"))
	case o.Period != nil && *o.Period > mostPeriod:
		problems = append(problems, errors.New("TOTP period must be at most 3600"))
	}
	switch {
	case o.Window != nil && *o.Window < 0:
		problems = append(problems, errors.New("TOTP window must be a non-negative integer"))
	case o.Window != nil && *o.Window > mostWindow:
		problems = append(problems, errors.New("TOTP window must be at most 10"))
	}
	if strings.ContainsFunc(o.Issuer, isControl) {
		problems = append(problems, errors.New("TOTP issuer must not contain control characters"))
	}
	return errors.Join(problems...)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func or(value *int, otherwise int) int {
	if value == nil {
		return otherwise
	}
	return *value
}
