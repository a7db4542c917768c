package mail_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/messages/messagestest"
	"github.com/everlatch/everlatch/mail"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// outgoing is a sender that records mails, or fails.
type outgoing struct {
	sent []mail.Message
	err  error
}

func (o *outgoing) Send(_ context.Context, m mail.Message) error {
	o.sent = append(o.sent, m)
	return o.err
}

func options() mail.Options {
	return mail.Options{
		Sender: &outgoing{}, From: "Shop <no-reply@shop.example>", Brand: "Shop", Now: clock,
		URLs: map[string]string{"customer": "https://shop.example/", "user": "http://localhost:9000/app"},
	}
}

func mailer(tb testing.TB, change func(*mail.Options)) *mail.Mailer {
	tb.Helper()
	o := options()
	if change != nil {
		change(&o)
	}
	m, err := mail.New(o)
	require.NoError(tb, err)
	return m
}

func event(name string, data everlatch.Metadata) everlatch.Event {
	return everlatch.Event{
		ID: "evt_01", Name: name, Source: everlatch.SourceEverlatch, CreatedAt: noon.Add(-time.Second), Data: data,
	}
}

func resetEvent(actorType string) everlatch.Event {
	return event(everlatch.EventPasswordReset, everlatch.Metadata{
		"entity_id": "ada+shop@example.com", "actor_type": actorType, "token": "to/k+en", "provider": "emailpass",
		"auth_identity_id": "authid_01", "metadata": everlatch.Metadata{"note": "planted-note"},
		"expires_at": noon.Add(15 * time.Minute).Format(time.RFC3339),
	})
}

func registrationEvent(taken bool) everlatch.Event {
	e := event(everlatch.EventRegistrationRequested, everlatch.Metadata{
		"email": "ada+shop@example.com", "actor_type": everlatch.ActorCustomer, "provider": "emailpass", "token": "to/k+en",
		"expires_at": noon.Add(24 * time.Hour).Format(time.RFC3339),
	})
	if taken {
		delete(e.Data, "token")
		delete(e.Data, "expires_at")
		e.Data["taken"] = true
	}
	return e
}

func requestedEvent(actorType string) everlatch.Event {
	e := resetEvent(actorType)
	e.Data["requested_by"] = everlatch.Metadata{"actor_type": "user", "actor_id": "user_01"}
	return e
}

func changedEvent(actorType string) everlatch.Event {
	return event(everlatch.EventPasswordChanged, everlatch.Metadata{
		"entity_id": "ada@example.com", "actor_type": actorType, "provider": "emailpass", "auth_identity_id": "authid_01",
	})
}

func linkedEvent(name, actorType string) everlatch.Event {
	return event(name, everlatch.Metadata{
		"auth_identity_id": "authid_01", "provider_identity_id": "pi_01", "provider": "github", "entity_id": "583231",
		"actor_type": actorType, "email": "ada@example.com",
	})
}

func approvalEvent(name string) everlatch.Event {
	return event(name, everlatch.Metadata{
		"actor_type": everlatch.ActorCustomer, "flow_id": "create-customer-account/authid_01", "auth_identity_id": "authid_01",
		"actor_id": "cus_01", "email": "ada@example.com",
	})
}

func lockedEvent() everlatch.Event {
	return event(everlatch.EventSignInLocked, everlatch.Metadata{
		"provider": "emailpass", "actor_type": "customer", "auth_identity_id": "authid_01", "failures": 10, "locked_for": 900,
		"email": "ada@example.com",
	})
}

// The owner is told only where the event says where.
func TestSignInLocked(t *testing.T) {
	t.Parallel()

	e := lockedEvent()
	got, ok, err := mailer(t, nil).Render(e)
	require.NoError(t, err)
	require.True(t, ok)
	require.Contains(t, got.Text, "The lock ends in 15 minutes.")
	require.Contains(t, got.Text, "\nhttps://shop.example/reset-password\n")
	delete(e.Data, "email")
	_, ok, err = mailer(t, nil).Render(e)
	require.NoError(t, err)
	require.False(t, ok)
}

