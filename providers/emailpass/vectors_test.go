package emailpass_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// vectors are hashes by other implementations, for each format: what an RFC, a
// documentation or the tests of another project publish.
var vectors = []struct{ format, source, password, stored string }{
	{"argon2id", "Keycloak, a published realm", "iceberg", "$argon2id$v=19$m=7168,t=5,p=1$RJ0aLMQ2qKbZuROs7qQhcA$BuViHNDGmCq80fvpty/QoggTI8NSt0CuNDGgeoa5f5A"},
	{"argon2id", "Kratos, hash/hasher_test.go", "test", "$argon2id$v=19$m=32,t=2,p=4$cm94YnRVOW5jZzFzcVE4bQ$MNzk5BtR2vUhrp6qQEjRNw"},
	{"argon2i", "Supabase, password_test.go", "test", "$argon2i$v=19$m=16,t=2,p=1$bGJRWThNOHJJTVBSdHl2dQ$NfEnUOuUpb7F2fQkgFUG4g"},
	{"bcrypt", "Auth0, bulk import schema", "hello", "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"},
	{"bcrypt", "crypt_blowfish, wrapper.c", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	{"scrypt", "RFC 7914, section 12", "pleaseletmein", "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw"},
	{"scrypt", "Auth0, bulk import schema", "password", "$scrypt$ln=12,r=8,p=1$YWJjMTIz$CX9hl+G0FTj3I+Mqp6aOjXYifY5DLOX6pIgqkTAy2yk"},
	{"firebase-scrypt", "github.com/firebase/scrypt, README", "user1password", "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="},
	{"firebase-scrypt", "Supabase, password_test.go", "mytestpassword", "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw=="},
	{"pbkdf2-sha1", "RFC 6070, with 25 bytes", "passwordPASSWORDpassword", "$pbkdf2$4096$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$PS7sT.QchJuAyNg2YsDkSospGpZM8vBwOA"},
	{"pbkdf2-sha224", "OpenSSL", "correct horse", "$pbkdf2-sha224$1000$c2l4dGVlbiBieXRlcyBvZg$rkkHzVNrKJ9dsIh11sXpawilfohdlLMKZD4mcA"},
	{"pbkdf2-sha256", "RFC 7914, section 11", "Password", "$pbkdf2-sha256$80000$TmFDbA$TdzY9guYviGDDO5e8icB.WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ"},
	{"pbkdf2-sha256", "Keycloak, a published realm", "password", "$pbkdf2-sha256$27500$P5rtFkGtPfoaryJ6PizUJw$JsfNbCOIdZUbyBJ.BT.VoGI91Ec2rWLOvkLPDaX8e9k"},
	{"pbkdf2-sha384", "OpenSSL", "correct horse", "$pbkdf2-sha384$1000$c2l4dGVlbiBieXRlcyBvZg$3ZlDZ2cfLU6xQzdUs0XEMhBj/1asaBHBjatWYcfPsLD/.J8d/umGYZIHgHAVO9kS"},
	{"pbkdf2-sha512", "Kratos, hash/hasher_test.go", "test", "$pbkdf2-sha512$100000$bdHBpn7OWOivJMVJypy2UqR0UnaD5prQXRZevj/05YU$.wArTfv1a.bNGO1iZrmEdVjhA.lL11wF4/IxpgYfPwc"},
	{"md5-crypt", "Kratos, hash/hasher_test.go", "test", "$1$TVEiiKNb$SN6/pUaRQS/E8Jh46As2C/"},
	{"sha256-crypt", "OpenSSL, passwd -5", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
	{"sha512-crypt", "OpenSSL, passwd -6", "Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
	{"md5", "Kratos, hash/hasher_test.go", "test", "$md5$CY9rzUYh03PK3k6DJie09g=="},
	{"md5", "Kratos, salt before", "test", "$md5$pf=e1NBTFR9e1BBU1NXT1JEfQ==$MTIz$q+RdKCgc+ipCAcm5ChQwlQ=="},
	{"md5", "Kratos, {PASSWORD}{SALT}$?", "ory", "$md5$pf=e1BBU1NXT1JEfXtTQUxUfSQ/$MTIzNDU2Nzg5$8PhwWanVRnpJAFK4NUjR0w=="},
	{"sha1", "Kratos, {PASSWORD}%%{SALT}", "test", "$sha1$pf=e1BBU1NXT1JEfSUle1NBTFR9$NW9wbWtnejAzcg==$YX0AW8/MW5ojUlnzTaR43ucHCog="},
	{"sha224", "FIPS 180-2, the message abc", "abc", "$sha224$" + hexed("23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7")},
	{"sha256", "Kratos, {SALT}$${PASSWORD}", "test", "$sha256$pf=e1NBTFR9JCR7UEFTU1dPUkR9$NW9wbWtnejAzcg==$HokCOi9OtiZaZRvnkgemV3B4UUHpI7kA8zq/EZWH2NY="},
	{"sha384", "FIPS 180-2, the message abc", "abc", "$sha384$" + hexed("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7")},
	{"sha512", "Kratos, salt before", "test", "$sha512$pf=e1NBTFR9e1BBU1NXT1JEfQ==$NW9wbWtnejAzcg==$6ctpVuApMNp0CgBXcdHw/GC562eFEFGr4gpgANX8ZYsX+j5B19IkdmOY2Fytsz3QUwSWdGcUjbqwgJGTH0UYvw=="},
	{"hmac-md5", "Kratos, hash/hasher_test.go", "test", "$hmac-md5$ZmU4Njk3Zjc0MmQwODA0MDVkMTI3MGU2MTYzMzE2Zjk=$MTIzNDU="},
	{"hmac-sha1", "Auth0, bulk import schema", "test", "$hmac-sha1$cg7f42jH39/2EaAU4wNd4s2lKIk=$c2ho"},
	{"hmac-sha224", "Kratos, hash/hasher_test.go", "test", "$hmac-sha224$YmUwYmYzM2EwNGRlNDE0YjQzNjBhNmIyOThmNmIyYzI4OWQyMzk3MDUwZDFjMzliYjVmMDMyOTQ=$MTIzNDU="},
	{"hmac-sha256", "RFC 4231, case 2", "what do ya want for nothing?", "$hmac-sha256$" + hexed("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843") + "$SmVmZQ=="},
	{"hmac-sha384", "RFC 4231, case 2", "what do ya want for nothing?", "$hmac-sha384$" + hexed("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649") + "$SmVmZQ=="},
	{"hmac-sha512", "RFC 4231, case 2", "what do ya want for nothing?", "$hmac-sha512$" + hexed("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737") + "$SmVmZQ=="},
	{"ldap-md5", "the MD5 of password", "password", "{MD5}X03MO1qnZdYdgyfeuILPmQ=="},
	{"ldap-sha", "the SHA-1 of password", "password", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="},
	{"ldap-ssha", "Kratos, hash/hasher_test.go", "test123", "{SSHA}JFZFs0oHzxbMwkSJmYVeI8MnTDy/276a"},
	{"ldap-ssha256", "Kratos, hash/hasher_test.go", "test123", "{SSHA256}czO44OTV17PcF1cRxWrLZLy9xHd7CWyVYplr1rOhuMlx/7IK"},
	{"ldap-ssha512", "Kratos, hash/hasher_test.go", "test123", "{SSHA512}xPUl/px+1cG55rUH4rzcwxdOIPSB2TingLpiJJumN2xyDWN4Ix1WQG3ihnvHaWUE8MYNkvMi5rf0C9NYixHsE6Yh59M="},
	{"medusa-scrypt", "Medusa 2.21.2, recorded", "supersecret", recordedHash},
}

// hexed is base64 of the text, as Kratos keeps HMACs; digests are raw.
func hexed(text string) string { return base64.StdEncoding.EncodeToString(unhex(text)) }

func unhex(text string) []byte {
	out := make([]byte, len(text)/2)
	const digits = "0123456789abcdef"
	for i := range out {
		out[i] = byte(strings.IndexByte(digits, text[2*i])<<4 | strings.IndexByte(digits, text[2*i+1]))
	}
	return out
}

// TestVectors: every format verifies what another implementation has hashed, and nothing
// else, and is replaced by the first sign-in.
func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		t.Run(v.format+" "+v.source, func(t *testing.T) {
			t.Parallel()
			found, err := emailpass.Describe(v.stored)
			require.NoError(t, err)
			require.Equal(t, v.format, found.Format)
			p, _ := setup(t, emailpass.Options{})
			for _, wrong := range []string{v.password + "x", v.password[1:] + "x", "{PASSWORD}"} {
				_, err = p.Authenticate(t.Context(), input("ada@example.com", wrong), record(v.stored))
				requireWrong(t, err)
			}
			verdict, err := p.Authenticate(t.Context(), input("ada@example.com", v.password), record(v.stored))
			require.NoError(t, err)
			require.Contains(t, verdict.ProviderMetadata["password"], "$argon2id$v=19$m=64,t=1,p=1$")
		})
	}
}

// TestDocumentedFormats: the table of the guide has the formats that are verified, no more
// and no less.
func TestDocumentedFormats(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "move-from-other-systems.md"))
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "\n## Password hashes\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n## ")
	var documented, verified []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9, `-]+)` \\|").FindAllStringSubmatch(table, -1) {
		documented = append(documented, strings.Split(row[1], "`, `")...)
	}
	for _, v := range vectors {
		verified = append(verified, v.format)
	}
	slices.Sort(documented)
	slices.Sort(verified)
	require.Equal(t, slices.Compact(verified), documented)
}

