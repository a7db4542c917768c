package vault_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/everlatch/everlatch/internal/vault"
)

func key(id string) vault.Key {
	b := make([]byte, vault.KeyBytes)
	_, _ = rand.Read(b)
	return vault.Key{ID: id, Secret: vault.NewSecret(b)}
}

func ringOf(tb testing.TB, keys ...vault.Key) *vault.KeyRing {
	tb.Helper()
	ring, err := vault.NewKeyRing(keys)
	require.NoError(tb, err)
	return ring
}

// docs/weak-spots.md#w64: associated data bind a value to its place.
func TestSealOpen(t *testing.T) {
	t.Parallel()

	ring := ringOf(t, key("k1"))
	rapid.Check(t, func(t *rapid.T) {
		plaintext := rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext")
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		id, sealed := ring.Seal(plaintext, aad)

		opened, err := ring.Open(id, sealed, aad)
		if err != nil || !bytes.Equal(plaintext, opened) {
			t.Fatalf("round trip: %v", err)
		}
		if len(plaintext) > 8 && bytes.Contains(sealed, plaintext) {
			t.Fatal("the sealed value holds the plaintext")
		}

		damaged := bytes.Clone(sealed)
		damaged[rapid.IntRange(0, len(sealed)-1).Draw(t, "at")] ^= rapid.ByteRange(1, 255).Draw(t, "flip")
		if _, err := ring.Open(id, damaged, aad); err == nil {
			t.Fatal("a changed byte went unnoticed")
		}
		cut := sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")]
		if _, err := ring.Open(id, cut, aad); err == nil {
			t.Fatal("a missing end went unnoticed")
		}
		other := rapid.SliceOf(rapid.Byte()).Filter(func(b []byte) bool { return !bytes.Equal(b, aad) }).Draw(t, "other aad")
		if _, err := ring.Open(id, sealed, other); err == nil {
			t.Fatal("opened in another place")
		}
	})
}

func TestSealIsNeverTheSameTwice(t *testing.T) {
	t.Parallel()

	ring := ringOf(t, key("k1"))
	_, first := ring.Seal([]byte(planted), nil)
	_, second := ring.Seal([]byte(planted), nil)
	require.NotEqual(t, first, second)
	require.Len(t, first, 12+len(planted)+16, "nonce, ciphertext, tag")
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()

	oldKey, newKey := key("2025"), key("2026")
	before, during, after := ringOf(t, oldKey), ringOf(t, newKey, oldKey), ringOf(t, newKey)

	id, sealed := before.Seal([]byte(planted), nil)
	require.Equal(t, "2025", id)
	opened, err := during.Open(id, sealed, nil)
	require.NoError(t, err, "an old key still opens")
	require.Equal(t, planted, string(opened))

	newID, _ := during.Seal([]byte(planted), nil)
	require.Equal(t, "2026", newID, "the first key seals")
	_, err = after.Open(id, sealed, nil)
	require.ErrorIs(t, err, vault.ErrUnknownKey)

	impostor := ringOf(t, key("2025")) // same id, other key
	_, err = impostor.Open(id, sealed, nil)
	require.Error(t, err)
	require.NotErrorIs(t, err, vault.ErrUnknownKey)

	require.Equal(t, before.Hash("a@b.c"), during.Hash("a@b.c"), "names stay the same while a key is rolled out")
	require.NotEqual(t, during.Hash("a@b.c"), after.Hash("a@b.c"))
}

func TestDeriveSeparatesPurposes(t *testing.T) {
	t.Parallel()

	root := ringOf(t, key("k1"), key("k0"))
	codec, mfa := root.Derive("codec"), root.Derive("mfa")

	id, sealed := codec.Seal([]byte(planted), nil)
	opened, err := root.Derive("codec").Open(id, sealed, nil)
	require.NoError(t, err, "deriving again gives the same keys")
	require.Equal(t, planted, string(opened))
	for name, other := range map[string]*vault.KeyRing{"root": root, "mfa": mfa, "twice": codec.Derive("codec")} {
		_, err := other.Open(id, sealed, nil)
		require.Error(t, err, name)
		require.NotEqual(t, codec.Hash("x"), other.Hash("x"), name)
	}
}

