package mailbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/everlatch/everlatch/internal/mailbox"
)

func TestFold(t *testing.T) {
	t.Parallel()

	for typed, want := range map[string]string{
		"Ada@Example.COM": "ada@example.com",
		"ÄRGER":           "ärger",
		"E\u0301va":       "\u00e9va",
		"STRAßE":          "straße",
		"\u212aelvin":     "\u212aelvin", // the Kelvin sign
		"\u0130da":        "\u0130da",    // İ
		"I\u0307da":       "\u0130da",    // İ of two characters
		"\u037e\u1fef":    "\u037e\u1fef",
		"":                "",
	} {
		require.Equal(t, want, mailbox.Fold(typed), "%+q", typed)
	}
}

func TestFoldProperties(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("aIiİ\u0307\u0301\u212a\u037eKkÅ\u212bΣς\u0327"))),
		).Draw(t, "text")
		once := mailbox.Fold(text)
		require.Equal(t, once, mailbox.Fold(once), "the fold of a fold is itself")
		inside := func(text string) (n int) {
			for _, r := range text {
				if r < 0x80 {
					n++
				}
			}
			return n
		}
		require.LessOrEqual(t, inside(once), inside(text), "nothing becomes ASCII")
	})
}
