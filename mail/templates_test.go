package mail_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/mail"
)

func write(tb testing.TB, folder, file, content string) {
	tb.Helper()
	require.NoError(tb, os.MkdirAll(filepath.Dir(filepath.Join(folder, file)), 0o700))
	require.NoError(tb, os.WriteFile(filepath.Join(folder, file), []byte(content), 0o600))
}

// customized returns a mailer whose template folder contains files.
func customized(tb testing.TB, files map[string]string) (*mail.Mailer, error) {
	tb.Helper()
	o := options()
	o.Templates = tb.TempDir()
	for file, content := range files {
		write(tb, o.Templates, file, content)
	}
	return mail.New(o)
}

func TestCustomTemplates(t *testing.T) {
	t.Parallel()

	m, err := customized(t, map[string]string{
		"auth.password_reset.txt":      "\uFEFFSubject: {{.Brand}} <{{.ActorType}}>\r\n\r\nMine: {{.Link}}\r\n",
		"auth.password_reset.user.txt": "Subject: Staff\n\nFor staff: {{.Link}} {{date .At}} {{.Data.metadata.note}}\n",
		"auth.password_changed.html":   `<p>{{.Data.entity_id}}</p>{{template "button" (button .Link "Here & now")}}`,
		"layout.html":                  `<html><title>Mine</title>{{template "content" .}}</html>`,
		".gitkeep":                     "", // Kubernetes adds the next one to a mounted folder
		"..data":                       "",
	})
	require.NoError(t, err)

	customer, _, err := m.Render(resetEvent("customer"))
	require.NoError(t, err)
	require.Equal(t, "Shop <customer>", customer.Subject)
	require.Regexp(t, `^Mine: https://shop\.example/reset-password\?\S+\n$`, customer.Text)
	require.Contains(t, customer.HTML, "<title>Mine</title>", "the custom layout")
	require.Contains(t, customer.HTML, "Reset your password</h1>", "around the built-in page")

	user, _, err := m.Render(resetEvent("user"))
	require.NoError(t, err)
	require.Equal(t, "Staff", user.Subject)
	require.Contains(t, user.Text, "23 November 2026 at 11:59 UTC planted-note")

	changed, _, err := m.Render(changedEvent("customer"))
	require.NoError(t, err)
	require.Contains(t, changed.HTML, "<p>ada@example.com</p>")
	require.Contains(t, changed.HTML, "Here &amp; now</a>", "the built-in button")
	require.Contains(t, changed.Text, "was changed", "the built-in text")
}

// The subject and the text are rendered separately, and the subject stays one line.
func TestSubjectStaysOneLine(t *testing.T) {
	t.Parallel()

	m, err := customized(t, map[string]string{"auth.password_reset.txt": "Subject: {{.Data.metadata.note}}\n\nText\n"})
	require.NoError(t, err)
	e := resetEvent("customer")
	e.Data["metadata"] = map[string]any{"note": "Hello\r\nBcc: victim@example.com\r\n\r\nEvil text"}
	got, ok, err := m.Render(e)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "Hello Bcc: victim@example.com Evil text", got.Subject)
	require.Equal(t, "Text\n", got.Text)

	e.Data["metadata"] = map[string]any{"note": " \n "}
	_, _, err = m.Render(e)
	require.ErrorContains(t, err, "the subject is empty")
}

func TestTemplateProblems(t *testing.T) {
	t.Parallel()

	const fine = "Subject: Hello\n\nText\n"
	for name, tt := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"a mail that does not exist":   {map[string]string{"auth.pasword_reset.txt": fine}, []string{"auth.pasword_reset.txt is not a template", "auth.password_reset.requested"}},
		"an unknown actor type":        {map[string]string{"auth.password_reset.custmer.txt": fine}, []string{"auth.password_reset.custmer.txt is not a template", "customer, user"}},
		"an unexpected file":           {map[string]string{"README.md": "#"}, []string{"README.md is not a template"}},
		"a layout in text":             {map[string]string{"layout.txt": fine}, []string{"layout.txt is not a template"}},
		"no subject":                   {map[string]string{"auth.password_reset.txt": "Hello\n\nText\n"}, []string{"auth.password_reset.txt: the first line must be: Subject: …"}},
		"an empty subject":             {map[string]string{"auth.password_reset.txt": "Subject: \n\nText\n"}, []string{"auth.password_reset.txt: the first line"}},
		"no blank line":                {map[string]string{"auth.password_reset.txt": "Subject: Hello\nText\n"}, []string{"auth.password_reset.txt: a blank line"}},
		"no text":                      {map[string]string{"auth.password_reset.txt": "Subject: Hello\n\n\n"}, []string{"auth.password_reset.txt: a blank line and the text"}},
		"no HTML":                      {map[string]string{"auth.password_reset.html": " \n"}, []string{"auth.password_reset.html is empty"}},
		"an error in a text":           {map[string]string{"auth.password_reset.txt": "Subject: Hello\n\nText\n{{if}}\n"}, []string{"auth.password_reset.txt:4:"}},
		"an error in a subject":        {map[string]string{"auth.password_reset.txt": "Subject: {{.To\n\nText\n"}, []string{"auth.password_reset.txt:1:"}},
		"an error in HTML":             {map[string]string{"auth.password_reset.html": "<p>{{end}}"}, []string{"auth.password_reset.html:1:"}},
		"an error in the layout":       {map[string]string{"layout.html": `{{template "content" .}}{{`}, []string{"layout.html:1:"}},
		"a layout without content":     {map[string]string{"layout.html": "<p>Hello</p>"}, []string{`layout.html: {{template "content" .}} is missing`}},
		"a field that does not exist":  {map[string]string{"auth.password_changed.user.html": "<p>{{.Name}}</p>"}, []string{"auth.password_changed.user.html:1:", "Name"}},
		"a button that does not exist": {map[string]string{"auth.password_changed.html": `{{template "bottom" .}}`}, []string{"bottom"}},
		"an unknown function":          {map[string]string{"auth.password_changed.txt": "Subject: x\n\n{{env \"HOME\"}}"}, []string{"auth.password_changed.txt:3:", `"env" not defined`}},
		"several at once": {
			map[string]string{"a.txt": fine, "auth.password_reset.txt": "x", "auth.password_reset.html": "{{"},
			[]string{"a.txt is not a template", "auth.password_reset.txt: the first line", "auth.password_reset.html:1:"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := customized(t, tt.files)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestTemplatesOfOtherActorTypes(t *testing.T) {
	t.Parallel()

	o := options()
	o.Templates = t.TempDir()
	o.URLs["vendor"] = "https://vendor.example"
	write(t, o.Templates, "auth.password_reset.vendor.txt", "Subject: Vendor\n\nText\n")
	m, err := mail.New(o)
	require.NoError(t, err)
	got, _, err := m.Render(resetEvent("vendor"))
	require.NoError(t, err)
	require.Equal(t, "Vendor", got.Subject)

	// An actor type cannot select another mail.
	got, _, err = m.Render(resetEvent("requested"))
	require.NoError(t, err)
	require.Contains(t, got.Text, "token=")
}
