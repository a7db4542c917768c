package mailbox

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold brings together what differs in capitals or in the way of writing an
// accent. The fold of a fold is itself.
//
// It is lower case instead of Unicode's full case folding, which makes one of
// "straße" and "strasse". A letter outside ASCII never becomes one inside: the
// Kelvin sign is not k and İ is not i, because a mail server takes them for two
// mailboxes, and a stranger could register one beside the other.
func Fold(text string) string {
	return compose(strings.Map(lower, compose(text)))
}

func lower(r rune) rune {
	if small := unicode.ToLower(r); r < utf8.RuneSelf || small >= utf8.RuneSelf {
		return small
	}
	return r
}

// compose is Unicode NFC, apart from the characters that it takes into ASCII.
func compose(text string) string {
	if isASCII(text) {
		return text
	}
	var out strings.Builder
	rest := 0
	for i, r := range text {
		if r < utf8.RuneSelf || r == utf8.RuneError || !isASCII(norm.NFC.String(string(r))) {
			continue
		}
		out.WriteString(norm.NFC.String(text[rest:i]))
		out.WriteRune(r)
		rest = i + utf8.RuneLen(r)
	}
	out.WriteString(norm.NFC.String(text[rest:]))
	return out.String()
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
