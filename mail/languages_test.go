package mail_test

import (
	"cmp"
	"context"
	"errors"
	"mime"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/messages/messagestest"
	"github.com/everlatch/everlatch/mail"
)

func TestEveryMailInEveryLanguage(t *testing.T) {
	t.Parallel()

	m := mailer(t, nil)
	for name, e := range everyMail() {
		english, _, err := m.Render(e)
		require.NoError(t, err, name)
		for _, language := range messagestest.Languages() {
			e.Language = language
			got, ok, err := m.Render(e)
			require.NoError(t, err, "%s in %s", name, language)
			require.True(t, ok)
			require.Equal(t, language, got.Language)
			direction := map[bool]string{true: "rtl", false: "ltr"}[language == "ar"]
			require.Contains(t, got.HTML, `<html lang="`+language+`" dir="`+direction+`">`)
			for _, part := range []string{got.Subject, got.Text, got.HTML} {
				require.NotContains(t, part, "{{")
				require.NotContains(t, part, "<no value>")
				require.NotContains(t, part, "**")
				require.NotRegexp(t, `\bmail\.\w`, part, "an id in place of a message, %s in %s", name, language)
				require.NotContains(t, part, "\uE000")
			}
			if language != "en" {
				require.NotEqual(t, english.Subject, got.Subject, "%s in %s", name, language)
				require.NotContains(t, got.Text+got.HTML, "If ", "%s in %s", name, language)
			}
			require.Equal(t, linksIn(english.Text), linksIn(got.Text), "%s in %s", name, language)
		}
	}
}

func linksIn(text string) (out []string) {
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, "http") {
			out = append(out, word)
		}
	}
	return out
}

// The language of the recipient is not known, or is not one of ours.
func TestLanguageThatIsNotKnown(t *testing.T) {
	t.Parallel()

	german, err := mail.LoadLanguages("", "de")
	require.NoError(t, err)
	m := mailer(t, func(o *mail.Options) { o.Languages = german })
	for _, language := range []string{"", "nl", "de\r\nBcc: x@example.com"} {
		e := resetEvent("customer")
		e.Language = language
		got, _, err := m.Render(e)
		require.NoError(t, err)
		require.Equal(t, "de", got.Language, language)
		require.Equal(t, "Setzen Sie Ihr Passwort bei Shop zurück", got.Subject)
	}
	_, err = mail.LoadLanguages("", "nl")
	require.ErrorContains(t, err, `no messages in the default language "nl"`)
}

func TestAccepted(t *testing.T) {
	t.Parallel()

	l, err := mail.LoadLanguages("", "fr")
	require.NoError(t, err)
	for header, want := range map[string]string{
		"": "", "*": "", "nl": "", "de": "de", "de-AT,de;q=0.9,en;q=0.8": "de", "nl, pl;q=0.5": "pl", "en-GB": "en", "ja-JP": "ja",
		"ar-EG": "ar", "xx-invalid-!!, es": "es", "fr-CA": "fr", "en;q=0.1, ja;q=0.9": "ja",
		strings.Repeat("nl,", 10_000) + "de": "",
	} {
		require.Equal(t, want, l.Accepted(header), "%.40s", header)
	}
}

func TestSubjectAndLanguageOnTheWire(t *testing.T) {
	t.Parallel()

	m := mailer(t, nil)
	for _, language := range messagestest.Languages() {
		e := resetEvent("customer")
		e.Language = language
		got, _, err := m.Render(e)
		require.NoError(t, err)
		content, err := mail.Wire(got)
		require.NoError(t, err)
		raw, _, _ := strings.Cut(string(content), "\r\n\r\n")
		for _, r := range raw {
			require.Less(t, r, rune(0x80), "headers are ASCII (RFC 2047)")
		}
		parsed, err := netmail.ReadMessage(strings.NewReader(string(content)))
		require.NoError(t, err)
		subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
		require.NoError(t, err)
		require.Equal(t, got.Subject, subject)
		require.Equal(t, language, parsed.Header.Get("Content-Language"))
	}
}

// Values cannot become a part of a message: neither emphasis nor markup nor a placeholder.
func TestValuesInMessages(t *testing.T) {
	t.Parallel()

	m := mailer(t, nil)
	e := newDeviceEvent()
	e.Data["device"] = "**bold** <b> {{.To}} \uE000\uE001"
	for _, language := range []string{"en", "ar"} {
		e.Language = language
		got, _, err := m.Render(e)
		require.NoError(t, err)
		require.Contains(t, got.Text, "**bold** <b> {{.To}} \uE000\uE001")
		require.Contains(t, got.HTML, "**bold** &lt;b&gt; {{.To}} \uE000\uE001")
	}
	require.Equal(t, "ar", e.Language)
	got, _, err := m.Render(e)
	require.NoError(t, err)
	require.Contains(t, got.HTML, "<bdi>192.0.2.0/24</bdi>", "what runs in the other direction is apart")
	require.Contains(t, got.HTML, `align="right"`)
}