func deadLettersEvent() everlatch.Event {
	return event(everlatch.EventDeadLetters, everlatch.Metadata{
		"to": "ops@shop.example", "count": 7, "deliveries": []any{
			everlatch.Metadata{
				"event_id": "evt_02", "event": "customer.created", "subscriber": "crm",
				"error": "the server <b>answered</b>\n503", "at": "2026-11-23T11:00:00Z",
			},
			everlatch.Metadata{
				"event_id": "evt_03", "event": "auth.password_reset", "subscriber": "mail",
				"error": "there is no such mailbox", "at": "2026-11-23T11:30:00Z",
			},
		},
	})
}

// everyMail are events that each mail is about, by the name of the golden file.
func everyMail() map[string]everlatch.Event {
	automatic := linkedEvent(everlatch.EventIdentityLinked, everlatch.ActorCustomer)
	automatic.Data["automatic"] = true
	golden := map[string]everlatch.Event{
		"everlatch.dead_letters": deadLettersEvent(), "auth.identity_linked.automatic": automatic,
	}
	for _, actorType := range []string{everlatch.ActorCustomer, everlatch.ActorUser} {
		golden["auth.password_reset."+actorType] = resetEvent(actorType)
		golden["auth.password_reset.requested."+actorType] = requestedEvent(actorType)
		golden["auth.password_changed."+actorType] = changedEvent(actorType)
		golden["auth.identity_linked."+actorType] = linkedEvent(everlatch.EventIdentityLinked, actorType)
		golden["auth.passkey_cloned."+actorType] = linkedEvent(everlatch.EventPasskeyCloned, actorType)
		golden["auth.identity_unlinked."+actorType] = linkedEvent(everlatch.EventIdentityUnlinked, actorType)
	}
	for _, name := range []string{
		everlatch.EventEmailRequested, everlatch.EventEmailAnnounced, everlatch.EventEmailChanged, everlatch.EventEmailRestored,
	} {
		golden[name] = emailEvent(name, everlatch.ActorCustomer)
	}
	golden["auth.email_change_requested.taken"], golden["auth.email_changed.by_others"] = takenEvent(), changedByAdministrator()
	golden[everlatch.EventRegistrationRequested], golden[everlatch.EventRegistrationRequested+".taken"] = registrationEvent(false), registrationEvent(true)
	for _, name := range []string{everlatch.EventInviteCreated, everlatch.EventInviteResent} {
		golden[name] = inviteEvent(name)
	}
	for _, name := range []string{everlatch.EventDeletionScheduled, everlatch.EventDeletionCancelled, everlatch.EventCustomerErased} {
		golden[name] = deletionEvent(name)
	}
	kept := deletionEvent(everlatch.EventDeletionCancelled)
	kept.Data["kept_by"] = everlatch.Metadata{"actor_type": "user", "actor_id": "user_1"}
	golden["customer.deletion_cancelled.by_administrator"] = kept
	golden[everlatch.EventSignInFromNewDevice], golden[everlatch.EventSignInLocked] = newDeviceEvent(), lockedEvent()
	for _, name := range []string{everlatch.EventMFAEnabled, everlatch.EventMFADisabled, everlatch.EventRecoveryCodeUsed} {
		golden[name] = factorEvent(name)
	}
	golden["auth.mfa_disabled.by_administrator"] = factorRemovedByAdministrator()
	for _, name := range []string{everlatch.EventApprovalRequested, everlatch.EventApprovalGranted, everlatch.EventApprovalRefused} {
		golden[name] = approvalEvent(name)
	}
	golden["auth.approval_refused.reason"] = approvalEvent(everlatch.EventApprovalRefused)
	golden["auth.approval_refused.reason"].Data["message"] = "We sell to <schools> only."
	golden["auth.verification_requested"], golden["auth.verification_requested.code"] = verificationEvent("c0/de", true), verificationEvent("123456", false)
	golden["auth.sign_in_code_requested"] = signInCodeEvent()
	return golden
}

