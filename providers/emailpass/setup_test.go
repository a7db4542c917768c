package emailpass_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// recordedHash is Medusa's own hash of "supersecret", from the recorded
// exchange register.json, case "success".
const recordedHash = "c2NyeXB0AA8AAAAIAAAAAdosJ9pFuMdnyWLBRCp5xfCBFaQj/hN1DSHUPq0cn4/ZGNydSF/ikoo1g8Z13IlvrclyFC5ZVUrA0ial9SKoqu/q1CNB0ZCa764FfrP/EXGF"

// cheap are parameters for tests: a hash takes microseconds.
var cheap = emailpass.Argon2{MemoryKiB: 64, Time: 1, Parallelism: 1}

// works counts the hashes that a provider computes.
type works struct {
	mu      sync.Mutex
	formats []string
}

func (w *works) add(format string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.formats = append(w.formats, format)
}

// take returns what was computed since the last take, sorted.
func (w *works) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.formats
	w.formats = nil
	slices.Sort(out)
	return out
}

func setup(tb testing.TB, o emailpass.Options) (*emailpass.Provider, *works) {
	tb.Helper()
	done := &works{}
	if o.OnHash == nil {
		o.OnHash = done.add
	}
	if o.Argon2 == (emailpass.Argon2{}) {
		o.Argon2 = cheap
	}
	p, err := emailpass.New(o)
	require.NoError(tb, err)
	return p, done
}

func input(email, password any) providers.Input {
	return providers.Input{Body: map[string]any{"email": email, "password": password}, ActorType: "customer"}
}

// record is a stored credential with a hash; "" for none.
func record(hash string) *providers.Record {
	rec := &providers.Record{EntityID: "ada@example.com", ProviderMetadata: everlatch.Metadata{"kept": "as it is"}}
	if hash != "" {
		rec.ProviderMetadata["password"] = hash
	}
	return rec
}

// registered returns a record that p itself made.
func registered(tb testing.TB, p *emailpass.Provider, password string) *providers.Record {
	tb.Helper()
	verdict, err := p.Register(tb.Context(), input("ada@example.com", password), nil)
	require.NoError(tb, err)
	hash, ok := verdict.ProviderMetadata["password"].(string)
	require.True(tb, ok)
	return record(hash)
}

func requireRefusal(tb testing.TB, err error, code everlatch.Code, message string) {
	tb.Helper()
	e, ok := errors.AsType[*everlatch.Error](err)
	require.True(tb, ok, "a refusal, got %v", err)
	require.Equal(tb, code, e.Code)
	require.Equal(tb, message, e.Message)
}

func requireWrong(tb testing.TB, err error) {
	tb.Helper()
	requireRefusal(tb, err, everlatch.CodeUnauthorized, "Invalid email or password")
}
