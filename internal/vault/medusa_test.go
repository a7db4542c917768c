package vault_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/vault"
)

// medusaSecret encrypts as docs/contract.md#s10-1 says.
func medusaSecret(t *testing.T, key, plaintext string) string {
	t.Helper()
	derived := sha256.Sum256([]byte(key))
	block, err := aes.NewCipher(derived[:])
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	iv := make([]byte, 12)
	_, _ = rand.Read(iv)
	sealed := aead.Seal(nil, iv, []byte(plaintext), nil)
	cut := len(sealed) - 16
	encode := base64.RawURLEncoding.EncodeToString
	return "v1:" + encode(iv) + ":" + encode(sealed[cut:]) + ":" + encode(sealed[:cut])
}

func TestMedusaSecrets(t *testing.T) {
	t.Parallel()

	key := vault.NewSecret([]byte("the key of a shop"))
	text := medusaSecret(t, "the key of a shop", "JBSWY3DPEHPK3PXP")
	require.True(t, vault.IsMedusa(text))
	opened, err := vault.OpenMedusa(key, text)
	require.NoError(t, err)
	require.Equal(t, "JBSWY3DPEHPK3PXP", string(opened.Reveal()))

	parts := strings.Split(text, ":")
	for name, bad := range map[string]string{
		"another version": strings.Replace(text, "v1:", "v2:", 1),
		"three parts":     strings.Join(parts[:3], ":"),
		"parts swapped":   strings.Join([]string{parts[0], parts[2], parts[1], parts[3]}, ":"),
		"not base64":      parts[0] + ":" + parts[1] + ":" + parts[2] + ":*",
		"changed":         text[:len(text)-4] + "AAAA",
		"nothing":         "",
	} {
		_, err := vault.OpenMedusa(key, bad)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "JBSW", name)
	}
	_, err = vault.OpenMedusa(vault.NewSecret([]byte("another key")), text)
	require.Error(t, err)
	_, err = vault.OpenMedusa(vault.Secret{}, text)
	require.Error(t, err, "no key")
}

// TestRotation: what was hashed or wrapped with an earlier key is found and opened, and
// known as one that is to be renewed.
func TestRotation(t *testing.T) {
	t.Parallel()

	older, newer := key("k1"), key("k2")
	before := ringOf(t, older)
	after := ringOf(t, newer, older)
	stored := before.HashEach("identity", "code")
	require.Len(t, stored, 1)
	require.Equal(t, stored[0], before.Hash("identity", "code"))
	require.Contains(t, after.HashEach("identity", "code"), stored[0])
	require.NotEqual(t, stored[0], after.HashEach("identity", "code")[0])
	require.NotContains(t, ringOf(t, newer).HashEach("identity", "code"), stored[0])

	wrapped := vault.New(nil, before, 0, nil).Wrap(vault.NewSecret([]byte("x")), "p")
	current := vault.New(nil, after, 0, nil)
	require.False(t, current.Ring().IsCurrent(wrapped))
	opened, err := current.Unwrap(wrapped, "p")
	require.NoError(t, err)
	require.True(t, current.Ring().IsCurrent(current.Wrap(opened, "p")))
	require.False(t, vault.IsMedusa(wrapped))
}
