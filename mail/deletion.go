package mail

import (
	"errors"
	"time"

	"github.com/everlatch/everlatch"
)

// deletion tells a customer that their account will be deleted, or no longer will
// be. The former says until when they can still cancel.
func (m *Mailer) deletion(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	text, _ := v.Data["deletion_at"].(string)
	at, err := time.Parse(time.RFC3339, text)
	if v.Event == everlatch.EventDeletionScheduled && (err != nil || !at.After(m.opts.Now())) {
		return "", everlatch.Permanent(errors.New("the account was due for deletion before the mail could be sent"))
	}
	v.Until.Time = at.UTC()
	return v.Event, nil
}

// erased is the last mail about an account. It needs no URL: nothing is left to
// link to.
func (m *Mailer) erased(v *view) (string, error) { return v.Event, nil }