// TestGolden keeps every mail as a file for review. UPDATE_GOLDEN=1 go test ./mail
// rewrites the files.
func TestGolden(t *testing.T) {
	t.Parallel()

	m := mailer(t, nil)
	golden := everyMail()
	for _, name := range []string{"auth.password_reset.customer", everlatch.EventSignInFromNewDevice} {
		for _, language := range messagestest.Languages() {
			if language != "en" {
				e := golden[name]
				e.Language = language
				golden[name+"."+language] = e
			}
		}
	}
	for name, e := range golden {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, ok, err := m.Render(e)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, "evt_01", got.ID)
			require.Equal(t, e.Name, got.Event)
			require.Equal(t, "Shop <no-reply@shop.example>", got.From)
			text := "To: " + got.To + "\nSubject: " + got.Subject + "\n\n" + got.Text + "\n---\n\n" + got.HTML
			file := filepath.Join("testdata", name+".golden")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), text, "run UPDATE_GOLDEN=1 go test ./mail and review the diff")
		})
	}
}

func TestResetLink(t *testing.T) {
	t.Parallel()

	m := mailer(t, nil)
	for actorType, base := range map[string]string{
		"customer": "https://shop.example", "user": "http://localhost:9000/app", "vendor": "https://shop.example", "": "https://shop.example",
	} {
		got, ok, err := m.Render(resetEvent(actorType))
		require.NoError(t, err)
		require.True(t, ok)
		link := base + "/reset-password?token=to%2Fk%2Ben&email=ada%2Bshop%40example.com"
		require.Contains(t, got.Text, "\n"+link+"\n")
		require.NotContains(t, got.Text+got.HTML, "planted-note", "metadata of the request is not shown")
	}

	withDefault := mailer(t, func(o *mail.Options) { o.URLs["default"] = "https://default.example" })
	got, _, err := withDefault.Render(resetEvent("vendor"))
	require.NoError(t, err)
	require.Contains(t, got.Text, "https://default.example/reset-password?")

	usersOnly := mailer(t, func(o *mail.Options) { o.URLs = map[string]string{"user": "https://staff.example"} })
	_, _, err = usersOnly.Render(resetEvent("customer"))
	require.ErrorContains(t, err, `no URL is configured for the actor type "customer"`)
	require.False(t, everlatch.IsPermanent(err), "configuration can fix it")
}

// The administrator passes the token on: the mail must not be a second way to get
// it.
func TestRequestedResetHasNoToken(t *testing.T) {
	t.Parallel()

	e := requestedEvent("customer")
	e.Data["token"] = "planted-token"
	m := mailer(t, nil)
	got, ok, err := m.Render(e)
	require.NoError(t, err)
	require.True(t, ok)
	for _, text := range []string{got.Subject, got.Text, got.HTML} {
		require.NotContains(t, text, "planted-token")
		require.NotContains(t, text, "http")
		require.NotContains(t, text, "user_01")
	}
	require.Equal(t, "planted-token", e.Data["token"], "the event is not changed")

	folder := t.TempDir()
	write(t, folder, "auth.password_reset.requested.txt", "Subject: Look\n\n[{{.Data.token}}] [{{.Link}}]\n")
	got, _, err = mailer(t, func(o *mail.Options) { o.Templates = folder }).Render(e)
	require.NoError(t, err)
	require.Equal(t, "[<no value>] []\n", got.Text, "a custom template cannot show it either")

	delete(e.Data, "token")
	e.Data["expires_at"] = noon.Add(-time.Minute).Format(time.RFC3339)
	_, ok, err = m.Render(e)
	require.NoError(t, err)
	require.True(t, ok, "the owner is notified even after expiry")
}

