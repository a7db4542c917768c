package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// What fill writes is what the store reads: an identity with a credential, and its
// customer. A second run writes nothing.
func TestFill(t *testing.T) {
	t.Parallel()
	metadata, err := credential("correct horse", "8,1,1")
	require.NoError(t, err)
	var want everlatch.Metadata
	require.NoError(t, json.Unmarshal([]byte(metadata), &want))
	urls := map[string]string{"sqlite": storetest.URL(t)}
	if storetest.HasPostgres() {
		urls["postgres"] = storetest.PostgresURL(t)
	}
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := store.Open(t.Context(), url, time.Now)
			require.NoError(t, err)
			defer func() { require.NoError(t, s.Close()) }()
			require.NoError(t, s.Migrate(t.Context()))
			for range 2 {
				require.NoError(t, fill(t.Context(), url, 12, metadata))
			}
			_, count, err := s.AuthIdentities(t.Context(), store.IdentityFilter{}, store.Page{})
			require.NoError(t, err)
			require.Equal(t, 12, count)
			found, count, err := s.Customers(t.Context(), store.CustomerFilter{Q: "hopper"}, store.Page{})
			require.NoError(t, err)
			require.Equal(t, 2, count)
			require.Equal(t, "grace.hopper.1@example.com", *found[0].Email)
			identities, _, err := s.AuthIdentities(t.Context(), store.IdentityFilter{IdentitySearch: store.IdentitySearch{Q: "hopper.1@"}}, store.Page{})
			require.NoError(t, err)
			require.Len(t, identities, 1)
			require.Equal(t, map[string]string{"customer": found[0].ID}, identities[0].Links)
			one, err := s.FindCredential(t.Context(), "emailpass", "grace.hopper.1@example.com")
			require.NoError(t, err)
			require.Equal(t, want, one.Provider.ProviderMetadata)
		})
	}
	require.Error(t, fill(t.Context(), "mysql://localhost", 1, ""))
}
