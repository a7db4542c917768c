package mail

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"time"

	"github.com/everlatch/everlatch"
)

// view is what templates see.
type view struct {
	// Event is the name of the event, Data what it carries.
	Event string
	Data  everlatch.Metadata
	// ActorType is of whom the mail is about; "" where it is about nobody.
	ActorType string
	// To is the address of the recipient.
	To    string
	Brand string
	// URL is where the recipient uses the service, without a slash at the end.
	URL string
	// Link is what the mail asks to open; "" where it asks for nothing.
	Link string
	// ExpiresIn is how long Link works, such as "15 minutes"; "" when not known.
	ExpiresIn string
	// At is when it happened, in UTC.
	At time.Time
	// Until is when what the mail announces comes true, in UTC; the zero time when
	// it announces nothing.
	Until time.Time
}

// kind is one kind of mail.
type kind struct {
	// recipient is the field of the event's data with the address.
	recipient string
	// prepare completes a view and returns the name of the templates, or "" when
	// there is nothing to send any more.
	prepare func(m *Mailer, v *view) (string, error)
}

// kinds are the mails there are, by the name of the event.
var kinds = map[string]kind{
	everlatch.EventPasswordReset:    {"entity_id", (*Mailer).passwordReset},
	everlatch.EventPasswordChanged:  {"entity_id", (*Mailer).passwordChanged},
	everlatch.EventEmailRequested:   {"email", (*Mailer).emailRequested},
	everlatch.EventEmailAnnounced:   {"former_email", (*Mailer).emailAnnounced},
	everlatch.EventEmailChanged:     {"former_email", (*Mailer).emailChanged},
	everlatch.EventEmailRestored:    {"email", (*Mailer).emailRestored},
	everlatch.EventIdentityLinked:   {"email", (*Mailer).waysChanged},
	everlatch.EventIdentityUnlinked: {"email", (*Mailer).waysChanged},
	everlatch.EventInviteCreated:    {"email", (*Mailer).invite},
	everlatch.EventInviteResent:     {"email", (*Mailer).invite},
	everlatch.EventDeadLetters:      {"to", (*Mailer).deadLetters},

	everlatch.EventDeletionScheduled: {"email", (*Mailer).deletion},
	everlatch.EventDeletionCancelled: {"email", (*Mailer).deletion},
	everlatch.EventCustomerErased:    {"email", (*Mailer).erased},
}

// templateResetRequested is the mail about a token that an administrator holds.
const templateResetRequested = everlatch.EventPasswordReset + ".requested"

// templateNames are the names that templates may have.
var templateNames = []string{
	everlatch.EventPasswordReset, templateResetRequested, everlatch.EventPasswordChanged,
	everlatch.EventIdentityLinked, everlatch.EventIdentityUnlinked, everlatch.EventInviteCreated, everlatch.EventInviteResent,
	everlatch.EventDeadLetters, everlatch.EventDeletionScheduled, everlatch.EventDeletionCancelled, everlatch.EventCustomerErased,
	everlatch.EventEmailRequested, templateEmailTaken, everlatch.EventEmailAnnounced, everlatch.EventEmailChanged,
	templateEmailChangedByOthers, everlatch.EventEmailRestored,
	everlatch.EventDeadLetters,
}

// resetPath is the page of a storefront that asks for a new password.
const resetPath = "/reset-password"

// passwordReset brings the link to whoever forgot a password. When an
// administrator asked for it, the link is theirs to pass on: the owner is only
// told, and the token does not reach the template.
func (m *Mailer) passwordReset(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	late := m.readExpiry(v)
	given := v.Data["token"]
	if v.Data["requested_by"] != nil {
		v.Data = maps.Clone(v.Data)
		delete(v.Data, "token")
		return templateResetRequested, nil
	}
	if _, sealed := everlatch.SecretOf(given); sealed {
		return "", errors.New("the token was not resolved: the subscription has no secrets")
	}
	token, _ := given.(string)
	if token == "" || late {
		return "", everlatch.Permanent(errors.New("the link has expired before the mail could be sent"))
	}
	v.Link = v.URL + resetPath + "?token=" + url.QueryEscape(token) + "&email=" + url.QueryEscape(v.To)
	return everlatch.EventPasswordReset, nil
}

// passwordChanged tells the owner, who may not have been the one.
func (m *Mailer) passwordChanged(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	v.Link = v.URL + resetPath
	return everlatch.EventPasswordChanged, nil
}

// waysChanged tells the owner that their account can be signed in to in one way
// more or less.
func (m *Mailer) waysChanged(v *view) (string, error) { return v.Event, m.needURL(v) }

// needURL fills in the URL. That there is none can be mended, so it is no
// permanent error.
func (m *Mailer) needURL(v *view) error {
	if v.URL = m.url(v.ActorType); v.URL == "" {
		return fmt.Errorf("no URL is configured for the actor type %q, nor for %q", v.ActorType, urlDefault)
	}
	return nil
}

// readExpiry fills in how long a link still works, and reports whether it does
// not any more.
func (m *Mailer) readExpiry(v *view) (late bool) {
	text, _ := v.Data["expires_at"].(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return false
	}
	left := at.Sub(m.opts.Now())
	if left <= 0 {
		return true
	}
	v.ExpiresIn = span(left)
	return false
}

// span writes a length of time for people, rounded to what matters to them.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	count, unit := int((d+30*time.Second)/time.Minute), "minute"
	switch {
	case d < time.Minute-10*time.Second:
		return "less than a minute"
	case d >= 2*day:
		count, unit = int(d/day), "day"
	case d >= 2*time.Hour, count == 60:
		count, unit = int((d+time.Minute)/time.Hour), "hour"
	}
	if count == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", count, unit)
}

// deadLetters reports to operators, who use the dashboard of users. The
// deliveries are brought into a form that a template cannot stumble over:
// count, more (those that are not listed) and deliveries, all texts one line.
func (m *Mailer) deadLetters(v *view) (string, error) {
	v.ActorType = everlatch.ActorUser
	v.URL = m.url(v.ActorType)
	list, _ := v.Data["deliveries"].([]any)
	deliveries := make([]map[string]string, 0, len(list))
	for _, item := range list {
		raw, _ := item.(everlatch.Metadata)
		entry := map[string]string{}
		for _, key := range []string{"event_id", "event", "subscriber", "error", "at"} {
			text, _ := raw[key].(string)
			entry[key] = oneLine(text)
		}
		deliveries = append(deliveries, entry)
	}
	count := max(number(v.Data["count"]), len(deliveries))
	v.Data = everlatch.Metadata{"count": count, "more": count - len(deliveries), "deliveries": deliveries}
	return everlatch.EventDeadLetters, nil
}

// number reads a count: an int from this process, a float64 from JSON.
func number(value any) int {
	switch n := value.(type) {
	case int:
		return n
	case int64:
		return int(n)
	case float64:
		return int(n)
	}
	return 0
}
