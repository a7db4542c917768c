package accounts_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/store/storetest"
	"github.com/everlatch/everlatch/internal/transfer"
)

// What Node.js computed: crypto.scryptSync(token, salt, 64).toString('hex').
const (
	saltedToken = "sk_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	saltedSalt  = "00112233445566778899aabbccddeeff"
	saltedHash  = "af22226b323641a2799e2def6a423fa8172cba40f0480062fe4e4b37d0e214be602f8179645441b48d247b01b27fc15282524b8fa2bb335d8f5a1499aa509c54"
)

// TestSaltedKey: a key of Medusa is found by its slow hash once, by several callers at once
// too, and by a fast one from then on.
func TestSaltedKey(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, now)
	_, issues, err := s.ImportUnits(t.Context(), []transfer.Unit{{Records: []transfer.Record{{
		"type": transfer.TypeAPIKey, "id": "apk_1", "title": "ERP", "kind": "secret", "redacted": "sk_012***def", "salt": saltedSalt, "token": saltedHash,
	}}}}, nil)
	require.NoError(t, err)
	require.Empty(t, issues)
	var keys accounts.SecretKeys
	for _, wrong := range []string{
		"", "sk_", "sk_012def", "sk_0123456789abcdef", saltedHash, saltedToken[:30] + "0" + saltedToken[31:], strings.Repeat("x", 1<<20),
	} {
		_, _, err := keys.Find(t.Context(), s, wrong, false)
		require.ErrorIs(t, err, everlatch.ErrNotFound, "%.40s", wrong)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = keys.Find(gone, s, saltedToken, false)
	require.Error(t, err)
	salted, err := s.SaltedKeys(t.Context(), "sk_012***def")
	require.NoError(t, err)
	require.Len(t, salted, 1, "nothing has replaced it yet")

	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			key, _, err := keys.Find(t.Context(), s, saltedToken, i%2 == 0)
			if err != nil || key.ID != "apk_1" {
				t.Errorf("%v %v", key.ID, err)
			}
		})
	}
	all.Wait()
	salted, err = s.SaltedKeys(t.Context(), "sk_012***def")
	require.NoError(t, err)
	require.Empty(t, salted)
	key, _, err := keys.Find(t.Context(), s, saltedToken, false)
	require.NoError(t, err)
	require.Equal(t, "ERP", key.Title)
}
