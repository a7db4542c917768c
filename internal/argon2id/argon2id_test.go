package argon2id_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"

	"github.com/everlatch/everlatch/internal/argon2id"
)

// The memory of a hash is that of an earlier one, of another password and of other
// parameters: nothing of it may be seen in the key.
func TestKeyEqualsThatOfTheLibrary(t *testing.T) {
	t.Parallel()
	for _, time := range []uint32{1, 2, 3} {
		for _, memory := range []uint32{0, 7, 8, 31, 64, 1000, 4096} {
			for _, threads := range []uint8{1, 2, 4} {
				for _, keyLen := range []uint32{4, 32, 64, 100} {
					password, salt := fmt.Appendf(nil, "%d %d", time, memory), fmt.Appendf(nil, "salt %d %d", threads, keyLen)
					want := argon2.IDKey(password, salt, time, memory, threads, keyLen)
					require.Equal(t, want, argon2id.Key(password, salt, time, memory, threads, keyLen), "%s %s", password, salt)
				}
			}
		}
	}
}

func TestKeysAtOnce(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			password, memory := fmt.Appendf(nil, "password %d", i), uint32(8+i)
			got := argon2id.Key(password, []byte("somesalt"), 1, memory, 1, 32)
			if want := argon2.IDKey(password, []byte("somesalt"), 1, memory, 1, 32); string(want) != string(got) {
				t.Errorf("%s: got %x, want %x", password, got, want)
			}
		})
	}
	all.Wait()
}

func BenchmarkKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		argon2id.Key([]byte("correct horse"), []byte("sixteen bytes, ."), 2, 19456, 1, 32)
	}
}
