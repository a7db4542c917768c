package emailpass

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/everlatch/everlatch/internal/mailbox"
)

// The limits of RFC 5321 in octets: a mailbox in an envelope, and its local
// part.
const (
	maxEmail = 254
	maxLocal = 64
)

// domainForm turns a domain into the ASCII form in which it is looked up.
var domainForm = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(),
	idna.StrictDomainName(true), idna.VerifyDNSLength(true),
)

// canonicalEmail returns the form in which addresses are compared
// (docs/weak-spots.md#w22): without surrounding blanks, in Unicode NFC and
// lower case, the domain in ASCII. It is idempotent. Dots and "+tags" stay:
// only a mailbox's own server knows what they mean.
//
// valid reports whether a browser's e-mail field would accept the address,
// extended to letters of every script, with one domain that could be looked up.
// Other text still has a key, so that users whom Medusa registered as "foo" can
// sign in after an import; the key is "" for text that no stored identifier can
// be: control characters, invalid UTF-8, more than 254 bytes.
func canonicalEmail(email string) (key string, valid bool) {
	if email = strings.TrimSpace(email); len(email) > maxEmail || !utf8.ValidString(email) {
		return "", false
	}
	if email = mailbox.Fold(email); len(email) > maxEmail || strings.ContainsFunc(email, unicode.IsControl) {
		return "", false
	}
	if at := strings.LastIndexByte(email, '@'); at > 0 {
		local := email[:at]
		domain, err := domainForm.ToASCII(email[at+1:])
		rooted := strings.HasSuffix(domain, ".") // fine in the DNS, not in a mailbox
		if err == nil && domain != "" && !rooted && validLocal(local) && len(local)+1+len(domain) <= maxEmail {
			return local + "@" + domain, true
		}
	}
	return email, false
}

// validLocal reports whether text is a dot-atom (RFC 5322), of letters of every
// script. Browsers accept dots everywhere, but mails to "a..b" would need quotes,
// which no client of an account's e-mail sends: who registered so could neither
// have an account nor get a mail.
func validLocal(local string) bool {
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return false
	}
	return local != "" && len(local) <= maxLocal && strings.IndexFunc(local, func(r rune) bool {
		if r < utf8.RuneSelf {
			return !isAtom(byte(r)) //nolint:gosec // ASCII, by the line above
		}
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r)
	}) < 0
}

// CanonicalEmail returns the form in which the addresses of this provider are compared, and
// whether the text is an address. Providers that sign the same users in by their address
// use it, so that one mailbox is one user.
func CanonicalEmail(email string) (key string, valid bool) { return canonicalEmail(email) }

// isAtom reports whether c may stand in the local part of the e-mail fields of
// HTML: the atoms of RFC 5322 and the dot.
func isAtom(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(".!#$%&'*+/=?^_`{|}~-", c) >= 0
}
