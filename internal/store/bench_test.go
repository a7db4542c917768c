package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// benchOn runs a benchmark on SQLite on disk, as everlatch dev uses it, and on
// PostgreSQL when it is available, in a database with existing customers.
func benchOn(b *testing.B, run func(b *testing.B, f fixture, customer everlatch.Customer, identity everlatch.AuthIdentity)) {
	b.Helper()
	urls := map[string]func() string{
		"sqlite": func() string { return "sqlite://" + b.TempDir() + "/everlatch.db" },
	}
	if !postgresMissing() {
		urls["postgres"] = func() string { return postgresURL(b) }
	}
	for name, url := range urls {
		b.Run(name, func(b *testing.B) {
			f := open(b, url())
			for i := range 100 {
				f.customer(b, fmt.Sprintf("customer-%d@example.com", i))
			}
			customer, identity := f.customer(b, "ada@example.com")
			for range 2 {
				_, err := f.CreateAddress(b.Context(), newAddress(customer.ID))
				require.NoError(b, err)
			}
			b.ReportAllocs()
			run(b, f, customer, identity)
		})
	}
}

func BenchmarkStanding(b *testing.B) {
	benchOn(b, func(b *testing.B, f fixture, _ everlatch.Customer, identity everlatch.AuthIdentity) {
		for b.Loop() {
			_, err := f.Standing(b.Context(), identity.ID, everlatch.ActorCustomer, "")
			require.NoError(b, err)
		}
	})
}

func BenchmarkCustomer(b *testing.B) {
	benchOn(b, func(b *testing.B, f fixture, customer everlatch.Customer, _ everlatch.AuthIdentity) {
		for b.Loop() {
			_, err := f.Customer(b.Context(), customer.ID)
			require.NoError(b, err)
		}
	})
}

// BenchmarkMe runs the query of a request for /store/customers/me with a token, concurrently,
// and the two that it stands for.
func BenchmarkMe(b *testing.B) {
	benchOn(b, func(b *testing.B, f fixture, customer everlatch.Customer, identity everlatch.AuthIdentity) {
		b.Run("one query", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _, err := f.StandingWithCustomer(b.Context(), identity.ID, "")
					require.NoError(b, err)
				}
			})
		})
		b.Run("two queries", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, err := f.Standing(b.Context(), identity.ID, everlatch.ActorCustomer, "")
					require.NoError(b, err)
					_, err = f.Customer(b.Context(), customer.ID)
					require.NoError(b, err)
				}
			})
		})
	})
}

func BenchmarkSession(b *testing.B) {
	benchOn(b, func(b *testing.B, f fixture, customer everlatch.Customer, identity everlatch.AuthIdentity) {
		secret := f.session(b, identity.ID, everlatch.ActorCustomer, customer.ID)
		for b.Loop() {
			_, _, err := f.Session(b.Context(), secret)
			require.NoError(b, err)
		}
	})
}

func BenchmarkFindCredential(b *testing.B) {
	benchOn(b, func(b *testing.B, f fixture, _ everlatch.Customer, _ everlatch.AuthIdentity) {
		for b.Loop() {
			_, err := f.FindCredential(b.Context(), "emailpass", "ada@example.com")
			require.NoError(b, err)
		}
	})
}

// BenchmarkLogin runs the queries of one login: seal, read and delete the
// password, find the credential, record the use.
func BenchmarkLogin(b *testing.B) {
	benchOn(b, func(b *testing.B, f fixture, _ everlatch.Customer, identity everlatch.AuthIdentity) {
		for i := 0; b.Loop(); i++ {
			ref := fmt.Sprintf("sec_%d", i)
			require.NoError(b, f.PutSealed(b.Context(), store.Sealed{
				ID: ref, KeyID: "k1", Data: make([]byte, 64), ExpiresAt: start.Add(time.Minute),
			}))
			_, err := f.GetSealed(b.Context(), ref)
			require.NoError(b, err)
			_, err = f.FindCredential(b.Context(), "emailpass", "ada@example.com")
			require.NoError(b, err)
			require.NoError(b, f.RecordUse(b.Context(), store.Use{IdentityID: identity.ID}))
			require.NoError(b, f.DeleteSealed(b.Context(), ref))
		}
	})
}

func BenchmarkRegister(b *testing.B) {
	benchOn(b, func(b *testing.B, f fixture, _ everlatch.Customer, _ everlatch.AuthIdentity) {
		for i := 0; b.Loop(); i++ {
			f.identity(b, fmt.Sprintf("ada-%d@example.com", i))
		}
	})
}
