package mail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/mail"
)

func deletionEvent(name string) everlatch.Event {
	return event(name, everlatch.Metadata{
		"id": "cus_01", "actor_type": "customer", "email": "ada+shop@example.com",
		"deletion_at": noon.Add(14 * 24 * time.Hour).Format(time.RFC3339),
	})
}

func TestDeletionMails(t *testing.T) {
	t.Parallel()

	m := mailer(t, nil)
	got, ok, err := m.Render(deletionEvent(everlatch.EventDeletionScheduled))
	require.NoError(t, err)
	require.True(t, ok)
	require.Contains(t, got.Text, noon.Add(14*24*time.Hour).UTC().Format("2 January 2006"), "the deletion date")
	require.Contains(t, got.Text, "\nhttps://shop.example\n", "where to sign in")

	forgotten := deletionEvent(everlatch.EventCustomerErased)
	delete(forgotten.Data, "email")
	_, ok, err = m.Render(forgotten)
	require.NoError(t, err, "an account removed by an administrator gets no mail")
	require.False(t, ok)

	late := deletionEvent(everlatch.EventDeletionScheduled)
	late.Data["deletion_at"] = noon.Format(time.RFC3339)
	_, _, err = m.Render(late)
	require.True(t, everlatch.IsPermanent(err), "too late to cancel: %v", err)

	nowhere := mailer(t, func(o *mail.Options) { o.URLs = map[string]string{"vendor": "https://vendor.example"} })
	_, _, err = nowhere.Render(deletionEvent(everlatch.EventDeletionCancelled))
	require.ErrorContains(t, err, "no URL is configured")
	_, ok, err = nowhere.Render(deletionEvent(everlatch.EventCustomerErased))
	require.NoError(t, err)
	require.True(t, ok)
}
