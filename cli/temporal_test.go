//go:build !noembedded

package cli_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/embedded"
)

func TestTemporalSetup(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start(t.Context(), embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	run := func(args ...string) string {
		out, _, err := execute(t, []string{"TEMPORAL_ADDRESS=" + server.Address(), "TEMPORAL_NAMESPACE=shop"}, "",
			append([]string{"temporal", "setup"}, args...)...)
		require.NoError(t, err)
		return out
	}
	const added = "Added search attributes: EverlatchActorId, EverlatchActorType, EverlatchIdentityId, EverlatchOutcome, " +
		"EverlatchProvider, EverlatchRequestId, EverlatchSubject.\n"
	require.Equal(t, "Created the namespace shop, which keeps finished workflows for 72h0m0s.\n"+added, run())
	require.Equal(t, "The namespace shop exists, and keeps finished workflows for 72h0m0s.\nIt has all search attributes.\n", run())
	require.Equal(t, "The namespace shop keeps finished workflows for 96h0m0s now; it was 72h0m0s.\nIt has all search attributes.\n",
		run("--retention", "96h"))
	require.Contains(t, run("--json"), `"search_attributes_added": []`)
}
