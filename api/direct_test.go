package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/workflows"
)

// directFlows signs in without workflows.
type directFlows struct {
	*fakeFlows

	why string
}

func (f *directFlows) Authenticate(ctx context.Context, r flows.AuthRequest) (workflows.Login, error) {
	login, err := f.fakeFlows.Authenticate(ctx, r)
	login.Direct = f.why
	return login, err
}

// A sign-in without a workflow is marked in the log. While Temporal is away, one that
// needs another step is refused, and none waits for a mail about a new device.
func TestDirectSignIns(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.registered("customer", "ada@example.com")
	signIn := func(why, password string, change func(*api.Options)) (*httptest.ResponseRecorder, map[string]any) {
		o := api.Options{LogRequests: true, NewDeviceMail: true}
		change(&o)
		server, log := w.beside(o, func(d *api.Deps) { d.Flows = &directFlows{w.flows, why} })
		r := httptest.NewRequest(http.MethodPost, "/auth/customer/emailpass", strings.NewReader(`{"email":"ada@example.com","password":"`+password+`"}`))
		r.Header.Set("Content-Type", "application/json")
		out := httptest.NewRecorder()
		server.Handler().ServeHTTP(out, r)
		lines := logged(t, log.String())
		require.Len(t, lines, 1)
		return out, lines[0]
	}
	as := func(*api.Options) {}

	answer, line := signIn(flows.DirectTemporalAway, "supersecret", as)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	require.Equal(t, "temporal_away", line["direct"])
	require.Empty(t, w.flows.noticed, "the mail has a flow")
	answer, line = signIn(flows.DirectTemporalAway, "wrong", as)
	require.Equal(t, http.StatusUnauthorized, answer.Code)
	require.Equal(t, "temporal_away", line["direct"])
	answer, line = signIn(flows.DirectTemporalAway, "supersecret", verifying)
	require.Equal(t, http.StatusServiceUnavailable, answer.Code, "the address has to be verified")
	require.NotEmpty(t, answer.Header().Get("Retry-After"))
	require.Equal(t, "temporal_away", line["direct"])

	answer, line = signIn(flows.DirectConfigured, "supersecret", verifying)
	require.Equal(t, http.StatusOK, answer.Code)
	require.Contains(t, answer.Body.String(), `"verification_required":true`)
	require.Equal(t, "configured", line["direct"])
	answer, line = signIn("", "supersecret", as)
	require.Equal(t, http.StatusOK, answer.Code)
	require.NotContains(t, line, "direct")
}
