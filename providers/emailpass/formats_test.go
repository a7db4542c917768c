package emailpass_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"

	"github.com/everlatch/everlatch/providers/emailpass"
)

const salt = "sixteen bytes of"

// The hashes below are made by other implementations than the one that
// verifies them, or are published examples.

func phc(form string, key []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return form + b64([]byte(salt)) + "$" + b64(key)
}

func passlib(form string, key []byte) string {
	return strings.ReplaceAll(phc(form, key), "+", ".")
}

func foreign(tb testing.TB, password string) map[string]string {
	tb.Helper()
	pw := []byte(password)
	crypted, err := bcrypt.GenerateFromPassword(pw[:min(len(pw), 72)], 4)
	require.NoError(tb, err)
	scrypted, err := scrypt.Key(pw, []byte(salt), 1<<10, 8, 1, 32)
	require.NoError(tb, err)
	p256, err := pbkdf2.Key(sha256.New, password, []byte(salt), 1000, 32)
	require.NoError(tb, err)
	p512, err := pbkdf2.Key(sha512.New, password, []byte(salt), 1000, 64)
	require.NoError(tb, err)
	return map[string]string{
		"bcrypt 2a":                 string(crypted),
		"bcrypt 2b":                 strings.Replace(string(crypted), "$2a$", "$2b$", 1),
		"bcrypt 2y":                 strings.Replace(string(crypted), "$2a$", "$2y$", 1),
		"scrypt":                    phc("$scrypt$ln=10,r=8,p=1$", scrypted),
		"pbkdf2-sha256":             passlib("$pbkdf2-sha256$1000$", p256),
		"pbkdf2-sha512":             passlib("$pbkdf2-sha512$1000$", p512),
		"argon2i":                   phc("$argon2i$v=19$m=64,t=3,p=1$", argon2.Key(pw, []byte(salt), 3, 64, 1, 32)),
		"argon2id, more passes":     phc("$argon2id$v=19$m=64,t=2,p=1$", argon2.IDKey(pw, []byte(salt), 2, 64, 1, 32)),
		"argon2id, several lanes":   phc("$argon2id$v=19$m=128,t=1,p=4$", argon2.IDKey(pw, []byte(salt), 1, 128, 4, 32)),
		"argon2id, a shorter key":   phc("$argon2id$v=19$m=64,t=1,p=1$", argon2.IDKey(pw, []byte(salt), 1, 64, 1, 16)),
		"argon2id, order of fields": phc("$argon2id$v=19$t=2,m=64,p=1$", argon2.IDKey(pw, []byte(salt), 2, 64, 1, 32)),
	}
}

// docs/weak-spots.md#w24: foreign formats and old parameters are verified and replaced.
func TestForeignHashesAreRenewed(t *testing.T) {
	t.Parallel()

	hashes := foreign(t, "supersecret")
	hashes["Medusa's, as recorded"] = recordedHash
	for name, stored := range hashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, done := setup(t, emailpass.Options{})
			rec := record(stored)
			_, err := p.Authenticate(t.Context(), input("ada@example.com", "Supersecret"), rec)
			requireWrong(t, err)
			require.Len(t, done.take(), 1)

			verdict, err := p.Authenticate(t.Context(), input("ada@example.com", "supersecret"), rec)
			require.NoError(t, err)
			require.Len(t, done.take(), 2, "one to verify, one to renew")
			require.Equal(t, stored, rec.ProviderMetadata["password"], "the record it was given is not touched")
			require.Equal(t, "as it is", verdict.ProviderMetadata["kept"], "the verdict replaces the whole record")
			require.Contains(t, verdict.ProviderMetadata["password"], "$argon2id$v=19$m=64,t=1,p=1$")

			rec.ProviderMetadata = verdict.ProviderMetadata
			verdict, err = p.Authenticate(t.Context(), input("ada@example.com", "supersecret"), rec)
			require.NoError(t, err)
			require.Nil(t, verdict.ProviderMetadata, "once is enough")
		})
	}
}

func TestPublishedExamples(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ password, stored string }{
		"argon2's own test suite": {"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
		"crypt_blowfish's tests":  {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
		"passlib's manual":        {"password", "$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, _ := setup(t, emailpass.Options{})
			_, err := p.Authenticate(t.Context(), input("ada@example.com", tt.password), record(tt.stored))
			require.NoError(t, err)
		})
	}
}

