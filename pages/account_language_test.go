package pages_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLanguageOfMails(t *testing.T) {
	t.Parallel()

	w := newAccount(t)
	w.api.On("POST /auth/language", http.StatusOK, `{}`)
	p := w.Open(account + "/language")
	require.Contains(t, p.Text(), "The language of your browser", "the choice of none")
	require.Contains(t, p.Text(), "日本語", "by the name that its readers know")
	sent := func() (bodies []map[string]any) {
		for _, call := range w.api.Calls() {
			if call.Method == http.MethodPost {
				bodies = append(bodies, call.Body)
			}
		}
		return bodies
	}
	sent()
	saved := p.Submit("", map[string]string{"language": "ja"})
	require.Equal(t, account, saved.Path)
	require.Contains(t, saved.Text(), "The language of your mails has been saved.")
	p.Submit("", map[string]string{"language": ""})
	require.Equal(t, []map[string]any{{"language": "ja"}, {"language": nil}}, sent())

	w.refuses("POST /auth/language", http.StatusBadRequest, "language_unknown")
	w.Header.Set("Accept-Language", "fr")
	refused := p.Submit("", map[string]string{"language": "xx"})
	require.Equal(t, http.StatusBadRequest, refused.Status)
	require.Contains(t, refused.Text(), "Choisissez une langue dans la liste.")
}
