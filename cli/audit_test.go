package cli_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
)

func TestAudit(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	run := func(args ...string) (string, error) {
		out, _, err := execute(t, nil, "", append(args, "--data", folder)...)
		return out, err
	}
	out, err := run("key", "create", "--title", "shop", "--json")
	require.NoError(t, err)
	var created struct {
		Key everlatch.APIKey `json:"api_key"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &created))
	_, err = run("key", "revoke", created.Key.ID)
	require.NoError(t, err)
	_, err = run("customer", "create", "--email", "ada@example.com")
	require.NoError(t, err)
	_, err = run("customer", "update", "ada@example.com", "--first-name", "Ada")
	require.NoError(t, err)
	_, err = run("customer", "update", "nope@example.com", "--first-name", "Ada")
	require.Error(t, err)
	for _, reads := range [][]string{{"key", "list"}, {"customer", "show", "ada@example.com"}, {"event", "list"}, {"statistics"}} {
		_, err := run(reads...)
		require.NoError(t, err)
	}

	out, err = run("audit", "list", "--json")
	require.NoError(t, err)
	require.NotContains(t, out, "@example.com")
	var listed struct {
		Entries []everlatch.AuditEntry `json:"entries"`
		Count   int                    `json:"count"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &listed))
	require.Equal(t, 5, listed.Count, "what reads is not recorded")
	var done []string
	for _, e := range listed.Entries {
		require.Equal(t, "cli", e.ActorType)
		require.NotEmpty(t, e.ActorID)
		require.Equal(t, "CLI", e.Method)
		require.Nil(t, e.Status)
		done = append(done, e.Action+" "+e.Outcome)
	}
	require.ElementsMatch(t, []string{
		"key create done", "key revoke done", "customer create done", "customer update done", "customer update failed",
	}, done)

	for args, want := range map[string]int{
		created.Key.ID: 2, "cus_nope": 0,
	} {
		out, err = run("audit", "list", "--json", "--target", args)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(out), &listed))
		require.Equal(t, want, listed.Count)
	}
	out, err = run("audit", "list", "--action", "key revoke", "--outcome", "done", "--from", "2020-01-01")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^AT +BY +WITH +DID +TO `, out)
	require.Regexp(t, `(?m)CLI key revoke +`+created.Key.ID+` .* done `, out)
	_, err = run("audit", "list", "--outcome", "perhaps")
	require.ErrorContains(t, err, "--outcome is one of done, refused, failed and unknown")
}
