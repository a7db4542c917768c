package providertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/providers"
)

// CodeCase says how to test a code provider.
type CodeCase struct {
	// New makes the provider.
	New func(tb testing.TB) providers.CodeProvider
	// Request is what codes are made for.
	Request providers.CodeRequest
	// Typed returns what a user types for a code; nil types its Value. A provider that
	// delivers its own codes reads what its gateway sent.
	Typed func(tb testing.TB, c providers.Code) string
	// Same are other ways to type the same code.
	Same []func(typed string) string
}

// minBearer is the least length of a bearer code, in characters: 128 random bits take 22
// characters of base64.
const minBearer = 22

// Code checks that a code provider keeps the promises of [providers.CodeProvider].
func Code(t *testing.T, c CodeCase) {
	t.Helper()
	p := c.New(t)
	typed := func(code providers.Code) string {
		if c.Typed != nil {
			return c.Typed(t, code)
		}
		return code.Value
	}
	check := func(code providers.Code, text string) bool {
		t.Helper()
		right, err := p.Check(t.Context(), code, text)
		require.NoError(t, err, "what a user types is right or wrong, and no error")
		return right
	}
	newCode := func(key string) providers.Code {
		t.Helper()
		r := c.Request
		r.Key = key
		code, err := p.NewCode(t.Context(), r)
		require.NoError(t, err)
		return code
	}

	t.Run("it can be registered", func(t *testing.T) {
		require.NotEmpty(t, p.Identifier())
		codes := providers.NewCodes()
		require.NoError(t, codes.Add(p.Identifier(), p))
		rules := p.Rules()
		require.Equal(t, rules, p.Rules(), "rules don't change")
	})
	t.Run("the right code passes, more than once", func(t *testing.T) {
		code := newCode("1")
		text := typed(code)
		require.True(t, check(code, text))
		require.True(t, check(code, text), "single use is not the provider's task")
		for _, same := range c.Same {
			require.True(t, check(code, same(text)), same(text))
		}
	})
	t.Run("every other one is refused", func(t *testing.T) {
		code := newCode("2")
		text := typed(code)
		for _, wrong := range []string{"", " ", "0", text + "0", text[:len(text)-1], "\x00", "wrong", typed(newCode("3")) + "x"} {
			require.False(t, check(code, wrong), "%q", wrong)
		}
		require.False(t, check(providers.Code{}, ""), "no code is no code")
	})
	t.Run("codes differ", func(t *testing.T) {
		seen := map[string]bool{}
		for i := range 50 {
			seen[typed(newCode(string(rune('a'+i))))] = true
		}
		require.Greater(t, len(seen), 45)
	})
	t.Run("bearer codes cannot be guessed", func(t *testing.T) {
		if !p.Rules().Bearer {
			t.Skip("its codes are only accepted from the signed-in identity")
		}
		require.GreaterOrEqual(t, len(newCode("4").Value), minBearer)
	})
}
