package passkey_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/passkeytest"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/passkey"
)

// factors is the second factor with a clock, and a device.
type factors struct {
	passkey.Factor

	now    time.Time
	device *passkeytest.Device
}

func newFactors(t *testing.T) *factors {
	t.Helper()
	f := &factors{now: options().Now(), device: &passkeytest.Device{Origin: origin, Counts: true}}
	f.Factor = newProvider(t, func(o *passkey.Options) { o.Now = func() time.Time { return f.now } }).Factor()
	return f
}

func optionsOf(t *testing.T, public everlatch.Metadata) []byte {
	t.Helper()
	require.Equal(t, "2026-11-29T12:05:00Z", public["expires_at"])
	raw, err := json.Marshal(public["options"])
	require.NoError(t, err)
	return raw
}

// enrol returns an enabled factor.
func (f *factors) enrol(t *testing.T, id string, existing ...providers.FactorRecord) providers.FactorRecord {
	t.Helper()
	enrolled, err := f.Enroll(t.Context(), providers.FactorEnrollment{AuthIdentityID: "authid_1", FactorID: id, Label: "Phone", Existing: existing})
	require.NoError(t, err)
	answer, err := f.device.Create(optionsOf(t, enrolled.Public))
	require.NoError(t, err)
	rec := providers.FactorRecord{Factor: everlatch.Factor{ID: id, AuthIdentityID: "authid_1", Provider: passkey.Method}, Secret: enrolled.Secret}
	verdict, err := f.Verify(t.Context(), providers.FactorAnswer{Factor: rec, Code: string(answer), Setup: true})
	require.NoError(t, err)
	rec.Secret, rec.Handle, rec.Counter = verdict.Secret, verdict.Handle, verdict.Counter
	return rec
}

func TestFactor(t *testing.T) {
	t.Parallel()
	f := newFactors(t)
	require.Equal(t, "webauthn", f.Method())
	phone := f.enrol(t, "authmfa_1")
	require.Equal(t, "Phone", f.device.Keys[0].Name)
	other := &passkeytest.Device{Origin: origin, Counts: true}
	mine := f.device
	f.device = other
	key := f.enrol(t, "authmfa_2", phone)
	require.NotEqual(t, phone.Handle, key.Handle)

	f.device = mine
	enrolled, err := f.Enroll(t.Context(), providers.FactorEnrollment{AuthIdentityID: "authid_1", Existing: []providers.FactorRecord{phone}})
	require.NoError(t, err)
	_, err = mine.Create(optionsOf(t, enrolled.Public))
	require.ErrorContains(t, err, "InvalidStateError", "a device has one passkey of an identity")

	prompt, err := f.Prompt(t.Context(), []providers.FactorRecord{phone, key})
	require.NoError(t, err)
	answer, err := other.Get(optionsOf(t, prompt.Public))
	require.NoError(t, err)
	verdict, err := f.Verify(t.Context(), providers.FactorAnswer{Factor: key, Code: string(answer), Prompt: prompt.Secret})
	require.NoError(t, err)
	require.EqualValues(t, 1, verdict.Counter)
	require.NotEmpty(t, verdict.Secret)
	_, err = f.Verify(t.Context(), providers.FactorAnswer{Factor: phone, Code: string(answer), Prompt: prompt.Secret})
	requireReason(t, err, everlatch.ReasonPasskeyRefused)

	key.Counter = verdict.Counter
	_, err = f.Verify(t.Context(), providers.FactorAnswer{Factor: key, Code: string(answer), Prompt: prompt.Secret})
	requireReason(t, err, everlatch.ReasonPasskeyCloned) // the same answer again
}

func TestFactorRefuses(t *testing.T) {
	t.Parallel()
	f := newFactors(t)
	rec := f.enrol(t, "authmfa_1")
	prompt, err := f.Prompt(t.Context(), []providers.FactorRecord{rec})
	require.NoError(t, err)
	another, err := f.Prompt(t.Context(), []providers.FactorRecord{rec})
	require.NoError(t, err)
	answer, err := f.device.Get(optionsOf(t, prompt.Public))
	require.NoError(t, err)

	for name, in := range map[string]providers.FactorAnswer{ //nolint:paralleltest // the clock moves when they are done
		"another challenge": {Factor: rec, Code: string(answer), Prompt: another.Secret},
		"no challenge":      {Factor: rec, Code: string(answer)},
		"six digits":        {Factor: rec, Code: "123456", Prompt: prompt.Secret},
		"a huge answer":     {Factor: rec, Code: strings.Repeat("1", passkey.MaxAnswer+1), Prompt: prompt.Secret},
		"setup, again":      {Factor: rec, Code: string(answer), Setup: true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Verify(t.Context(), in)
			requireReason(t, err, everlatch.ReasonPasskeyRefused)
		})
	}
	f.now = f.now.Add(passkey.DefaultTimeout)
	_, err = f.Verify(t.Context(), providers.FactorAnswer{Factor: rec, Code: string(answer), Prompt: prompt.Secret})
	requireReason(t, err, everlatch.ReasonPasskeyRefused)

	existing := make([]providers.FactorRecord, passkey.MaxFactors)
	_, err = f.Enroll(t.Context(), providers.FactorEnrollment{AuthIdentityID: "authid_1", Existing: existing})
	require.Equal(t, everlatch.CodeNotAllowed, everlatch.ErrorCode(err))
}

// A factor that was prepared for one identity cannot become another's.
func TestSwappedIdentity(t *testing.T) {
	t.Parallel()
	f := newFactors(t)
	enrolled, err := f.Enroll(t.Context(), providers.FactorEnrollment{AuthIdentityID: "authid_1", FactorID: "authmfa_1"})
	require.NoError(t, err)
	answer, err := f.device.Create(optionsOf(t, enrolled.Public))
	require.NoError(t, err)
	rec := providers.FactorRecord{Factor: everlatch.Factor{ID: "authmfa_1", AuthIdentityID: "authid_2"}, Secret: enrolled.Secret}
	verdict, err := f.Verify(t.Context(), providers.FactorAnswer{Factor: rec, Code: string(answer), Setup: true})
	require.NoError(t, err, "the record is the flow's, and names its identity")
	rec.Secret, rec.Handle = verdict.Secret, verdict.Handle

	prompt, err := f.Prompt(t.Context(), []providers.FactorRecord{rec})
	require.NoError(t, err)
	signed, err := f.device.Get(optionsOf(t, prompt.Public))
	require.NoError(t, err)
	_, err = f.Verify(t.Context(), providers.FactorAnswer{Factor: rec, Code: string(signed), Prompt: prompt.Secret})
	requireReason(t, err, everlatch.ReasonPasskeyRefused) // its device knows whose it is
}