// A parameter change alone is a reason to renew (docs/weak-spots.md#w24).
func TestChangedParametersAreRenewed(t *testing.T) {
	t.Parallel()

	before, _ := setup(t, emailpass.Options{Argon2: emailpass.Argon2{MemoryKiB: 128, Time: 2, Parallelism: 1}})
	after, _ := setup(t, emailpass.Options{})
	verdict, err := after.Authenticate(t.Context(), input("ada@example.com", "supersecret"), registered(t, before, "supersecret"))
	require.NoError(t, err)
	require.Contains(t, verdict.ProviderMetadata["password"], "m=64,t=1,p=1")
}

// bcrypt ignores what comes after 72 bytes: such a password signs in, but its
// unchecked end must not become part of a new hash.
func TestTruncatedPasswordsAreNotRenewed(t *testing.T) {
	t.Parallel()

	long := strings.Repeat("p", 72)
	p, _ := setup(t, emailpass.Options{})
	rec := record(foreign(t, long)["bcrypt 2b"])
	verdict, err := p.Authenticate(t.Context(), input("ada@example.com", long+"and more"), rec)
	require.NoError(t, err)
	require.Nil(t, verdict.ProviderMetadata)

	verdict, err = p.Authenticate(t.Context(), input("ada@example.com", long), rec)
	require.NoError(t, err)
	require.NotNil(t, verdict.ProviderMetadata)
}

// medusaWith returns the recorded container with other parameters and a
// checksum that fits them.
func medusaWith(logN byte, r, p uint32) string {
	raw, _ := base64.StdEncoding.DecodeString(recordedHash)
	raw[7] = logN
	for i := range 4 {
		raw[8+i], raw[12+i] = byte(r>>(24-8*i)), byte(p>>(24-8*i))
	}
	sum := sha256.Sum256(raw[:48])
	copy(raw[48:64], sum[:16])
	return base64.StdEncoding.EncodeToString(raw)
}

func TestCheckHash(t *testing.T) {
	t.Parallel()

	for stored, want := range map[string]emailpass.HashInfo{
		recordedHash: {Format: "medusa-scrypt", MemoryKiB: 32 << 10, Work: 32 << 10},
		"$argon2id$v=19$m=65536,t=4,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc": {Format: "argon2id", MemoryKiB: 65536, Work: 4 * 65536}, // PHP's
		"$2y$12$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTTOq":                           {Format: "bcrypt", MemoryKiB: 4, Work: 4096},
		phc("$scrypt$ln=16,r=8,p=1$", make([]byte, 32)):                                          {Format: "scrypt", MemoryKiB: 65536, Work: 65536},
		passlib("$pbkdf2-sha256$1200000$", make([]byte, 32)):                                     {Format: "pbkdf2-sha256", Work: 1_200_000}, // Django's
	} {
		got, err := emailpass.CheckHash(stored)
		require.NoError(t, err, stored)
		require.Equal(t, want, got)
	}
}

