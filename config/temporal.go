package config

import (
	"fmt"
	"time"
)

const (
	acceptUnsealedUntil = "temporal.accept_unsealed_until"
	// longestMigration bounds how long payloads that are not sealed can be accepted,
	// so that the exception does not become the rule.
	longestMigration = 90 * day
)

// AcceptUnsealed returns the moment until which payloads that are not sealed are
// accepted: the zero time for never. A day that has passed or is too far ahead is an
// error, so that a migration that is over is noticed.
func (t Temporal) AcceptUnsealed(now time.Time) (time.Time, error) {
	if t.AcceptUnsealedUntil == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.DateOnly, t.AcceptUnsealedUntil)
	switch {
	case err != nil:
		return time.Time{}, Problems{{acceptUnsealedUntil, fmt.Sprintf("%q is not a day, such as 2027-01-31", t.AcceptUnsealedUntil)}}
	case !until.After(now):
		return time.Time{}, Problems{{acceptUnsealedUntil, t.AcceptUnsealedUntil + " has passed; remove the setting"}}
	case until.After(now.Add(longestMigration)):
		return time.Time{}, Problems{{acceptUnsealedUntil, t.AcceptUnsealedUntil + " is more than 90 days ahead"}}
	}
	return until, nil
}
