package emailpass_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// BenchmarkRefusedLogin is what one wrong password costs, by what is stored:
// the differences are what an outsider can measure (docs/weak-spots.md#w19).
func BenchmarkRefusedLogin(b *testing.B) {
	p, err := emailpass.New(emailpass.Options{})
	require.NoError(b, err)
	even, err := emailpass.New(emailpass.Options{MedusaHashes: true})
	require.NoError(b, err)
	for name, bm := range map[string]struct {
		p   *emailpass.Provider
		rec *providers.Record
	}{
		"unknown":                 {p, nil},
		"argon2id":                {p, registered(b, p, "supersecret")},
		"medusa":                  {p, record(recordedHash)},
		"unknown,MedusaHashes":    {even, nil},
		"argon2id,MedusaHashes":   {even, registered(b, p, "supersecret")},
		"medusa,MedusaHashes":     {even, record(recordedHash)},
		"bcrypt-12":               {p, record("$2y$12$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTTOq")},
		"most-expensive-argon2id": {p, record(phc("$argon2id$v=19$m=65536,t=8,p=1$", make([]byte, 32)))},
		"most-expensive-pbkdf2":   {p, record(passlib("$pbkdf2-sha512$1000000$", make([]byte, 64)))},
		"most-expensive-bcrypt":   {p, record("$2y$14$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTTOq")},
		"most-expensive-scrypt":   {p, record(phc("$scrypt$ln=16,r=8,p=2$", make([]byte, 32)))},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bm.p.Authenticate(b.Context(), input("ada@example.com", "wrong"), bm.rec); err == nil {
					b.Fatal("a wrong password was accepted")
				}
			}
		})
	}
}

func BenchmarkRegister(b *testing.B) {
	p, err := emailpass.New(emailpass.Options{})
	require.NoError(b, err)
	for b.Loop() {
		if _, err := p.Register(b.Context(), input("ada@example.com", "supersecret"), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCanonicalEmail(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = emailpass.CanonicalEmail("Ada.Lovelace@Example.com")
	}
}
