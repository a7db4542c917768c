package pages_test

import (
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
)

// marked fills every block with its name.
func marked(_ context.Context, b pages.Block) (template.HTML, error) {
	return template.HTML(`<p data-block="` + b.Name + `">` + b.ActorType + " " + b.Language + `</p>`), nil
}

func TestBlocks(t *testing.T) {
	t.Parallel()

	blocks := map[string][]pages.BlockFunc{}
	for _, name := range []string{
		"login.before", "login.after", "signup.before", "signup.after", "account.before", "account.after", "account.security.after",
		"profile.details.before", "profile.details.after",
	} {
		blocks[name] = []pages.BlockFunc{marked}
	}
	a := newAccount(t)
	w := newWorld(t, func(o *pages.Options) { o.API, o.Blocks = a.api, blocks })
	for path, want := range map[string]string{
		"/ui/customer":        "login.before login.after",
		"/ui/customer/forgot": "",
		account:               "account.before profile.details.before profile.details.after account.after",
		account + "/security": "account.before account.security.after account.after",
		account + "/sessions": "account.before account.after",
	} {
		require.Equal(t, want, strings.Join(shownBlocks(w.Open(path).HTML), " "), path)
	}
	a.api.On("GET /auth/customer/providers", http.StatusOK, `{"providers":[{"id":"emailpass","identifier":"emailpass","flow":"credentials"}]}`)
	signUp := w.Open("/ui/customer/sign-up")
	require.Equal(t, []string{"signup.before", "signup.after"}, shownBlocks(signUp.HTML))
	require.Contains(t, signUp.HTML, ">customer en</p>")
}

func shownBlocks(html string) (names []string) {
	for _, part := range strings.Split(html, `data-block="`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		names = append(names, name)
	}
	return names
}

func TestAnUnknownBlockIsAnErrorAtStart(t *testing.T) {
	t.Parallel()

	o := pages.Options{
		API: http.NotFoundHandler(), Now: time.Now, Log: slog.New(slog.DiscardHandler), Brand: "Shop",
		Blocks: map[string][]pages.BlockFunc{"login.middle": {marked}},
	}
	_, err := pages.New(o)
	require.ErrorContains(t, err, `no page has a block "login.middle"; there are account.after, account.before`)

	o.Folder = t.TempDir()
	template := filepath.Join(o.Folder, "templates", "signin", "sign_in.html")
	require.NoError(t, os.MkdirAll(filepath.Dir(template), 0o700))
	require.NoError(t, os.WriteFile(template, []byte(`{{define "title"}}{{end}}{{define "main"}}{{.Block "login.middle"}}{{end}}`), 0o600))
	_, err = pages.New(o)
	require.NoError(t, err, "a template of a folder adds it")
}