// docs/weak-spots.md#w20: a stored hash cannot make one login expensive. The costs are refused
// before any work: these take microseconds.
func TestCostsAreCapped(t *testing.T) {
	t.Parallel()

	key := make([]byte, 32)
	tests := map[string]string{
		"argon2 memory":                     phc("$argon2id$v=19$m=65537,t=1,p=1$", key),
		"argon2 memory beyond 32 bits":      phc("$argon2id$v=19$m=4294967296,t=1,p=1$", key),
		"argon2 memory given twice":         phc("$argon2id$v=19$m=64,t=1,p=1,m=4194304$", key),
		"argon2 passes":                     phc("$argon2id$v=19$m=64,t=4294967295,p=1$", key),
		"argon2 memory times passes":        phc("$argon2id$v=19$m=65536,t=9,p=1$", key),
		"argon2 passes over rounded memory": phc("$argon2id$v=19$m=1,t=500000,p=16$", key),
		"argon2 lanes":                      phc("$argon2id$v=19$m=65536,t=1,p=17$", key),
		"argon2i memory":                    phc("$argon2i$v=19$m=1048576,t=1,p=1$", key),
		"scrypt N":                          phc("$scrypt$ln=17,r=8,p=1$", key),
		"scrypt absurd N":                   phc("$scrypt$ln=58,r=8,p=1$", key),
		"scrypt N that wraps":               phc("$scrypt$ln=9223372036854775807,r=8,p=1$", key),
		"scrypt r":                          phc("$scrypt$ln=10,r=1048576,p=1$", key),
		"scrypt r that wraps":               phc("$scrypt$ln=10,r=9223372036854775807,p=1$", key),
		"scrypt p":                          phc("$scrypt$ln=10,r=8,p=1073741823$", key),
		"scrypt N times p":                  phc("$scrypt$ln=16,r=8,p=3$", key),
		"scrypt negative":                   phc("$scrypt$ln=-1,r=8,p=1$", key),
		"bcrypt cost":                       "$2b$15$" + strings.Repeat("a", 53),
		"bcrypt cost out of range":          "$2b$99$" + strings.Repeat("a", 53),
		"bcrypt cost too low":               "$2b$03$" + strings.Repeat("a", 53),
		"PBKDF2 rounds":                     passlib("$pbkdf2-sha256$2000001$", key),
		"PBKDF2 rounds that wrap":           passlib("$pbkdf2-sha512$9223372036854775807$", key),
		"PBKDF2 rounds of SHA-512":          passlib("$pbkdf2-sha512$1000001$", make([]byte, 64)),
		"PBKDF2 output of many blocks":      passlib("$pbkdf2-sha256$1000000$", make([]byte, 96)),
		"PBKDF2 without rounds":             passlib("$pbkdf2-sha256$0$", key),
		"Medusa N":                          medusaWith(17, 8, 1),
		"Medusa absurd N":                   medusaWith(255, 8, 1),
		"Medusa without N":                  medusaWith(0, 8, 1),
		"Medusa r":                          medusaWith(15, 1<<31, 1),
		"Medusa without r":                  medusaWith(15, 0, 1),
		"Medusa p":                          medusaWith(10, 8, 1<<31),
		"Medusa without p":                  medusaWith(15, 8, 0),
		"Medusa r times p":                  medusaWith(1, 1<<16, 1<<16),
	}
	for name, stored := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := emailpass.CheckHash(stored)
			require.Error(t, err)
			require.NotContains(t, err.Error(), stored)
		})
	}
}

func TestDamagedHashes(t *testing.T) {
	t.Parallel()

	flipped := []byte(recordedHash)
	flipped[30] ^= 1 // in the salt: the checksum notices
	tests := map[string]string{
		"nothing":                     "",
		"plain text":                  "supersecret",
		"another program's":           "$3$$8846f7eaee8fb117ad06bdd830b7586c",
		"the bcrypt with the bug":     "$2x$10$" + strings.Repeat("a", 53),
		"plaintext of go-crypt":       "$plaintext$supersecret",
		"far too long":                "$argon2id$" + strings.Repeat("a", 10_000),
		"argon2d":                     phc("$argon2d$v=19$m=64,t=1,p=1$", make([]byte, 32)),
		"argon2 of an old version":    phc("$argon2id$v=16$m=64,t=1,p=1$", make([]byte, 32)),
		"argon2 with a key of a byte": phc("$argon2id$v=19$m=64,t=1,p=1$", []byte{7}),
		"argon2 without a key":        phc("$argon2id$v=19$m=64,t=1,p=1$", nil),
		"scrypt without a key":        phc("$scrypt$ln=10,r=8,p=1$", nil),
		"a Medusa hash cut short":     recordedHash[:124],
		"a Medusa hash with more":     recordedHash + "AAAA",
		"a Medusa hash changed":       string(flipped),
		"a Medusa hash not in base64": recordedHash[:100] + "****" + recordedHash[104:],
		"yescrypt":                    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC",
	}
	for name, stored := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := emailpass.CheckHash(stored)
			require.Error(t, err)
			if stored != "" {
				require.NotContains(t, err.Error(), stored)
			}
		})
	}
}

// The container protects itself: any change is refused before or by the HMAC.
func TestMedusaContainerIsBoundToItsPassword(t *testing.T) {
	t.Parallel()

	p, _ := setup(t, emailpass.Options{})
	for _, at := range []int{70, 95} { // in the HMAC, which the checksum does not cover
		raw, err := base64.StdEncoding.DecodeString(recordedHash)
		require.NoError(t, err)
		raw[at] ^= 1
		_, err = p.Authenticate(t.Context(), input("ada@example.com", "supersecret"), record(base64.StdEncoding.EncodeToString(raw)))
		requireWrong(t, err)
	}
	_, err := p.Authenticate(t.Context(), input("ada@example.com", "supersecret"), record(medusaWith(14, 8, 1)))
	requireWrong(t, err)
	require.NotEqual(t, recordedHash, fmt.Sprint(medusaWith(14, 8, 1)))
}
