package mail

import (
	"errors"
	"time"

	"github.com/everlatch/everlatch"
)

// deletion tells a customer that their account will be removed, or will not. The
// first says until when they may come back.
func (m *Mailer) deletion(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	text, _ := v.Data["deletion_at"].(string)
	at, err := time.Parse(time.RFC3339, text)
	if v.Event == everlatch.EventDeletionScheduled && (err != nil || !at.After(m.opts.Now())) {
		return "", everlatch.Permanent(errors.New("the account was to be removed before the mail could be sent"))
	}
	v.Until = at.UTC()
	return v.Event, nil
}

// erased is the last mail to somebody: there is nothing left to link to.
func (m *Mailer) erased(v *view) (string, error) { return v.Event, nil }