func TestTemplatesOfLanguages(t *testing.T) {
	t.Parallel()

	const fine = "Subject: %s\n\nWithin {{.ExpiresIn}}, {{date .At}}\n"
	text := func(subject string) string { return strings.Replace(fine, "%s", subject, 1) }
	m, err := customized(t, map[string]string{
		"auth.password_reset.txt":                text("Plain"),
		"auth.password_reset.de.txt":             text("Deutsch"),
		"auth.password_reset.user.txt":           text("User"),
		"auth.password_reset.user.ja.txt":        text("Japanese user"),
		"auth.password_changed.txt":              "Subject: {{t \"mail.password_changed.subject\" .}}\n\n{{date .At}}\n",
		"messages/mail.fr.toml":                  "[mail.password_changed]\nsubject = \"À nous, {{.Brand}}\"\n",
		"messages/mail.nl.toml":                  "[mail.password_changed]\nsubject = \"Wachtwoord\"\n",
		"auth.password_changed.customer.nl.html": "<p>Dag</p>",
	})
	require.NoError(t, err)
	for _, tt := range []struct{ actorType, language, subject, text, tag string }{
		{"customer", "en", "Plain", "Within 15 minutes, 23 November 2026 at 11:59 UTC\n", "en"},
		{"customer", "fr", "Plain", "Within 15 minutes, 23 November 2026 at 11:59 UTC\n", "en, fr"},
		{"customer", "de", "Deutsch", "Within 15 Minuten, 23. November 2026 um 11:59 Uhr UTC\n", "de"},
		{"user", "de", "User", "Within 15 minutes, 23 November 2026 at 11:59 UTC\n", "en, de"},
		{"user", "ja", "Japanese user", "Within 15分, 2026年11月23日 11:59 (UTC)\n", "ja"},
	} {
		e := resetEvent(tt.actorType)
		e.Language = tt.language
		got, _, err := m.Render(e)
		require.NoError(t, err)
		require.Equal(t, tt.subject, got.Subject, tt)
		require.Equal(t, tt.text, got.Text, tt)
		require.Equal(t, tt.tag, got.Language, tt)
	}
	e := changedEvent(everlatch.ActorCustomer)
	for language, subject := range map[string]string{"fr": "À nous, Shop", "nl": "Wachtwoord", "de": "Ihr Passwort bei Shop wurde geändert"} {
		e.Language = language
		got, _, err := m.Render(e)
		require.NoError(t, err)
		require.Equal(t, subject, got.Subject)
		require.Equal(t, language, got.Language)
		if language == "nl" {
			require.Contains(t, got.HTML, "<p>Dag</p>")
			require.Contains(t, got.HTML, "This email was sent", "what a new language lacks is in English")
		}
	}
}

func TestMistakesInMessages(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		file, content, want string
	}{
		"not TOML":               {"messages/mail.de.toml", "[mail", "mail.de.toml"},
		"no language":            {"messages/mail.toml", "[mail]\nhello = \"Hi\"", "the name has no language"},
		"a name without a value": {"messages/mail.de.toml", "[mail.password_reset]\ntext = \"Hallo {{.Name}}\"", "mail.password_reset.text in de"},
		"a broken placeholder":   {"messages/mail.de.toml", "[mail.password_reset]\ntext = \"Hallo {{.To\"", "mail.password_reset.text"},
		"an unknown language":    {"auth.password_reset.nl.txt", "Subject: x\n\ny\n", "auth.password_reset.nl.txt is not a template"},
		"an unknown message":     {"auth.password_reset.txt", "Subject: {{t \"mail.absent\" .}}\n\ny\n", "mail.absent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := customized(t, map[string]string{tt.file: tt.content})
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// The caller who causes a mail does not choose its language for a recipient who has one.
func TestLanguageOfRecipient(t *testing.T) {
	t.Parallel()

	out := &outgoing{}
	var asked []mail.Recipient
	known := map[string]string{"authid_01": "pl", "ada+shop@example.com": "ja", "old": "nl"}
	m := mailer(t, func(o *mail.Options) {
		o.Sender = out
		o.LanguageOf = func(_ context.Context, r mail.Recipient) (string, error) {
			asked = append(asked, r)
			if r.AuthIdentityID == "broken" {
				return "", errors.New("the database is away")
			}
			return known[cmp.Or(r.AuthIdentityID, r.Address)], nil
		}
	})
	taken, unknown, gone := registrationEvent(true), resetEvent("customer"), resetEvent("customer")
	taken.AuthIdentityID = "authid_01" // who asked is not who gets the mail
	unknown.Data["auth_identity_id"] = "authid_02"
	gone.Data["auth_identity_id"] = "old"
	for _, tt := range []struct {
		event everlatch.Event
		want  string
	}{
		{resetEvent("customer"), "pl"}, {taken, "ja"}, {unknown, "fr"}, {gone, "fr"}, {registrationEvent(false), "ja"},
	} {
		tt.event.Language = "fr" // of the request
		require.NoError(t, m.Deliver(t.Context(), tt.event))
		require.Equal(t, tt.want, out.sent[len(out.sent)-1].Language)
	}
	require.Equal(t, mail.Recipient{Address: "ada+shop@example.com", Provider: "emailpass", AuthIdentityID: "authid_01"}, asked[0])

	warning := emailEvent(everlatch.EventEmailAnnounced, "customer")
	warning.Language, warning.Data["auth_identity_id"] = "fr", "authid_02"
	require.NoError(t, m.Deliver(t.Context(), warning))
	require.Equal(t, "en", out.sent[len(out.sent)-1].Language, "who has taken over a session does not choose how its owner is warned")

	broken := resetEvent("customer")
	broken.Data["auth_identity_id"] = "broken"
	require.ErrorContains(t, m.Deliver(t.Context(), broken), "the database is away", "it is tried again")
	require.Len(t, out.sent, 6)
	require.NoError(t, m.Deliver(t.Context(), event(everlatch.EventCustomerCreated, nil)))
	require.Len(t, asked, 7, "an event without a mail asks nothing")
}
