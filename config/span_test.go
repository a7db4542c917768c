package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/everlatch/everlatch/config"
)

func TestParseSpan(t *testing.T) {
	t.Parallel()

	tests := map[string]time.Duration{
		"1d": 24 * time.Hour, "10h": 10 * time.Hour, "2 days": 48 * time.Hour, "90": 90 * time.Second, "1.5h": 90 * time.Minute,
		"500ms": 500 * time.Millisecond, "1 Week": 7 * 24 * time.Hour, "2.5 hrs": 150 * time.Minute, " 1m ": time.Minute,
		"1h30m": 90 * time.Minute, "-3s": -3 * time.Second, "1y": 365*24*time.Hour + 6*time.Hour, ".5s": 500 * time.Millisecond, "0": 0,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()

			got, err := config.ParseSpan(text)

			require.NoError(t, err)
			require.Equal(t, want, got.Duration())
		})
	}
}

func TestParseSpanRefuses(t *testing.T) {
	t.Parallel()

	for _, text := range []string{"", "soon", "1 fortnight", "1d2", "99999999999y", "1e9", "h"} {
		_, err := config.ParseSpan(text)
		require.Error(t, err, text)
	}
}

func TestSpanIsPrintedAsItIsRead(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		want := config.Span(rapid.Int64Range(0, 1<<40).Draw(t, "ms") * int64(time.Millisecond))
		got, err := config.ParseSpan(want.String())
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestParseSize(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]int64{"100kb": 100 << 10, "1 MB": 1 << 20, "2gb": 2 << 30, "512": 512, "1.5kb": 1536, "7b": 7} {
		got, err := config.ParseSize(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got.Bytes(), text)
		again, err := config.ParseSize(got.String())
		require.NoError(t, err, text)
		require.Equal(t, got, again, text)
	}
	for _, text := range []string{"", "0", "-1kb", "big", "1tb", "9999999gb"} {
		_, err := config.ParseSize(text)
		require.Error(t, err, text)
	}
}
