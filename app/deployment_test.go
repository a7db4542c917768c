package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/flows"
)

// The workers of a deployment that is new make their version current, and flows that start
// through Temporal's queues run on it: the mail about a new password goes out.
func TestFirstVersionBecomesCurrent(t *testing.T) {
	t.Parallel()
	cfg := cluster(t)
	cfg.Temporal.Deployment.Name, cfg.Temporal.Deployment.Promote = "shop", "manual"
	url := run(t, cfg, app.WithDevMail())
	d, end, err := app.OpenDeployment(cfg, nil)
	require.NoError(t, err)
	t.Cleanup(end)

	require.Eventually(t, func() bool {
		versions, err := d.Versions(t.Context())
		require.NoError(t, err)
		return len(versions) == 1 && versions[0].Status == flows.VersionCurrent && len(versions[0].Lacks()) == 0 &&
			len(versions[0].BuildID) == 12
	}, patience, 50*time.Millisecond)
	await(t, url)
	signUp(t, url)
	a := insist(t, url+"/auth/customer/emailpass/reset-password", `{"identifier":"ada@example.com"}`)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	require.Eventually(t, func() bool {
		inbox := request(t, http.MethodGet, url+"/_dev/mail.json", "")
		return inbox.status == http.StatusOK && len(inbox.body) > len(`{"mails":[]}`)
	}, patience, 50*time.Millisecond)
}

func TestDeploymentNeedsAName(t *testing.T) {
	t.Parallel()
	_, _, err := app.OpenDeployment(settings(t), nil)
	require.ErrorIs(t, err, app.ErrNoDeployment)
}
