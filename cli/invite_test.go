package cli_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// issuedInvite is what `invite create --json` and `invite resend --json` print.
type issuedInvite struct {
	Invite struct {
		ID    string `json:"id"`
		Email string `json:"email"`
	} `json:"invite"`
	Token string `json:"token"`
	Link  string `json:"link"`
}

// Invites from the command line, beside a service and without one, accepted over
// HTTP.
func TestInvites(t *testing.T) {
	t.Parallel()

	data := filepath.Join(t.TempDir(), "data")
	dev, url := beginDev(t, "--data", data)
	run := func(args ...string) string {
		t.Helper()
		out, _, err := execute(t, nil, "", append(args, "--data", data)...)
		require.NoError(t, err)
		return out
	}
	issue := func(args ...string) (out issuedInvite) {
		t.Helper()
		require.NoError(t, json.Unmarshal([]byte(run(append(args, "--json")...)), &out))
		require.Equal(t, strings.Replace(url, "127.0.0.1", "localhost", 1)+"/ui/user/invite?token="+out.Token, out.Link)
		return out
	}
	accept := func(email, token string) answer {
		t.Helper()
		registered := post(t, url+"/auth/user/emailpass/register", map[string]any{"email": email, "password": password})
		require.Equal(t, http.StatusOK, registered.status, registered.body)
		bearer, _ := registered.body["token"].(string)
		return send(t, http.MethodPost, url+"/admin/invites/accept?token="+token, bearer, strings.NewReader(`{"first_name":"Ada"}`))
	}

	first := issue("invite", "create", "-e", "ada@example.com", "--role", "role_1")
	second := issue("invite", "create", "-e", "bob@example.com")
	listed := run("invite", "list")
	require.Regexp(t, `ID +EMAIL +STATUS +UNTIL +CREATED\n`+first.Invite.ID+` +ada@example.com +pending +\S+Z +\S+Z\n`+second.Invite.ID, listed)
	require.NotContains(t, listed, first.Token)
	require.NotContains(t, run("invite", "list", "--q", "BOB"), "ada@example.com")
	require.Contains(t, run("invite", "list", "--json"), `"count": 2`)
	shown := run("invite", "show", "ADA@example.com")
	require.Regexp(t, `status +pending\n`, shown)
	require.Regexp(t, `roles +\[role_1\]\n`, shown)
	require.Regexp(t, `workflow +invitation/`+first.Invite.ID+`\n`, shown)

	resent := issue("invite", "resend", "ada@example.com")
	require.NotEqual(t, first.Token, resent.Token)
	require.Equal(t, http.StatusUnauthorized, accept("ada@example.com", first.Token).status)
	require.Equal(t, "Revoked the invite of bob@example.com ("+second.Invite.ID+").\n", run("invite", "revoke", "bob@example.com"))
	require.Equal(t, http.StatusUnauthorized, accept("bob@example.com", second.Token).status)
	accepted := accept("ada@example.com", resent.Token)
	require.Equal(t, http.StatusOK, accepted.status, accepted.body)
	require.Equal(t, "ID  EMAIL  STATUS  UNTIL  CREATED\n", run("invite", "list"))
	for _, refused := range [][]string{{"show", first.Invite.ID}, {"resend", first.Invite.ID}, {"revoke", second.Invite.ID}} {
		_, _, err := execute(t, nil, "", "invite", refused[0], refused[1], "--data", data)
		require.EqualError(t, err, "Invite with id: "+refused[1]+" was not found")
	}
	require.NoError(t, dev.stop())

	// Without a service: the workflow waits for the next one.
	out := run("user", "create", "-e", "grace@example.com", "--invite")
	require.Regexp(t, `^Invited grace@example.com \(invite_\w+\) in `+data+"\n", out)
	token := regexp.MustCompile(`token +(\S+)\n`).FindStringSubmatch(out)
	require.Len(t, token, 2)
	_, url = beginDev(t, "--data", data)
	accepted = accept("grace@example.com", token[1])
	require.Equal(t, http.StatusOK, accepted.status, accepted.body)
}

func TestInviteRefuses(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		args []string
		want string
	}{
		"no e-mail":                 {[]string{"invite", "create"}, "email"},
		"an e-mail that is none":    {[]string{"invite", "create", "-e", "no-address"}, `"no-address" is not an e-mail address`},
		"an e-mail with a name":     {[]string{"invite", "create", "-e", "Ada <ada@example.com>"}, "is not an e-mail address"},
		"a user that is none":       {[]string{"user", "create", "--invite", "-e", "no-address"}, "is not an e-mail address"},
		"an invite with a password": {[]string{"user", "create", "--invite", "-e", "a@example.com", "-p", password}, "exclude each other"},
		"no id":                     {[]string{"invite", "resend"}, "needs the id or the e-mail of an invite and nothing else"},
		"an unknown id":             {[]string{"invite", "show", "invite_1"}, "Invite with id: invite_1 was not found"},
		"an unknown e-mail":         {[]string{"invite", "show", "ada@example.com"}, "no invite is open for ada@example.com"},
		"an unknown invite to end":  {[]string{"invite", "revoke", "invite_1"}, "Invite with id: invite_1 was not found"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			data := t.TempDir()
			_, _, err := execute(t, nil, "", "migrate", "up", "--data", data)
			require.NoError(t, err)

			_, _, err = execute(t, nil, "", append(tt.args, "--data", data)...)

			require.ErrorContains(t, err, tt.want)
		})
	}
}
