package emailpass

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/everlatch/everlatch"
)

// commonPasswords holds one password per line, the most common first. Its source:
// common/README.md.
//
//go:embed common/passwords.txt
var commonPasswords string

// policy is what a new password must satisfy (docs/weak-spots.md#w21).
type policy struct {
	minLength, maxLength Limit
	common               map[string]struct{} // lower case; nil allows all
}

func newPolicy(o Options) policy {
	p := policy{minLength: o.MinLength, maxLength: o.MaxLength}
	if !*o.CommonPasswords {
		return p
	}
	p.common = map[string]struct{}{}
	for line := range strings.Lines(commonPasswords) {
		p.common[strings.TrimSuffix(line, "\n")] = struct{}{}
	}
	return p
}

// check returns the rule that a password breaks, as a message for the user.
func (p policy) check(password string) error {
	length := Limit(utf8.RuneCountInString(password))
	switch {
	case p.minLength != Off && length < p.minLength:
		return invalid(everlatch.ReasonPasswordShort, fmt.Sprintf("Password must have at least %d characters.", p.minLength), bound("least", int(p.minLength)))
	case p.maxLength != Off && length > p.maxLength:
		return invalid(everlatch.ReasonPasswordLong, fmt.Sprintf("Password must have at most %d characters.", p.maxLength), bound("most", int(p.maxLength)))
	case len(password) > maxPasswordBytes:
		return invalid(everlatch.ReasonPasswordLong, fmt.Sprintf("Password must have at most %d bytes.", maxPasswordBytes), bound("most", maxPasswordBytes))
	}
	if _, common := p.common[strings.ToLower(password)]; common {
		return invalid(everlatch.ReasonPasswordCommon, "Password is one of the most common passwords. Choose another one.", nil)
	}
	return nil
}

// bound is a detail of a refusal.
func bound(name string, n int) map[string]string { return map[string]string{name: strconv.Itoa(n)} }

func invalid(reason everlatch.Reason, message string, details map[string]string) error {
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: reason, Details: details, Message: message}
}