// TestDigestsWithoutPassword: a template in which the password does not stand would accept
// every one.
func TestDigestsWithoutPassword(t *testing.T) {
	t.Parallel()
	b64 := base64.StdEncoding.EncodeToString
	key := make([]byte, 16)
	for _, stored := range []string{
		"$md5$pf=" + b64([]byte("{SALT}")) + "$MTIz$" + b64(key),
		"$md5$pf=" + b64([]byte("{PASSWORD}{PASSWORD}")) + "$MTIz$" + b64(key),
		"$md5$pf=*$MTIz$" + b64(key), "$md5$pf=e1BBU1NXT1JEfQ==$*$" + b64(key),
		"$md5$" + b64(key[1:]), "$md5$*", "$md5$", "$md5$$", "$sha3$" + b64(key), "$sha1$4000$salt$" + b64(key),
		"$hmac-md5$" + b64(key), "$hmac-md4$" + b64(key) + "$MTIz", "$hmac-md5$" + b64(key[1:]) + "$MTIz", "$hmac-md5$*$MTIz",
		"{MD5}" + b64(make([]byte, 17)), "{SMD5}" + b64(key), "{SMD5}" + b64(key[1:]), "{CRYPT}x", "{", "{}", "{SHA}*",
		emailpass.FirebaseHash(14, 8, nil, key, key, key[1:]), emailpass.FirebaseHash(14, 8, nil, nil, key, nil),
		"$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk=AAAA$AAAA$AAAA", "$fbscrypt$",
	} {
		require.Error(t, emailpass.CheckStored(stored), stored)
	}
}

