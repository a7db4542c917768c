package emailpass_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/everlatch/everlatch/providers/emailpass"
)

// docs/weak-spots.md#w22.
func TestCanonicalEmail(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		typed, key string
		invalid    bool
	}{
		"as it is":                     {typed: "ada@example.com", key: "ada@example.com"},
		"capitals":                     {typed: "ADA@Example.COM", key: "ada@example.com"},
		"blanks around":                {typed: " \tada@example.com\n\u00a0", key: "ada@example.com"},
		"a tag is part of it":          {typed: "ada+shop@example.com", key: "ada+shop@example.com"},
		"dots are part of it":          {typed: "a.d.a@gmail.com", key: "a.d.a@gmail.com"},
		"all the other atoms":          {typed: "!#$%&'*+/=?^_`{|}~-@example.com", key: "!#$%&'*+/=?^_`{|}~-@example.com"},
		"one label":                    {typed: "root@localhost", key: "root@localhost"},
		"recorded unicode-email":       {typed: "żółć@exämple.com", key: "żółć@xn--exmple-cua.com"},
		"its domain in ASCII":          {typed: "żółć@xn--exmple-cua.com", key: "żółć@xn--exmple-cua.com"},
		"accents of two characters":    {typed: "e\u0301@example.com", key: "\u00e9@example.com"},
		"capital accents of two":       {typed: "E\u0301@example.com", key: "\u00e9@example.com"},
		"sharp s stays itself":         {typed: "STRAßE@example.com", key: "straße@example.com"},
		"Kelvin is no k":               {typed: "\u212aelvin@example.com", key: "\u212aelvin@example.com"},
		"Kelvin is a k in a domain":    {typed: "ada@\u212aelvin.com", key: "ada@kelvin.com"},
		"dotted I is no i":             {typed: "\u0130da@example.com", key: "\u0130da@example.com"},
		"two dots before":              {typed: "a..b@example.com", key: "a..b@example.com", invalid: true},
		"a dot first":                  {typed: ".ada@example.com", key: ".ada@example.com", invalid: true},
		"a dot last":                   {typed: "ada.@example.com", key: "ada.@example.com", invalid: true},
		"a path":                       {typed: "a/../b@example.com", key: "a/../b@example.com", invalid: true},
		"full-width domain":            {typed: "ada@ｅｘａｍｐｌｅ．com", key: "ada@example.com"},
		"ideographic full stop":        {typed: "ada@example。com", key: "ada@example.com"},
		"nothing":                      {typed: " ", key: "", invalid: true},
		"no at":                        {typed: "Foo", key: "foo", invalid: true},
		"nothing before":               {typed: "@example.com", key: "@example.com", invalid: true},
		"nothing after":                {typed: "ada@", key: "ada@", invalid: true},
		"two ats":                      {typed: "ada@home@example.com", key: "ada@home@example.com", invalid: true},
		"a blank inside":               {typed: "a da@example.com", key: "a da@example.com", invalid: true},
		"quoted":                       {typed: `"ada"@example.com`, key: `"ada"@example.com`, invalid: true},
		"an address literal":           {typed: "ada@[127.0.0.1]", key: "ada@[127.0.0.1]", invalid: true},
		"an underscore in the domain":  {typed: "ada@exa_mple.com", key: "ada@exa_mple.com", invalid: true},
		"a hyphen at the end":          {typed: "ada@example-.com", key: "ada@example-.com", invalid: true},
		"two dots":                     {typed: "ada@example..com", key: "ada@example..com", invalid: true},
		"a dot at the end":             {typed: "ada@example.com.", key: "ada@example.com.", invalid: true},
		"broken punycode":              {typed: "ada@xn--a.com", key: "ada@xn--a.com", invalid: true},
		"an invisible character":       {typed: "a\u200bda@example.com", key: "a\u200bda@example.com", invalid: true},
		"a name before it":             {typed: "Ada <ada@example.com>", key: "ada <ada@example.com>", invalid: true},
		"65 characters before":         {typed: strings.Repeat("a", 65) + "@example.com", key: strings.Repeat("a", 65) + "@example.com", invalid: true},
		"impossible: a zero byte":      {typed: "a\x00da@example.com", invalid: true},
		"impossible: a line break":     {typed: "ada@example.com\r\nBcc: eve@example.com", invalid: true},
		"impossible: not UTF-8":        {typed: "\xff@example.com", invalid: true},
		"impossible: 255 bytes":        {typed: strings.Repeat("a", 243) + "@example.com", invalid: true},
		"a label of more than 63":      {typed: "ada@" + strings.Repeat("a", 64) + ".com", key: "ada@" + strings.Repeat("a", 64) + ".com", invalid: true},
		"a domain longer than allowed": {typed: "a@" + strings.Repeat("abcdefg.", 31) + "com", key: "a@" + strings.Repeat("abcdefg.", 31) + "com"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			key, valid := emailpass.CanonicalEmail(tt.typed)
			require.Equal(t, tt.key, key)
			require.Equal(t, !tt.invalid, valid)
		})
	}
}

// addresses draws text that is often nearly an address.
func addresses() *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9.+_-]{1,20}`),
		rapid.StringOfN(rapid.RuneFrom([]rune("aÄßẞıİſKΣςσéŉǅ\u0301\u0307\u0345.。@- ")), 1, 10, -1),
		rapid.String(),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return part.Draw(t, "local") + "@" + part.Draw(t, "domain") + rapid.SampledFrom([]string{"", ".com", ".рф"}).Draw(t, "tld")
	})
}

func TestCanonicalEmailIsIdempotent(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		typed := addresses().Draw(t, "typed")
		key, valid := emailpass.CanonicalEmail(typed)
		again, stillValid := emailpass.CanonicalEmail(key)
		if key != again || (valid && !stillValid) {
			t.Fatalf("%q -> %q (%t) -> %q (%t)", typed, key, valid, again, stillValid)
		}
		padded, _ := emailpass.CanonicalEmail("  " + typed + "\n")
		if padded != key {
			t.Fatalf("blanks around change %q to %q", key, padded)
		}
		if len(key) > 3*254 {
			t.Fatalf("a key of %d bytes", len(key))
		}
	})
}

func FuzzCanonicalEmail(f *testing.F) {
	for _, seed := range []string{"ada@example.com", "żółć@exämple.com", "foo", "@", "a@b@c", "İ@ı.com", "a@xn--a.com", "\u0345@x", "a@\u200d.com"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		key, valid := emailpass.CanonicalEmail(typed)
		again, stillValid := emailpass.CanonicalEmail(key)
		require.Equal(t, key, again)
		if valid {
			require.True(t, stillValid)
			require.LessOrEqual(t, len(key), 254)
		}
	})
}
