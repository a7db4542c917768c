package main

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/providertest"
)

// fake keeps the latest message.
type fake struct {
	mu       sync.Mutex
	to, text string
	sent     int
	fail     error
}

func (f *fake) Send(_ context.Context, to, text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.to, f.text, f.sent = to, text, f.sent+1
	return f.fail
}

func (f *fake) code() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.text[:6]
}

const phone = "+491701234567"

func TestConformance(t *testing.T) {
	t.Parallel()
	var latest *fake
	providertest.SecondFactor(t, providertest.FactorCase{
		New: func(tb testing.TB) providers.SecondFactor {
			tb.Helper()
			latest = &fake{}
			return newSMS(latest)
		},
		Metadata: everlatch.Metadata{"phone": phone},
		Refused:  []everlatch.Metadata{nil, {"phone": 1}, {"phone": "0170 1234567"}, {"phone": "+49170123456789012345"}},
		Answer: func(tb testing.TB, _ *providers.EnrolledFactor, _ *providers.FactorPrompt) string {
			tb.Helper()
			return latest.code()
		},
	})
}

// TestCodes: a code is for one factor or challenge, for ten minutes.
func TestCodes(t *testing.T) {
	t.Parallel()
	g := &fake{}
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	s := newSMS(g)
	s.now = func() time.Time { return now }
	made, err := s.Enroll(t.Context(), providers.FactorEnrollment{Metadata: everlatch.Metadata{"phone": phone}})
	require.NoError(t, err)
	require.Equal(t, phone, g.to)
	require.Regexp(t, `^\d{6} is your code\.`, g.text)
	require.Equal(t, everlatch.Metadata{"sent_to": "…567"}, made.Public)

	answer := providers.FactorAnswer{Factor: providers.FactorRecord{Secret: made.Secret}, Code: g.code(), Setup: true}
	now = now.Add(goodFor + time.Second)
	_, err = s.Verify(t.Context(), answer)
	require.ErrorIs(t, err, errCode)
	now = now.Add(-time.Minute)
	verdict, err := s.Verify(t.Context(), answer)
	require.NoError(t, err)
	require.JSONEq(t, `{"phone":"`+phone+`"}`, string(verdict.Secret), "the code is gone")

	record := providers.FactorRecord{Secret: verdict.Secret}
	prompted, err := s.Prompt(t.Context(), []providers.FactorRecord{record})
	require.NoError(t, err)
	require.Equal(t, 2, g.sent)
	_, err = s.Verify(t.Context(), providers.FactorAnswer{Factor: record, Code: g.code(), Prompt: prompted.Secret})
	require.NoError(t, err)
	g.fail = errors.New("the gateway is down")
	_, err = s.Prompt(t.Context(), []providers.FactorRecord{record})
	require.ErrorIs(t, err, g.fail, "an outage, which is tried again")
}
