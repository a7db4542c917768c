package providertest

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/everlatch/everlatch/providers"
)

var identifierForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$`)

// checkNames checks the identifier and the display name.
func checkNames(tb testing.TB, p providers.Provider) {
	tb.Helper()
	if kind := p.Identifier(); !identifierForm.MatchString(kind) {
		tb.Errorf("Identifier() is %s: it must be lower-case letters, digits, - and _, at most 64, because it names the kind in URLs and answers", brief(kind))
	}
	name := p.DisplayName()
	if strings.TrimSpace(name) == "" || !utf8.ValidString(name) || len(name) > 200 || strings.ContainsFunc(name, unicode.IsControl) {
		tb.Errorf("DisplayName() is %s: it must be one short line of text, because people read it on a button", brief(name))
	}
	if p.Identifier() != p.Identifier() || name != p.DisplayName() { //nolint:staticcheck // the calls may differ
		tb.Errorf("Identifier() and DisplayName() must not change between calls, because clients keep them")
	}
	if err := providers.NewRegistry().Add("providertest", p); err != nil {
		tb.Errorf("the provider cannot be registered: %v", err)
	}
}
