package cli_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// firstLink returns the link that dev prints while there is no administrator.
func firstLink(t *testing.T, dev *process) (link, token string) {
	t.Helper()
	link = dev.stdout.await(t, dev.ended, `(?s)There is no administrator yet.*?(http://\S+)`)
	u, err := url.Parse(link)
	require.NoError(t, err)
	return link, u.Query().Get("token")
}

// TestFirstAdministrator opens the link that a new dev service prints.
func TestFirstAdministrator(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	dev, _ := beginDev(t, "--data", data)
	_, earlier := firstLink(t, dev)
	require.NoError(t, dev.stop())
	dev, base := beginDev(t, "--data", data)
	link, token := firstLink(t, dev)
	require.NotEqual(t, earlier, token, "each start prints its own")

	accept := func(token string, newcomer answer) answer {
		t.Helper()
		require.Equal(t, http.StatusOK, newcomer.status, newcomer.body)
		as, _ := newcomer.body["token"].(string)
		return send(t, http.MethodPost, base+"/admin/invites/accept?token="+token, as, jsonBody(t, map[string]any{"email": "me@example.com", "first_name": "Me"}))
	}
	register := func(email string) answer {
		t.Helper()
		return post(t, base+"/auth/user/emailpass/register", map[string]any{"email": email, "password": password})
	}
	me, other := register("me@example.com"), register("other@example.com")
	require.Equal(t, http.StatusUnauthorized, accept(earlier, me).status, "it ended with its process")
	accepted := accept(token, me)
	require.Equal(t, http.StatusOK, accepted.status, accepted.body)
	require.Equal(t, "me@example.com", accepted.body["user"].(map[string]any)["email"]) //nolint:forcetypeassert // a test
	require.Equal(t, http.StatusUnauthorized, accept(token, other).status, "it works once")
	page, err := http.Get(link)
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	require.Less(t, page.StatusCode, http.StatusInternalServerError)
	require.Empty(t, get(t, base+"/_dev/mail.json", "").body["messages"], "no mail goes to an address that is no one's")
	require.NoError(t, dev.stop())

	dev, _ = beginDev(t, "--data", data)
	dev.stdout.await(t, dev.ended, `Make yourself an administrator:\s+(everlatch user create)`)
	require.NotContains(t, dev.stdout.String(), "There is no administrator yet")
}

// TestAnEarlierAdministratorVoidsTheLink makes one on the command line first.
func TestAnEarlierAdministratorVoidsTheLink(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	dev, base := beginDev(t, "--data", data)
	_, token := firstLink(t, dev)
	_, _, err := execute(t, nil, password+"\n", "user", "create", "-e", "root@example.com", "--data", data)
	require.NoError(t, err)
	newcomer := post(t, base+"/auth/user/emailpass/register", map[string]any{"email": "late@example.com", "password": password})
	as, _ := newcomer.body["token"].(string)
	refused := send(t, http.MethodPost, base+"/admin/invites/accept?token="+token, as, jsonBody(t, map[string]any{"email": "late@example.com"}))
	require.Equal(t, http.StatusUnauthorized, refused.status, refused.body)
}