func TestHash(t *testing.T) {
	t.Parallel()

	ring := ringOf(t, key("k1"))
	hash := ring.Hash("emailpass", "a@b.c")
	require.Regexp(t, `^[a-z2-7]{52}$`, hash)
	require.Equal(t, hash, ring.Hash("emailpass", "a@b.c"))
	require.NotEqual(t, hash, ring.Hash("emailpassa", "@b.c"), "parts do not run together")
	require.NotEqual(t, hash, ring.Hash("emailpass", "a@b.c", ""))
	require.NotEqual(t, hash, ringOf(t, key("k1")).Hash("emailpass", "a@b.c"), "cannot be guessed without the key")
}

func formatKeys(keys []vault.Key) string {
	parts := make([]string, 0, len(keys))
	for _, k := range keys {
		parts = append(parts, k.ID+":"+base64.StdEncoding.EncodeToString(k.Secret.Reveal()))
	}
	return strings.Join(parts, ",")
}

func TestParseKeys(t *testing.T) {
	t.Parallel()

	keys := []vault.Key{key("2026-11"), key("old")}
	text := formatKeys(keys)
	urlSafe := "k:" + base64.RawURLEncoding.EncodeToString(keys[0].Secret.Reveal())
	for _, accepted := range []string{text, " " + strings.ReplaceAll(text, ",", " , ") + "\n", strings.ReplaceAll(text, "=", ""), urlSafe} {
		got, err := vault.ParseKeys(accepted)
		require.NoError(t, err)
		require.Equal(t, keys[0].Secret.Reveal(), got[0].Secret.Reveal())
	}

	good := base64.StdEncoding.EncodeToString(keys[0].Secret.Reveal())
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"nothing":            {" ", []string{"no encryption key"}},
		"a key without id":   {good, []string{"key 1 is not of the form"}},
		"an empty id":        {":" + good, []string{"id of encryption key 1"}},
		"the key as its id":  {good + ":", []string{"id of encryption key 1"}},
		"not base64":         {"k1:*" + good, []string{"key 1 is not valid base64"}},
		"too short":          {"k1:" + good[:24], []string{`"k1" has 18 bytes, expected 32`}},
		"the same id twice":  {"k1:" + good + ",k1:" + good, []string{`"k1" is used twice`}},
		"a comma at the end": {"k1:" + good + ",", []string{"key 2 is not of the form"}},
		"several at once":    {"k1,k2:*", []string{"key 1 is not of the form", "key 2 is not valid base64"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := vault.ParseKeys(tt.text)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), good[:16], "no error shows a key")
		})
	}
	_, err := vault.NewKeyRing(nil)
	require.ErrorContains(t, err, "at least one key")
}

func TestKeyRingNeverPrints(t *testing.T) {
	t.Parallel()

	k := key("k1")
	ring := ringOf(t, k)
	hidden := struct {
		ring *vault.KeyRing
		key  vault.Key
	}{ring, k} // fmt calls no methods in here
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb, ring, k, hidden)
	}
	require.NotContains(t, out.String(), string(k.Secret.Reveal()))
	require.NotContains(t, out.String(), strings.Trim(fmt.Sprint(string(k.Secret.Reveal())), "[]"))
	require.NotContains(t, out.String(), fmt.Sprintf("%x", k.Secret.Reveal()))
	require.Contains(t, out.String(), "[key ring]")
	require.Equal(t, "[key ring]", ring.LogValue().String())
}

// FuzzParseKeys looks for a text that parses into a ring which cannot be built
// or written down again.
func FuzzParseKeys(f *testing.F) {
	for _, seed := range []string{"", "k1:" + strings.Repeat("A", 43) + "=", "a:b,c:d", ":,:", "k:" + strings.Repeat("_", 43)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := vault.ParseKeys(text)
		if err != nil {
			return
		}
		ringOf(t, keys...)
		again, err := vault.ParseKeys(formatKeys(keys))
		require.NoError(t, err)
		require.Equal(t, formatKeys(keys), formatKeys(again))
	})
}

func BenchmarkSeal(b *testing.B) {
	ring := ringOf(b, key("k1"))
	b.ReportAllocs()
	for b.Loop() {
		ring.Seal([]byte(planted), []byte("sec_01"))
	}
}

func BenchmarkHash(b *testing.B) {
	ring := ringOf(b, key("k1"))
	b.ReportAllocs()
	for b.Loop() {
		_ = ring.Hash("emailpass", "ada@example.com")
	}
}
