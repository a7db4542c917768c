package mail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

func newDeviceEvent() everlatch.Event {
	return event(everlatch.EventSignInFromNewDevice, everlatch.Metadata{
		"sign_in_id": "s1", "auth_identity_id": "authid_01", "actor_type": "customer", "actor_id": "cus_01", "provider": "emailpass",
		"device": "Firefox on Windows", "network": "192.0.2.0/24", "email": "ada@example.com", "token": "to/k+en",
		"expires_at": noon.Add(72 * time.Hour).Format(time.RFC3339),
	})
}

func TestNewDevice(t *testing.T) {
	t.Parallel()

	m := mailer(t, nil)
	got, ok, err := m.Render(newDeviceEvent())
	require.NoError(t, err)
	require.True(t, ok)
	require.Contains(t, got.Text, "\nhttps://shop.example/not-me?token=to%2Fk%2Ben\n")
	require.Contains(t, got.Text, "expires in 3 days")

	for language, want := range map[string]string{
		"en": "Safari on iPhone", "de": "Safari auf dem iPhone", "fr": "Safari sur iPhone", "es": "Safari en iPhone",
		"pl": "Safari na urządzeniu iPhone", "ja": "iPhone の Safari", "ar": "Safari على iPhone",
	} {
		e := newDeviceEvent()
		e.Data["device"], e.Language = "Safari on iPhone", language
		got, _, err = m.Render(e)
		require.NoError(t, err)
		require.Contains(t, got.Text, ": "+want)
	}

	for name, change := range map[string]func(everlatch.Metadata){
		"mails are off, so the event has no address": func(d everlatch.Metadata) { delete(d, "email"); delete(d, "token") },
		"the link was used":                          func(d everlatch.Metadata) { delete(d, "token") },
	} {
		e := newDeviceEvent()
		change(e.Data)
		_, ok, err = m.Render(e)
		require.NoError(t, err, name)
		require.False(t, ok, name)
	}

	unknown := newDeviceEvent()
	unknown.Data["device"], unknown.Data["network"] = "", ""
	got, _, err = m.Render(unknown)
	require.NoError(t, err)
	require.Contains(t, got.Text, "Device: unknown")
}