// TestImportedCostsAreCapped: the formats of other systems are refused before any work.
func TestImportedCostsAreCapped(t *testing.T) {
	t.Parallel()
	key := make([]byte, 64)
	for name, stored := range map[string]string{
		"Firebase memory":      emailpass.FirebaseHash(17, 8, nil, key, key[:10], key),
		"Firebase absurd":      emailpass.FirebaseHash(999, 8, nil, key, key[:10], key),
		"Firebase rounds":      emailpass.FirebaseHash(14, 1<<20, nil, key, key[:10], key),
		"Firebase without N":   emailpass.FirebaseHash(0, 8, nil, key, key[:10], key),
		"sha512-crypt rounds":  "$6$rounds=1000001$saltstring$" + strings.Repeat("a", 86),
		"sha256-crypt rounds":  "$5$rounds=999999999$saltstring$" + strings.Repeat("a", 43),
		"sha256-crypt, wrong":  "$5$rounds=-1$saltstring$" + strings.Repeat("a", 43),
		"PBKDF2 with SHA-1":    passlib("$pbkdf2$2000001$", key[:20]),
		"PBKDF2 blocks":        passlib("$pbkdf2$600001$", key),
		"PBKDF2 with SHA-384":  passlib("$pbkdf2-sha384$1000001$", key[:48]),
		"longer than any hash": "$md5$" + strings.Repeat("A", 512),
	} {
		_, err := emailpass.CheckHash(stored)
		require.Error(t, err, name)
	}
	p, done := setup(t, emailpass.Options{})
	_, err := p.Authenticate(t.Context(), input("ada@example.com", strings.Repeat("x", 4000)), record("$6$rounds=999999$saltstring$"+strings.Repeat("a", 86)))
	requireWrong(t, err) // takes no minute, although each round would hash 8 kB
	require.Contains(t, done.take(), "sha512-crypt")
}

