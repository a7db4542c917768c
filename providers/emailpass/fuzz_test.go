package emailpass_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers/emailpass"
)

// FuzzStoredHash looks for a stored hash that panics, that is accepted at a
// price above the limits, or that a password matches which was not hashed.
func FuzzStoredHash(f *testing.F) {
	f.Add(recordedHash)
	for _, seed := range foreign(f, "supersecret") {
		f.Add(seed)
	}
	for _, seed := range []string{"", "$", "$$$$$$", "$argon2id$v=19$m=,t=,p=$$", "$2b$", "$scrypt$ln=1,r=1,p=1$$", "c2NyeXB0"} {
		f.Add(seed)
	}
	p, _ := setup(f, emailpass.Options{})
	f.Fuzz(func(t *testing.T, stored string) {
		info, err := emailpass.CheckHash(stored)
		if err != nil {
			if len(stored) > 16 {
				require.NotContains(t, err.Error(), stored)
			}
			return
		}
		require.LessOrEqual(t, info.MemoryKiB, int64(64<<10))
		require.LessOrEqual(t, info.Work, int64(2_000_000))
		if info.Work > 512 || (info.Format == "bcrypt" && info.Work > 16) {
			return // affordable for a person, not for a fuzzer
		}
		_, err = p.Authenticate(t.Context(), input("ada@example.com", "never hashed by anybody"), record(stored))
		requireWrong(t, err)
	})
}
