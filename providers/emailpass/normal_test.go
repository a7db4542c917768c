package emailpass_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// The same password, as different keyboards write it.
const (
	composed   = "caf\u00e9 au lait"
	decomposed = "cafe\u0301\u00a0au lait"
)

func TestPasswordsOfOtherKeyboards(t *testing.T) {
	t.Parallel()

	p, done := setup(t, emailpass.Options{})
	for _, chosen := range []string{composed, decomposed} {
		rec := registered(t, p, chosen)
		for _, typed := range []string{composed, decomposed} {
			verdict, err := p.Authenticate(t.Context(), input("ada@example.com", typed), rec)
			require.NoError(t, err, "%+q chosen, %+q typed", chosen, typed)
			require.Nil(t, verdict.ProviderMetadata, "nothing to renew")
			verdict, err = p.Update(t.Context(), input("ada@example.com", typed), *rec)
			require.NoError(t, err)
			changed, _ := verdict.ProviderMetadata["password"].(string)
			_, err = p.Authenticate(t.Context(), input("ada@example.com", chosen), record(changed))
			require.NoError(t, err)
		}
		done.take()
	}
	_, err := p.Authenticate(t.Context(), input("ada@example.com", "cafe au lait"), registered(t, p, composed))
	requireWrong(t, err) // an accent is a part of the password
	_, err = p.Authenticate(t.Context(), input("ada@example.com", "caﬀeine1"), registered(t, p, "caffeine1"))
	requireWrong(t, err) // NFC, not NFKC: a ligature is another text
}

// argonKey is what argon2id makes of a password with the salt and parameters of
// the test below.
func argonKey(password string) string {
	salt := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	return base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(password), salt, cheap.Time, cheap.MemoryKiB, cheap.Parallelism, 32))
}

// Hashes of passwords as they were typed, imported or made by an earlier version,
// are good for the same keyboard, and replaced by one for all of them.
func TestHashesOfPasswordsAsTyped(t *testing.T) {
	t.Parallel()

	p, done := setup(t, emailpass.Options{})
	const asTyped = "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$"
	rec := record(asTyped + argonKey(decomposed))

	verdict, err := p.Authenticate(t.Context(), input("ada@example.com", decomposed), rec)

	require.NoError(t, err)
	require.Equal(t, []string{"argon2id", "argon2id", "argon2id"}, done.take(), "the normal form, the raw one, and the new hash")
	renewed, _ := verdict.ProviderMetadata["password"].(string)
	require.NotEmpty(t, renewed)
	require.Equal(t, "as it is", verdict.ProviderMetadata["kept"])
	for _, typed := range []string{composed, decomposed} {
		verdict, err := p.Authenticate(t.Context(), input("ada@example.com", typed), record(renewed))
		require.NoError(t, err)
		require.Nil(t, verdict.ProviderMetadata)
	}
}

// docs/weak-spots.md#w19: the second form tells nothing about the account.
func TestRefusedFormsCostTheSame(t *testing.T) {
	t.Parallel()

	for _, medusa := range []bool{false, true} {
		p, done := setup(t, emailpass.Options{MedusaHashes: medusa})
		rec := registered(t, p, "another password")
		done.take()
		_, err := p.Authenticate(t.Context(), input("ada@example.com", decomposed), rec)
		requireWrong(t, err)
		known := done.take()
		_, err = p.Authenticate(t.Context(), input("ada@example.com", decomposed), nil)
		requireWrong(t, err)
		require.Equal(t, known, done.take())
		_, err = p.Authenticate(t.Context(), input("ada@example.com", decomposed), record(recordedHash))
		requireWrong(t, err)
		if imported := done.take(); medusa {
			require.Equal(t, known, imported)
		}
	}
}

// The policy counts what is hashed.
func TestPolicyCountsNormalizedPasswords(t *testing.T) {
	t.Parallel()

	p, _ := setup(t, emailpass.Options{})
	_, err := p.Register(t.Context(), input("ada@example.com", "e\u0301e\u0301e\u0301e\u0301"), nil)
	requireRefusal(t, err, everlatch.CodeInvalidData, "Password must have at least 8 characters.")
}