// docs/weak-spots.md#w19: an account with a cheap hash takes as long as an unknown address.
func TestCheapHashesCostADummyToo(t *testing.T) {
	t.Parallel()
	p, done := setup(t, emailpass.Options{})
	for _, stored := range []string{"$md5$CY9rzUYh03PK3k6DJie09g==", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", passlib("$pbkdf2-sha256$1$", make([]byte, 32))} {
		_, err := p.Authenticate(t.Context(), input("ada@example.com", "wrong"), record(stored))
		requireWrong(t, err)
		formats := done.take()
		require.Len(t, formats, 2)
		require.Contains(t, formats, "argon2id")
	}
}

// docs/weak-spots.md#w19: while imported hashes remain, every refusal can be made to cost one
// of each kind, and exactly one.
func TestImportedHashesEvenOut(t *testing.T) {
	t.Parallel()
	kinds := []string{
		"$2a$04$", "$2b$05$", "$scrypt$ln=4,r=1,p=1$", "$fbscrypt$v=1,n=4,r=1,p=1$", "$pbkdf2$10$", "$pbkdf2-sha512$10$", "$6$rounds=1000$", "$5$",
		"$argon2i$v=19$m=8,t=1,p=1$", "medusa-scrypt",
	}
	p, done := setup(t, emailpass.Options{ImportedHashes: kinds})
	all := []string{
		"argon2id", "argon2i", "bcrypt", "bcrypt", "firebase-scrypt", "medusa-scrypt", "pbkdf2-sha1", "pbkdf2-sha512", "scrypt", "sha256-crypt", "sha512-crypt",
	}
	slices.Sort(all)
	records := map[string]*providers.Record{
		"unknown": nil, "no hash": record(""), "ours": registered(t, p, "supersecret"), "Medusa's": record(recordedHash),
		"bcrypt": record("$2b$05$" + strings.Repeat("a", 53)), "sha256-crypt": record("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
	}
	done.take()
	for name, rec := range records {
		_, err := p.Authenticate(t.Context(), input("ada@example.com", "wrong"), rec)
		requireWrong(t, err)
		require.Equal(t, all, done.take(), name)
	}
	_, err := p.Authenticate(t.Context(), input("ada@example.com", "wrong"), record("$md5$CY9rzUYh03PK3k6DJie09g=="))
	requireWrong(t, err)
	require.Len(t, done.take(), len(all)+1)
	for _, wrong := range []string{"bcrypt", "$2b$99$", "$md5$", "$fbscrypt$v=1,n=14$", "$fbscrypt$v=1,n=14,r=8,p=2$", ""} {
		_, err := emailpass.New(emailpass.Options{ImportedHashes: []string{wrong}})
		require.ErrorContains(t, err, "imported_hashes has", wrong)
	}
}
