package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mailedLink returns the link of the first mail to an address that leads to a
// page, as soon as the mail is in the inbox.
func mailedLink(t *testing.T, api, to, page string) string {
	t.Helper()
	var link string
	require.Eventually(t, func() bool {
		messages, _ := get(t, api+"/_dev/mail.json?to="+url.QueryEscape(to), "").body["messages"].([]any)
		for _, m := range messages {
			text, err := json.Marshal(m)
			require.NoError(t, err)
			var mail struct {
				Links []string `json:"links"`
			}
			require.NoError(t, json.Unmarshal(text, &mail))
			for _, l := range mail.Links {
				if strings.Contains(l, page) {
					link = l
					return true
				}
			}
		}
		return false
	}, patience, 20*time.Millisecond)
	return link
}

// visitor is a browser that keeps cookies.
type visitor struct {
	t      *testing.T
	client *http.Client
}

func newVisitor(t *testing.T) visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return visitor{t, &http.Client{Jar: jar, Timeout: patience}}
}

// open returns where a link leads.
func (v visitor) open(link string) string {
	v.t.Helper()
	res, err := v.client.Get(link)
	require.NoError(v.t, err)
	defer res.Body.Close()
	require.Equal(v.t, http.StatusOK, res.StatusCode, link)
	return res.Request.URL.String()
}

// fill sends the form of a page and returns the page that follows, with its address.
func (v visitor) fill(page string, values url.Values) (address, text string) {
	v.t.Helper()
	res, err := v.client.PostForm(page, values)
	require.NoError(v.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	return res.Request.URL.String(), string(body)
}

// Every link in a mail of a dev service without a storefront leads to a page of
// that service, wherever it listens, and the page does what the mail says.
func TestDevLinksLeadSomewhere(t *testing.T) {
	t.Parallel()

	data := filepath.Join(t.TempDir(), "data")
	_, api := beginDev(t, "--data", data)
	local := strings.Replace(api, "127.0.0.1", "localhost", 1)
	signIn := func(actorType, email, password string) answer {
		return post(t, api+"/auth/"+actorType+"/emailpass", map[string]any{"email": email, "password": password})
	}
	registered := post(t, api+"/auth/customer/emailpass/register", map[string]any{
		"email": "hedy@example.com", "password": password, "actor": map[string]any{"first_name": "Hedy"},
	})
	require.Equal(t, http.StatusOK, registered.status, registered.body)
	_, _, err := execute(t, nil, "", "key", "create", "--title", "shop", "--data", data)
	require.NoError(t, err)

	v := newVisitor(t)
	_, done := v.fill(v.open(local+"/ui/customer/reset-password"), url.Values{"email": {"hedy@example.com"}})
	require.Contains(t, done, "If there is an account for hedy@example.com")
	link := mailedLink(t, api, "hedy@example.com", "/reset-password?token=")
	require.True(t, strings.HasPrefix(link, local+"/ui/customer/reset-password?token="), link)
	page := v.open(link)
	require.NotContains(t, page, "token=")
	_, done = v.fill(page, url.Values{"password": {"short"}})
	require.Contains(t, done, "Use at least 8 characters.")
	_, done = v.fill(page, url.Values{"password": {"another good horse"}})
	require.Contains(t, done, "Your password was changed.")
	signedIn := signIn("customer", "hedy@example.com", "another good horse")
	require.Equal(t, http.StatusOK, signedIn.status)

	token, _ := signedIn.body["token"].(string)
	keys, _, err := execute(t, nil, "", "key", "list", "--json", "--data", data)
	require.NoError(t, err)
	var listed struct {
		Keys []struct {
			Token string `json:"token"`
		} `json:"api_keys"`
	}
	require.NoError(t, json.Unmarshal([]byte(keys), &listed))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api+"/store/customers/me/email", strings.NewReader(`{"email":"hedy@new.example"}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Publishable-Api-Key", listed.Keys[0].Token)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusAccepted, res.StatusCode)
	link = mailedLink(t, api, "hedy@new.example", "/confirm-email?token=")
	page, _ = v.fill(v.open(link), nil)
	require.Equal(t, local+"/ui/customer", page, "the link does not sign in")
	page, _ = v.fill(page, url.Values{"email": {"hedy@example.com"}, "password": {"another good horse"}})
	v.fill(page, nil)
	require.Equal(t, http.StatusOK, signIn("customer", "hedy@new.example", "another good horse").status)
	link = mailedLink(t, api, "hedy@example.com", "/undo-email?token=")
	_, done = v.fill(v.open(link), nil)
	require.Contains(t, done, "Your previous address is back.")
	require.Equal(t, http.StatusOK, signIn("customer", "hedy@example.com", "another good horse").status)

	_, _, err = execute(t, nil, "", "invite", "create", "-e", "ada@example.com", "--data", data)
	require.NoError(t, err)
	link = mailedLink(t, api, "ada@example.com", "/invite?token=")
	v.fill(v.open(link), url.Values{"email": {"ada@example.com"}, "password": {password}})
	admin := signIn("user", "ada@example.com", password)
	adminToken, _ := admin.body["token"].(string)
	require.Equal(t, http.StatusOK, get(t, api+"/admin/users/me", adminToken).status)
}

// A URL that is set stays, even one that is the default elsewhere.
func TestDevLinksFollowSettings(t *testing.T) {
	t.Parallel()

	data := filepath.Join(t.TempDir(), "data")
	out, _, err := execute(t, []string{`EVERLATCH_MAIL_URLS={user: "http://localhost:9000/app"}`}, "",
		"invite", "create", "-e", "ada@example.com", "--data", data)
	require.NoError(t, err)
	require.Contains(t, out, " http://localhost:9000/app/invite?token=")
}

// Where the address of the pages is set, links lead there, except those whose URL is set.
func TestLinksFollowTheAddressOfThePages(t *testing.T) {
	t.Parallel()

	out, _, err := execute(t, []string{"EVERLATCH_PAGES_URL=https://auth.shop.example/"}, "", "config")
	require.NoError(t, err)
	require.Contains(t, out, "customer: https://auth.shop.example/ui/customer\n")
	require.Contains(t, out, "user: https://auth.shop.example/ui/user\n")
	out, _, err = execute(t, []string{
		"EVERLATCH_PAGES_URL=https://auth.shop.example", `EVERLATCH_MAIL_URLS={customer: "https://shop.example"}`,
	}, "", "config")
	require.NoError(t, err)
	require.Contains(t, out, "customer: https://shop.example\n")
}
