package cli_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

const password = "correct horse battery"

// A page of another host that points its name at this machine gets nothing: neither
// mails, nor answers of the API, nor workflows (DNS rebinding).
func TestDevAnswersToLocalNamesAlone(t *testing.T) {
	t.Parallel()
	dev, url := beginDev(t, "--ephemeral", "--ui", "127.0.0.1:0")
	ui := regexp.MustCompile(`Temporal UI +(http://\S+)`).FindStringSubmatch(dev.stdout.String())
	require.Len(t, ui, 2, dev.stdout.String())
	for _, target := range []string{url + "/_dev/mail.json", url + "/health", url + "/auth/customer/providers", ui[1] + "/", ui[1] + "/api/v1/namespaces"} {
		for host, want := range map[string]int{"": http.StatusOK, "localhost:9000": http.StatusOK, "rebound.example:9000": http.StatusMisdirectedRequest} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
			require.NoError(t, err)
			req.Host = host
			res, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, want, res.StatusCode, "%s of %q", target, host)
		}
	}
}

// One dev service from its first start to its second, with the tools beside it
// and without it.
func TestDev(t *testing.T) {
	t.Parallel()

	data := filepath.Join(t.TempDir(), "data")
	dev, url := beginDev(t, "--data", data)
	require.Contains(t, dev.stdout.String(), "Temporal UI  http://127.0.0.1:")
	require.Contains(t, dev.stdout.String(), "curl -s "+url)
	require.Contains(t, dev.stdout.String(), "Sign-in page "+url+"/ui/customer\n  Console      "+url+"/console\n")
	require.Equal(t, http.StatusOK, get(t, url+"/health", "").status)
	require.Equal(t, http.StatusOK, get(t, url+"/ready", "").status)
	out, _, err := execute(t, nil, "", "health", "--data", data)
	require.NoError(t, err)
	require.Equal(t, "OK\n", out)
	require.Equal(t, http.StatusOK, get(t, url+"/", "").status)

	registered := post(t, url+"/auth/customer/emailpass/register", map[string]any{"email": "ada@example.com", "password": password})
	require.Equal(t, http.StatusOK, registered.status, registered.body)

	// A second one on the same folder would be two servers on one file.
	_, _, err = execute(t, nil, "", "dev", "--data", data, "--http", "127.0.0.1:0")
	require.ErrorContains(t, err, "a dev service already runs on "+data)
	require.ErrorContains(t, err, url)

	// docs/weak-spots.md#w15: one workflow creates an administrator; the running service executes it.
	out, _, err = execute(t, nil, password+"\n", "user", "create", "-e", "root@example.com", "--data", data)
	require.NoError(t, err)
	require.Regexp(t, `^Created administrator root@example.com \(user_\w+\) in `+url, out)
	signedIn := post(t, url+"/auth/user/emailpass", map[string]any{"email": "root@example.com", "password": password})
	require.Equal(t, http.StatusOK, signedIn.status, signedIn.body)
	token, _ := signedIn.body["token"].(string)
	require.Equal(t, http.StatusOK, get(t, url+"/admin/users/me", token).status)
	require.NoError(t, dev.stop())

	// Without a service the tools start what they need.
	_, _, err = execute(t, nil, "", "user", "create", "-e", "ROOT@example.com", "-p", password, "--data", data)
	require.ErrorContains(t, err, "already exists")
	out, _, err = execute(t, nil, "", "user", "create", "-e", "second@example.com", "-p", password, "--data", data)
	require.NoError(t, err)
	require.Contains(t, out, "in "+data)

	// The second start finds everything: people, secrets and so tokens.
	_, url = beginDev(t, "--data", data)
	require.Equal(t, http.StatusOK, get(t, url+"/admin/users/me", token).status)
	signedIn = post(t, url+"/auth/user/emailpass", map[string]any{"email": "second@example.com", "password": password})
	require.Equal(t, http.StatusOK, signedIn.status, signedIn.body)

	info, err := os.Stat(filepath.Join(data, "secrets.yaml"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	ignored, err := os.ReadFile(filepath.Join(data, ".gitignore"))
	require.NoError(t, err)
	require.Equal(t, "*\n", string(ignored))
}

func TestDevEphemeral(t *testing.T) {
	t.Parallel()

	data := filepath.Join(t.TempDir(), "data")
	dev, url := beginDev(t, "--ephemeral", "--data", data)
	folder := dev.stdout.await(t, dev.ended, `Data +(\S+) \(removed when it stops\)`)
	out, _, err := execute(t, nil, password, "user", "create", "-e", "root@example.com", "--data", folder)
	require.NoError(t, err)
	require.Contains(t, out, url)

	require.NoError(t, dev.stop())

	require.NoDirExists(t, data)
	require.NoDirExists(t, folder)
}

func TestDevRefuses(t *testing.T) {
	t.Parallel()

	_, url := beginDev(t, "--ephemeral")
	taken := url[len("http://"):]

	tests := map[string]struct {
		args []string
		want string
	}{
		"a port of the API that is taken":     {[]string{"--http", taken, "--temporal", "127.0.0.1:0", "--ui", "off"}, "cannot listen on " + taken + ": another program uses this port"},
		"a port of Temporal that is taken":    {[]string{"--http", "127.0.0.1:0", "--temporal", taken, "--ui", "off"}, "the Temporal server cannot listen on " + taken},
		"a port of the UI that is taken":      {[]string{"--http", "127.0.0.1:0", "--temporal", "127.0.0.1:0", "--ui", taken}, "the Temporal UI cannot listen on " + taken},
		"an address that is none":             {[]string{"--http", "nine thousand"}, `http.address: "nine thousand" is not host:port`},
		"a flag that is unknown":              {[]string{"--port", "1"}, "unknown flag"},
		"a configuration that is not there":   {[]string{"--config", "/nowhere.yaml"}, "/nowhere.yaml: there is no such file"},
		"a data folder that cannot be made":   {[]string{"--data", "/dev/null/x"}, "create data folder"},
		"an argument that no command expects": {[]string{"please"}, "unknown command"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			args := append([]string{"dev", "--data", filepath.Join(t.TempDir(), "data")}, tt.args...)
			_, _, err := execute(t, nil, "", args...)

			require.ErrorContains(t, err, tt.want)
		})
	}
}
