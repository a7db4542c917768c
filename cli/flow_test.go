package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/flows"
)

func TestFlow(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	_, base := beginDev(t, "--data", data)
	post := func(path, body string) {
		res, err := http.Post(base+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
	run := func(args ...string) string {
		out, _, err := execute(t, nil, "", append([]string{"flow", "--data", data}, args...)...)
		require.NoError(t, err)
		return out
	}
	post("/auth/customer/emailpass/register", `{"email":"ada@example.com","password":"correct horse battery"}`)
	post("/auth/customer/emailpass", `{"email":"ada@example.com","password":"wrong horse"}`)
	post("/auth/customer/emailpass", `{"email":"nobody@example.com","password":"wrong horse"}`)
	post("/auth/customer/emailpass/reset-password", `{"identifier":"ada@example.com"}`)

	byWorkflow := map[string]flows.FlowInfo{}
	require.Eventually(t, func() bool { // the list lags behind
		var list struct {
			Flows []flows.FlowInfo `json:"flows"`
		}
		require.NoError(t, json.Unmarshal([]byte(run("list", "--email", "Ada@example.com", "--json")), &list))
		for _, f := range list.Flows {
			byWorkflow[f.Workflow] = f
		}
		return len(list.Flows) == 3 && byWorkflow["Authenticate"].Outcome != "" && byWorkflow["Register"].Outcome != ""
	}, patience, 200*time.Millisecond)
	require.Equal(t, "refused", byWorkflow["Authenticate"].Outcome)
	require.Equal(t, "registered", byWorkflow["Register"].Outcome)
	require.Contains(t, run("list", "--request", byWorkflow["Authenticate"].RequestID), byWorkflow["Authenticate"].ID)
	require.Contains(t, run("list", "--identity", byWorkflow["Register"].AuthIdentityID), byWorkflow["Authenticate"].ID,
		"a refused sign-in is found by the address of the identity")
	require.Equal(t, 1, strings.Count(run("list", "--email", "nobody@example.com"), "refused"))

	refused := run("show", byWorkflow["Authenticate"].ID)
	require.Regexp(t, `(?s)outcome +refused.*Sign-in for customer with emailpass started\n.*Check credentials\n.*ended: refused \(Invalid email or password\)\n$`, refused)
	require.Eventually(t, func() bool {
		return strings.Contains(run("show", byWorkflow["PasswordReset"].ID), "mail has it")
	}, patience, 200*time.Millisecond)
	reset := run("show", byWorkflow["PasswordReset"].ID)
	require.Regexp(t, `(?s)Password reset for customer with emailpass started\n.*asked for customer: a mail with a link was ordered\n`, reset)
	// The flow and the database have clocks of their own: which of the two lines is first, a millisecond decides.
	require.Regexp(t, `(?s)Password reset for customer with emailpass started\n.*event auth.password_reset`, reset)
	require.Equal(t, "Nothing needs attention.\n", run("attention"))
	_, _, err := execute(t, nil, "", "flow", "show", "nope", "--data", data)
	require.Error(t, err)
}

// TestFlowAttentionOnADeadLetter shows what a delivery leaves that is given up, and what to do
// about it. The other kinds are in package flows, with a Temporal server.
func TestFlowAttentionOnADeadLetter(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
	t.Cleanup(gone.Close)
	data := filepath.Join(t.TempDir(), "data")
	environ := []string{`EVERLATCH_SUBSCRIBERS=[{name: crm, events: ["auth.*"], webhook: {url: "` + gone.URL +
		`", allow_private: true, secrets: [whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3]}}]`}
	dev := begin(t, environ, "dev", "--http", "127.0.0.1:0", "--temporal", "127.0.0.1:0", "--ui", "off", "--data", data)
	base := dev.stdout.await(t, dev.ended, `API +(http://\S+)`)
	registered := post(t, base+"/auth/customer/emailpass/register", map[string]any{"email": "ada@example.com", "password": password})
	require.Equal(t, http.StatusOK, registered.status, registered.body)

	var out string
	require.Eventually(t, func() bool {
		var err error
		out, _, err = execute(t, environ, "", "flow", "attention", "--data", data)
		require.NoError(t, err)
		return strings.Contains(out, "crm did not take")
	}, patience, 200*time.Millisecond)
	require.Regexp(t, `(?m)^flow +Event delivery to crm \(.*\): dead$`, out)
	require.Regexp(t, `(?m)^why +crm did not take auth\.identity_registered: .* answers 410: the receiver is gone$`, out)
	require.Regexp(t, "(?m)^do +Mend what the error names, then `everlatch event release evt_[0-9A-Z]+` retries it\\.$", out)
}
