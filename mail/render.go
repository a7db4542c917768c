package mail

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

// render executes the templates of a name for a recipient who reads a language, "" if it is
// not known. Templates of the folder take precedence over the built-in ones; within each, those
// for the actor type over the general ones, and then those of the language.
func (t *templates) render(name, language string, v view) (Message, error) {
	var m Message
	reads := t.languages.of(language).Tag()
	stems := stemsOf(name, v.ActorType, reads)
	text, ok := find(t.layers, func(l layer) map[string]textTemplate { return l.texts }, stems)
	page, alsoOK := find(t.layers, func(l layer) map[string]pageTemplate { return l.pages }, stems)
	if !ok || !alsoOK {
		return m, fmt.Errorf("there is no template %q", name) // unreachable: all are built in
	}
	inText, inHTML := t.languages.of(cmp.Or(text.language, reads)), t.languages.of(cmp.Or(page.language, reads))
	forText := v.in(inText)
	var subject, body, html bytes.Buffer
	if err := errors.Join(text.subject.Execute(&subject, forText), text.body.Execute(&body, forText), page.Execute(&html, v.in(inHTML))); err != nil {
		return m, err
	}
	m.Subject = oneLine(subject.String())
	m.Text = clean(body.String())
	m.HTML = clean(html.String())
	if m.Subject == "" {
		return m, fmt.Errorf("template %q: the subject is empty", name)
	}
	m.Language = inText.Tag()
	if inHTML != inText {
		m.Language += ", " + inHTML.Tag()
	}
	return m, nil
}

func clean(text string) string { return strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD")) + "\n" }

// stemsOf lists the templates that may be used, the first one that exists first.
func stemsOf(name, actorType, language string) []string {
	general := []string{name + "." + language, name}
	specific := name + "." + actorType
	if slices.Contains(templateNames, specific) { // an actor type called "requested"
		return general
	}
	return append([]string{specific + "." + language, specific}, general...)
}

func find[T any](layers []layer, of func(layer) map[string]T, stems []string) (found T, ok bool) {
	for _, l := range layers {
		for _, stem := range stems {
			if found, ok = of(l)[stem]; ok {
				return found, true
			}
		}
	}
	return found, false
}

// tryOut executes every template once in every language: a reference to a field that does not
// exist, or a message with a name that has no value, fails only then.
func (t *templates) tryOut() error {
	seen := map[string]bool{}
	var problems []error
	for _, name := range templateNames {
		for _, actorType := range t.actorTypes {
			for _, language := range t.languages.Tags() {
				_, err := t.render(name, language, sample(name, actorType))
				if err != nil && !seen[err.Error()] {
					seen[err.Error()] = true
					problems = append(problems, err)
				}
			}
		}
	}
	return errors.Join(problems...)
}

// sample is a view in which every field that a template may use is set.
func sample(name, actorType string) view {
	v := view{
		Event: strings.TrimSuffix(name, ".requested"), ActorType: actorType, To: "ada@example.com", Brand: "Example",
		URL: "https://example.com", Link: "https://example.com" + resetPath, left: 15 * time.Minute,
		At: moment{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		Data: everlatch.Metadata{
			"entity_id": "ada@example.com", "actor_type": actorType, "provider": "emailpass",
			"auth_identity_id": "authid_1", "expires_at": "2026-01-02T03:19:05Z", "metadata": everlatch.Metadata{},
			"requested_by": everlatch.Metadata{"actor_type": "user", "actor_id": "user_1"},
		},
	}
	switch name {
	case everlatch.EventInviteCreated, everlatch.EventInviteResent:
		v.Link, v.left = "https://example.com"+invitePath, 24*time.Hour
		v.Data = everlatch.Metadata{
			"id": "invite_1", "email": "ada@example.com", "expires_at": "2026-01-03T03:04:05Z",
			"invited_by": everlatch.Metadata{"actor_type": "user", "actor_id": "user_1"},
		}
	case everlatch.EventDeletionScheduled, everlatch.EventDeletionCancelled, everlatch.EventCustomerErased:
		v.Link, v.left, v.Until.Time = "", 0, v.At.Add(14*24*time.Hour)
		v.Data = everlatch.Metadata{
			"id": "cus_1", "actor_type": actorType, "email": "ada@example.com", "deletion_at": "2026-01-16T03:04:05Z",
			"kept_by": everlatch.Metadata{"actor_type": "user", "actor_id": "user_1"},
		}
	case everlatch.EventEmailRequested, templateEmailTaken, everlatch.EventEmailAnnounced, everlatch.EventEmailChanged,
		templateEmailChangedByOthers, everlatch.EventEmailRestored:
		v.Data = everlatch.Metadata{
			"actor_type": actorType, "actor_id": "cus_1", "auth_identity_id": "authid_1", "email": "ada@example.com",
			"former_email": "ada@old.example.com", "taken": true, "expires_at": "2026-01-03T03:04:05Z",
			"changed_by": everlatch.Metadata{"actor_type": "user", "actor_id": "user_1"},
		}
	case everlatch.EventSignInFromNewDevice:
		v.Link, v.left = "https://example.com"+notMePath, 72*time.Hour
		v.Data = everlatch.Metadata{
			"sign_in_id": "1", "auth_identity_id": "authid_1", "actor_type": actorType, "actor_id": "cus_1", "provider": "emailpass",
			"device": "Firefox on Windows", "network": "192.0.2.0/24", "email": "ada@example.com", "expires_at": "2026-01-05T03:04:05Z",
		}
	case everlatch.EventApprovalRequested, everlatch.EventApprovalGranted, everlatch.EventApprovalRefused:
		v.Link, v.left = "", 0
		v.Data = everlatch.Metadata{
			"actor_type": actorType, "flow_id": "register/customer/1", "auth_identity_id": "authid_1", "actor_id": "cus_1",
			"email": "ada@example.com", "message": "We sell to schools only.",
		}
	case everlatch.EventVerificationRequested:
		v.Link, v.Code = "https://example.com"+verifyEmailPath, "123456"
		v.Data = everlatch.Metadata{
			"entity_id": "ada@example.com", "entity_type": "email", "code_provider": "token", "actor_type": actorType,
			"auth_identity_id": "authid_1", "expires_at": "2026-01-02T03:19:05Z", "metadata": everlatch.Metadata{}, "email": "ada@example.com",
		}
	case everlatch.EventSignInLocked:
		v.Data = everlatch.Metadata{
			"provider": "emailpass", "actor_type": actorType, "auth_identity_id": "authid_1",
			"failures": 10, "locked_for": 900, "email": "ada@example.com",
		}
	case everlatch.EventMFAEnabled, everlatch.EventMFADisabled, everlatch.EventRecoveryCodeUsed:
		v.Link, v.left = "", 0
		v.Data = everlatch.Metadata{
			"auth_identity_id": "authid_1", "mfa_id": "authmfa_1", "provider": "totp", "actor_type": actorType, "email": "ada@example.com", "left": 9,
			"disabled_by": everlatch.Metadata{"actor_type": "user", "actor_id": "user_1"}, "reason": "The phone was lost.",
		}
	case everlatch.EventDeadLetters:
		v.Link = ""
		v.Data = everlatch.Metadata{"count": 2, "more": 1, "deliveries": []map[string]string{{
			"event_id": "evt_1", "event": "customer.created", "subscriber": "crm", "error": "connection refused", "at": "2026-01-02T03:04:05Z",
		}}}
	}
	return v
}
