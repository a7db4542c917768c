package mail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/mail"
)

func verificationEvent(code any, bearer bool) everlatch.Event {
	e := event(everlatch.EventVerificationRequested, everlatch.Metadata{
		"entity_id": "ada@example.com", "entity_type": "email", "code_provider": "token", "auth_identity_id": "authid_01",
		"actor_type": "customer", "email": "ada@example.com", "code": code, "metadata": everlatch.Metadata{"note": "planted-note"},
		"expires_at": noon.Add(15 * time.Minute).Format(time.RFC3339),
	})
	if bearer {
		e.Data["bearer"] = true
	}
	return e
}

func signInCodeEvent() everlatch.Event {
	return event(everlatch.EventSignInCodeRequested, everlatch.Metadata{
		"email": "ada@example.com", "provider": "emailcode", "actor_type": "customer", "code": "123456", "token": "flow.to/ken",
		"expires_at": noon.Add(10 * time.Minute).Format(time.RFC3339),
	})
}

func TestSignInCodeMail(t *testing.T) {
	t.Parallel()
	m := mailer(t, nil)
	got, ok, err := m.Render(signInCodeEvent())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "ada@example.com", got.To)
	require.Contains(t, got.Text, "\n123456\n")
	require.Contains(t, got.Text, "https://shop.example/sign-in-link?token=flow.to%2Fken\n")
	require.NotContains(t, got.Subject, "123456", "subjects are logged by mail servers")

	for _, gone := range []string{"code", "token"} { // used or replaced
		e := signInCodeEvent()
		delete(e.Data, gone)
		_, ok, err := m.Render(e)
		require.NoError(t, err)
		require.False(t, ok, gone)
	}
	late := signInCodeEvent()
	late.Data["expires_at"] = noon.Format(time.RFC3339)
	_, _, err = m.Render(late)
	require.True(t, everlatch.IsPermanent(err), "%v", err)
}

func TestVerificationMail(t *testing.T) {
	t.Parallel()
	m := mailer(t, nil)
	render := func(e everlatch.Event) (mail.Message, bool) {
		t.Helper()
		got, ok, err := m.Render(e)
		require.NoError(t, err)
		return got, ok
	}

	link, ok := render(verificationEvent("c0/de", true))
	require.True(t, ok)
	require.Contains(t, link.Text, "https://shop.example/verify-email?code=c0%2Fde\n")

	code, ok := render(verificationEvent("123456", false))
	require.True(t, ok)
	require.Contains(t, code.Text, "\n123456\n")
	require.Contains(t, code.HTML, ">123456<")
	require.NotContains(t, code.Subject, "123456", "subjects are logged by mail servers")
	require.NotContains(t, code.Text, "verify-email")

	for name, change := range map[string]func(everlatch.Metadata){
		"another type":         func(d everlatch.Metadata) { d["entity_type"] = "phone_number" },
		"no address":           func(d everlatch.Metadata) { delete(d, "email") },
		"used or replaced":     func(d everlatch.Metadata) { delete(d, "code") },
		"delivered by another": func(d everlatch.Metadata) { d["code"] = "" },
	} {
		e := verificationEvent("123456", false)
		change(e.Data)
		_, ok := render(e)
		require.False(t, ok, name)
	}

	late := verificationEvent("123456", false)
	late.Data["expires_at"] = noon.Format(time.RFC3339)
	_, _, err := m.Render(late)
	require.True(t, everlatch.IsPermanent(err), "%v", err)
	sealed := verificationEvent(everlatch.SecretRef("sec_1"), false)
	_, _, err = m.Render(sealed)
	require.ErrorContains(t, err, "was not resolved")
}