func TestExpiredLinkIsNotSent(t *testing.T) {
	t.Parallel()

	for name, change := range map[string]func(everlatch.Metadata){
		"the token is gone":  func(d everlatch.Metadata) { delete(d, "token") },
		"the token is empty": func(d everlatch.Metadata) { d["token"] = "" },
		"it has expired":     func(d everlatch.Metadata) { d["expires_at"] = noon.Format(time.RFC3339) },
	} {
		e := resetEvent("customer")
		change(e.Data)
		_, ok, err := mailer(t, nil).Render(e)
		require.False(t, ok, name)
		require.EqualError(t, err, "the link has expired before the mail could be sent", name)
		require.True(t, everlatch.IsPermanent(err), name)
	}

	sealed := resetEvent("customer")
	sealed.Data["token"] = everlatch.SecretRef("sec_01")
	_, _, err := mailer(t, nil).Render(sealed)
	require.ErrorContains(t, err, "was not resolved")
	require.False(t, everlatch.IsPermanent(err))
}

func TestNothingToSend(t *testing.T) {
	t.Parallel()

	for name, change := range map[string]func(*everlatch.Event){
		"an event without a mail":            func(e *everlatch.Event) { e.Name = everlatch.EventCustomerCreated },
		"published by an API key":            func(e *everlatch.Event) { e.Source = "apk_01" },
		"no source":                          func(e *everlatch.Event) { e.Source = "" },
		"no data":                            func(e *everlatch.Event) { e.Data = nil },
		"no entity":                          func(e *everlatch.Event) { delete(e.Data, "entity_id") },
		"an entity that is not an address":   func(e *everlatch.Event) { e.Data["entity_id"] = "+4912345" },
		"an entity that is not a string":     func(e *everlatch.Event) { e.Data["entity_id"] = 7 },
		"an expired link without an address": func(e *everlatch.Event) { e.Data = everlatch.Metadata{"entity_id": "x"} },
		"an account without an address": func(e *everlatch.Event) {
			*e = linkedEvent(everlatch.EventIdentityLinked, "customer")
			delete(e.Data, "email")
		},
		"dead letters without a recipient": func(e *everlatch.Event) { *e = deadLettersEvent(); delete(e.Data, "to") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := resetEvent("customer")
			change(&e)
			out := &outgoing{}
			m := mailer(t, func(o *mail.Options) { o.Sender = out })
			_, ok, err := m.Render(e)
			require.NoError(t, err)
			require.False(t, ok)
			require.NoError(t, m.Deliver(t.Context(), e))
			require.Empty(t, out.sent)
		})
	}
}

// A mail that was not sent must not be recorded as delivered.
func TestAddressesThatMailCannotBeSentTo(t *testing.T) {
	t.Parallel()

	for _, address := range []string{
		"a..b@example.com", ".a@example.com", "Ada <ada@example.com>", "ada@example.com, eve@example.com",
		"ada@example.com\r\nBcc: eve@example.com", "ada@", "@example.com",
	} {
		e := resetEvent("customer")
		e.Data["entity_id"] = address
		out := &outgoing{}
		err := mailer(t, func(o *mail.Options) { o.Sender = out }).Deliver(t.Context(), e)
		require.EqualError(t, err, "the recipient is not an address that mail can be sent to", address)
		require.True(t, everlatch.IsPermanent(err), address)
		require.Empty(t, out.sent)
	}
}

