package mail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/mail"
)

func emailEvent(name, actorType string) everlatch.Event {
	e := event(name, everlatch.Metadata{
		"actor_type": actorType, "actor_id": "cus_01", "auth_identity_id": "authid_01",
		"email": "ada@new.example", "former_email": "ada@old.example",
	})
	if name == everlatch.EventEmailRequested || name == everlatch.EventEmailChanged {
		e.Data["token"], e.Data["expires_at"] = "to/k+en", noon.Add(72*time.Hour).Format(time.RFC3339)
	}
	return e
}

func takenEvent() everlatch.Event {
	e := emailEvent(everlatch.EventEmailRequested, everlatch.ActorCustomer)
	delete(e.Data, "token")
	e.Data["taken"] = true
	return e
}

func changedByAdministrator() everlatch.Event {
	e := emailEvent(everlatch.EventEmailChanged, everlatch.ActorCustomer)
	delete(e.Data, "token")
	delete(e.Data, "expires_at")
	e.Data["changed_by"] = everlatch.Metadata{"actor_type": "user", "actor_id": "user_01"}
	return e
}

// docs/weak-spots.md#w13: the new address must confirm; the previous one is notified and can undo.
func TestEmailChangeGoesToTheRightAddress(t *testing.T) {
	t.Parallel()

	m := mailer(t, nil)
	for name, tt := range map[string]struct {
		event    everlatch.Event
		to, link string
	}{
		"requested":                   {emailEvent(everlatch.EventEmailRequested, "customer"), "ada@new.example", "https://shop.example/confirm-email?token=to%2Fk%2Ben"},
		"requested by a user":         {emailEvent(everlatch.EventEmailRequested, "user"), "ada@new.example", "http://localhost:9000/app/confirm-email?token=to%2Fk%2Ben"},
		"taken":                       {takenEvent(), "ada@new.example", "https://shop.example"},
		"announced":                   {emailEvent(everlatch.EventEmailAnnounced, "customer"), "ada@old.example", "https://shop.example/reset-password"},
		"changed":                     {emailEvent(everlatch.EventEmailChanged, "customer"), "ada@old.example", "https://shop.example/undo-email?token=to%2Fk%2Ben"},
		"changed by an administrator": {changedByAdministrator(), "ada@old.example", "https://shop.example"},
		"undone":                      {emailEvent(everlatch.EventEmailRestored, "customer"), "ada@new.example", "https://shop.example/reset-password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, ok, err := m.Render(tt.event)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, tt.to, got.To)
			require.Contains(t, got.Text, "\n"+tt.link+"\n")
			require.NotContains(t, got.Text+got.HTML, "cus_01")
			require.NotContains(t, got.Text+got.HTML, "user_01")
			if tt.event.Data["token"] == nil {
				require.NotContains(t, got.Text+got.HTML, "token=")
			}
		})
	}
}

func TestEmailChangeThatIsNotSent(t *testing.T) {
	t.Parallel()

	m := mailer(t, nil)
	for _, name := range []string{everlatch.EventEmailRequested, everlatch.EventEmailChanged} {
		over := emailEvent(name, "customer")
		delete(over.Data, "token")
		_, ok, err := m.Render(over)
		require.NoError(t, err, "the token was used, superseded or undone")
		require.False(t, ok)

		late := emailEvent(name, "customer")
		late.Data["expires_at"] = noon.Format(time.RFC3339)
		_, ok, err = m.Render(late)
		require.False(t, ok)
		require.True(t, everlatch.IsPermanent(err))

		sealed := emailEvent(name, "customer")
		sealed.Data["token"] = everlatch.SecretRef("sec_01")
		_, _, err = m.Render(sealed)
		require.ErrorContains(t, err, "the subscription has no secrets")
		require.False(t, everlatch.IsPermanent(err), "configuration can fix it")
	}
	noAddress := emailEvent(everlatch.EventEmailAnnounced, "customer")
	noAddress.Data["former_email"] = ""
	_, ok, err := m.Render(noAddress)
	require.NoError(t, err)
	require.False(t, ok, "an account without an address")

	withoutURL := mailer(t, func(o *mail.Options) { o.URLs = map[string]string{"user": "http://localhost:9000/app"} })
	for _, name := range []string{
		everlatch.EventEmailRequested, everlatch.EventEmailAnnounced, everlatch.EventEmailChanged, everlatch.EventEmailRestored,
	} {
		_, _, err := withoutURL.Render(emailEvent(name, "customer"))
		require.ErrorContains(t, err, "no URL is configured", name)
	}
}
