package mail

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/messages"
)

// view is what templates see.
type view struct {
	// Event is the name of the event, Data what it carries.
	Event string
	Data  everlatch.Metadata
	// ActorType is the actor type of the account that the mail is about; "" when it
	// is about no account.
	ActorType string
	// To is the address of the recipient.
	To    string
	Brand string
	// URL is where the recipient uses the service, without a trailing slash.
	URL string
	// Link is the link to open; "" when the mail has none.
	Link string
	// Code is what the recipient types instead of opening a link; "" when there is none.
	Code string
	// ExpiresIn is how long Link works, or how long an account is locked, such as "15
	// minutes", in the language of the mail; "" when unknown.
	ExpiresIn string
	// At is when the event happened, in UTC.
	At moment
	// Until is when an announced deletion takes place, in UTC; otherwise the zero
	// time.
	Until moment
	// Language is the tag of the mail's language (BCP 47), Direction that of its script,
	// ltr or rtl, and Start where its lines start: left or right.
	Language, Direction, Start string

	// left is what ExpiresIn says.
	left     time.Duration
	language *messages.Language
}

// kind is one kind of mail.
type kind struct {
	// recipient is the field of the event's data that holds the address.
	recipient string
	// prepare completes a view and returns the name of the templates, or "" when
	// there is no longer anything to send.
	prepare func(m *Mailer, v *view) (string, error)
}

// kinds are all kinds of mail, by the name of the event.
var kinds = map[string]kind{
	everlatch.EventRegistrationRequested: {"email", (*Mailer).registrationRequested},
	everlatch.EventPasswordReset:         {"entity_id", (*Mailer).passwordReset},
	everlatch.EventPasswordChanged:       {"entity_id", (*Mailer).passwordChanged},
	everlatch.EventEmailRequested:        {"email", (*Mailer).emailRequested},
	everlatch.EventEmailAnnounced:        {"former_email", (*Mailer).emailAnnounced},
	everlatch.EventEmailChanged:          {"former_email", (*Mailer).emailChanged},
	everlatch.EventEmailRestored:         {"email", (*Mailer).emailRestored},
	everlatch.EventIdentityLinked:        {"email", (*Mailer).methodsChanged},
	everlatch.EventIdentityUnlinked:      {"email", (*Mailer).methodsChanged},
	everlatch.EventSignInFromNewDevice:   {"email", (*Mailer).newDevice},
	everlatch.EventSignInLocked:          {"email", (*Mailer).signInLocked},
	everlatch.EventInviteCreated:         {"email", (*Mailer).invite},
	everlatch.EventInviteResent:          {"email", (*Mailer).invite},
	everlatch.EventDeadLetters:           {"to", (*Mailer).deadLetters},
	everlatch.EventVerificationRequested: {"email", (*Mailer).verificationRequested},
	everlatch.EventPasskeyCloned:         {"email", (*Mailer).methodsChanged},
	everlatch.EventMFAEnabled:            {"email", (*Mailer).factorChanged},
	everlatch.EventMFADisabled:           {"email", (*Mailer).factorChanged},
	everlatch.EventRecoveryCodeUsed:      {"email", (*Mailer).factorChanged},
	everlatch.EventSignInCodeRequested:   {"email", (*Mailer).signInCode},

	everlatch.EventApprovalRequested: {"email", (*Mailer).approval},
	everlatch.EventApprovalGranted:   {"email", (*Mailer).approval},
	everlatch.EventApprovalRefused:   {"email", (*Mailer).approval},

	everlatch.EventDeletionScheduled: {"email", (*Mailer).deletion},
	everlatch.EventDeletionCancelled: {"email", (*Mailer).deletion},
	everlatch.EventCustomerErased:    {"email", (*Mailer).erased},
}

// templateResetRequested is the mail about a reset token issued to an administrator.
const templateResetRequested = everlatch.EventPasswordReset + ".requested"

// templateNames are the names that templates may have: one per kind, and those of
// mails that a kind sends instead.
var templateNames = append(slices.Sorted(maps.Keys(kinds)),
	templateResetRequested, templateRegistrationTaken, templateEmailTaken, templateEmailChangedByOthers)

// resetPath is the storefront page that asks for a new password.
const resetPath = "/reset-password"

// passwordReset sends the reset link to the account's owner. When an
// administrator requested the reset, the administrator passes the link on: the
// owner is only notified, and the token does not reach the template.
func (m *Mailer) passwordReset(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	if v.Data["requested_by"] != nil {
		m.readExpiry(v)
		v.Data = maps.Clone(v.Data)
		delete(v.Data, "token")
		return templateResetRequested, nil
	}
	token, err := m.token(v)
	if err == nil && token == "" {
		err = errLate()
	}
	if err != nil {
		return "", err
	}
	v.Link = v.URL + resetPath + "?token=" + url.QueryEscape(token) + "&email=" + url.QueryEscape(v.To)
	return everlatch.EventPasswordReset, nil
}

// passwordChanged notifies the owner, who may not have made the change.
func (m *Mailer) passwordChanged(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	v.Link = v.URL + resetPath
	return everlatch.EventPasswordChanged, nil
}

// signInLocked tells the owner that attempts to sign in have locked the account, and
// how to get in.
func (m *Mailer) signInLocked(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	v.left = time.Duration(number(v.Data["locked_for"])) * time.Second
	v.Link = v.URL + resetPath
	return everlatch.EventSignInLocked, nil
}

// methodsChanged tells the owner that a sign-in method was added or removed.
func (m *Mailer) methodsChanged(v *view) (string, error) { return v.Event, m.needURL(v) }

// notMePath is the storefront page that accepts the token which ends a sign-in.
const notMePath = "/not-me"

// newDevice tells the owner of a sign-in from a new device, with a link that ends it.
// Once the link was used there is nothing to tell.
func (m *Mailer) newDevice(v *view) (string, error) {
	if err := m.needURL(v); err != nil {
		return "", err
	}
	return m.withToken(v, notMePath)
}

// approval tells who waits for a decision that they do, and what it is.
func (m *Mailer) approval(v *view) (string, error) { return v.Event, m.needURL(v) }

// needURL fills in the URL. A missing URL is not a permanent error: an operator
// can configure it.
func (m *Mailer) needURL(v *view) error {
	if v.URL = m.url(v.ActorType); v.URL == "" {
		return fmt.Errorf("no URL is configured for the actor type %q, nor for %q", v.ActorType, urlDefault)
	}
	return nil
}

// readExpiry notes how long a link still works, and reports whether it has
// expired.
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
	v.left = left
	return false
}

// deadLetters reports dead letters to operators. It normalizes the event's data
// so that templates can rely on it: count, more (how many are not listed) and
// deliveries, whose texts are single lines.
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