func TestDeliver(t *testing.T) {
	t.Parallel()

	out := &outgoing{}
	m := mailer(t, func(o *mail.Options) { o.Sender = out })
	require.NoError(t, m.Deliver(t.Context(), resetEvent("customer")))
	require.NoError(t, m.Deliver(t.Context(), resetEvent("customer")))
	require.Len(t, out.sent, 2)
	require.Equal(t, out.sent[0], out.sent[1], "a mail that is sent again is the same")

	out.err = everlatch.Permanent(errors.New("no such mailbox"))
	require.ErrorIs(t, m.Deliver(t.Context(), resetEvent("customer")), out.err)
	require.Equal(t, []string{
		"auth.approval_granted", "auth.approval_refused", "auth.approval_requested",
		"auth.email_change_announced", "auth.email_change_requested", "auth.email_change_undone", "auth.email_changed",
		"auth.identity_linked", "auth.identity_unlinked", "auth.mfa_disabled", "auth.mfa_enabled", "auth.mfa_recovery_code_used",
		"auth.passkey_cloned", "auth.password_changed", "auth.password_reset", "auth.registration_requested",
		"auth.sign_in_code_requested", "auth.sign_in_from_new_device", "auth.sign_in_locked", "auth.verification_requested",
		"customer.deletion_cancelled", "customer.deletion_scheduled", "customer.erased", "everlatch.dead_letters",
		"invite.created", "invite.resent",
	}, m.Events())
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()

	m := mailer(t, func(o *mail.Options) { o.URLs = map[string]string{"vendor": "https://vendor.example"} })
	e := deadLettersEvent()
	e.Data["count"] = 1.0                                   // as decoded from JSON
	e.Data["deliveries"] = e.Data["deliveries"].([]any)[:1] //nolint:forcetypeassert // a test
	got, ok, err := m.Render(e)
	require.NoError(t, err)
	require.True(t, ok, "operators need no URL")
	require.Equal(t, "ops@shop.example", got.To)
	require.Equal(t, "Shop: 1 delivery failed", got.Subject)
	require.NotContains(t, got.Text, "not listed")
	require.Contains(t, got.Text, "the server <b>answered</b> 503\n", "errors are a single line")
	require.Contains(t, got.HTML, "&lt;b&gt;answered&lt;/b&gt;")
}

func TestSpan(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{time.Second, "less than a minute"},
		{49 * time.Second, "less than a minute"},
		{time.Minute, "1 minute"},
		{15*time.Minute - 2*time.Second, "15 minutes"},
		{11*time.Minute + 40*time.Second, "12 minutes"},
		{time.Hour - time.Second, "1 hour"},
		{90 * time.Minute, "90 minutes"},
		{2 * time.Hour, "2 hours"},
		{24*time.Hour - time.Second, "24 hours"},
		{72 * time.Hour, "3 days"},
	} {
		require.Equal(t, tt.want, mail.Span(tt.d), tt.d.String())
	}
}

func TestMailerOptions(t *testing.T) {
	t.Parallel()

	_, err := mail.New(mail.Options{})
	for _, want := range []string{"the sender of mails is missing", "the clock is missing", "from is not an address", "the brand", "no URL is given"} {
		require.ErrorContains(t, err, want)
	}
	for name, tt := range map[string]struct {
		change func(*mail.Options)
		want   string
	}{
		"a sender with a line break":   {func(o *mail.Options) { o.From = "Shop <a@b.c>\r\nBcc: x@y.z" }, "from is not an address"},
		"a brand with a line break":    {func(o *mail.Options) { o.Brand = "Shop\nBcc: x@y.z" }, "the brand"},
		"a relative URL":               {func(o *mail.Options) { o.URLs["customer"] = "/shop" }, `the URL of "customer"`},
		"a URL that runs a script":     {func(o *mail.Options) { o.URLs["customer"] = "javascript://x/%0aalert(1)" }, `the URL of "customer"`},
		"a URL with a query":           {func(o *mail.Options) { o.URLs["user"] = "https://a.b/?c=d" }, `the URL of "user"`},
		"a URL with a password":        {func(o *mail.Options) { o.URLs["user"] = "https://a:planted@a.b" }, `the URL of "user"`},
		"an actor type with a dot":     {func(o *mail.Options) { o.URLs["a.b"] = "https://a.b" }, `"a.b" is not an actor type`},
		"a folder that does not exist": {func(o *mail.Options) { o.Templates = "testdata/absent" }, "templates: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			o := options()
			tt.change(&o)
			_, err := mail.New(o)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "planted")
		})
	}
}
