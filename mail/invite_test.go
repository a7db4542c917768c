package mail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/mail"
)

func inviteEvent(name string) everlatch.Event {
	return event(name, everlatch.Metadata{
		"id": "invite_01", "email": "ada+staff@example.com", "token": "to/k+en",
		"invited_by": everlatch.Metadata{"actor_type": "user", "actor_id": "user_01"},
		"expires_at": noon.Add(24 * time.Hour).Format(time.RFC3339),
	})
}

func TestInviteLink(t *testing.T) {
	t.Parallel()

	m := mailer(t, nil)
	for _, name := range []string{everlatch.EventInviteCreated, everlatch.EventInviteResent} {
		got, ok, err := m.Render(inviteEvent(name))
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "ada+staff@example.com", got.To)
		require.Contains(t, got.Text, "\nhttp://localhost:9000/app/invite?token=to%2Fk%2Ben\n", "the page of the dashboard")
		require.Contains(t, got.Text, "expires in 24 hours")
		require.NotContains(t, got.Text+got.HTML, "user_01")
	}
}

func TestInviteThatIsNotSent(t *testing.T) {
	t.Parallel()

	superseded := inviteEvent(everlatch.EventInviteCreated)
	delete(superseded.Data, "token")
	out := &outgoing{}
	m := mailer(t, func(o *mail.Options) { o.Sender = out })
	_, ok, err := m.Render(superseded)
	require.NoError(t, err, "the invite was accepted, revoked or resent: no error")
	require.False(t, ok)
	require.NoError(t, m.Deliver(t.Context(), superseded))
	require.Empty(t, out.sent)

	late := inviteEvent(everlatch.EventInviteResent)
	late.Data["expires_at"] = noon.Format(time.RFC3339)
	for _, token := range []any{"to/k+en", nil} {
		late.Data["token"] = token
		_, ok, err = m.Render(late)
		require.False(t, ok)
		require.EqualError(t, err, "the link has expired before the mail could be sent")
		require.True(t, everlatch.IsPermanent(err))
	}

	sealed := inviteEvent(everlatch.EventInviteCreated)
	sealed.Data["token"] = everlatch.SecretRef("sec_01")
	_, _, err = m.Render(sealed)
	require.ErrorContains(t, err, "was not resolved")
	require.False(t, everlatch.IsPermanent(err))

	withoutUserURL := mailer(t, func(o *mail.Options) { o.URLs = map[string]string{"vendor": "https://vendor.example"} })
	_, _, err = withoutUserURL.Render(inviteEvent(everlatch.EventInviteCreated))
	require.ErrorContains(t, err, `no URL is configured for the actor type "user"`)
	require.False(t, everlatch.IsPermanent(err), "configuration can fix it")

	noAddress := inviteEvent(everlatch.EventInviteCreated)
	noAddress.Data["email"] = "not-an-address"
	_, ok, err = m.Render(noAddress)
	require.NoError(t, err)
	require.False(t, ok)
}
