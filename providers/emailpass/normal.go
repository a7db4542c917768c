package emailpass

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalize returns the form in which a password is hashed: the OpaqueString
// profile of RFC 8265 without its refusals. Keyboards write the same accent as one
// character or as two, and the same blank in several ways
// (docs/adr/0012-passwords-are-normalized.md).
func normalize(password string) string {
	if !utf8.ValidString(password) {
		return password
	}
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf && unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, password))
}

// forms are what a stored hash may be of: the normal form, and the text as it is
// typed, of hashes that were imported or made before passwords were normalized.
func forms(password string) []string {
	normal := normalize(password)
	if normal == password {
		return []string{password}
	}
	return []string{normal, password}
}
