package accounts

import (
	"net/mail"
	"regexp"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
)

const (
	// EmailInvalid is a text that cannot be the e-mail of an account.
	EmailInvalid everlatch.Reason = "email_invalid"
	// EmailUnusable is an e-mail that a provider of the account cannot use to
	// sign in.
	EmailUnusable everlatch.Reason = "email_unusable"
)

const maxEmailLength = 254

// emailPattern is the contract's pattern, extended to letters of other scripts:
// a user who registers with such an address must be able to create an account
// (docs/weak-spots.md#w22).
var emailPattern = regexp.MustCompile(`^[\pL\pM\pN_'+.-]*[\pL\pM\pN_+-]@([\pL\pN][\pL\pM\pN-]*\.)+[\pL\pM]{2,}$`)

// IsEmail reports whether a text can be the e-mail of an account.
func IsEmail(text string) bool {
	return len(text) <= maxEmailLength && !strings.HasPrefix(text, ".") && !strings.Contains(text, "..") &&
		emailPattern.MatchString(text)
}

// checkEmail returns [everlatch.CodeInvalidData] with [EmailInvalid] for a text
// that cannot be the e-mail of an account.
func checkEmail(text string) error {
	if IsEmail(text) {
		return nil
	}
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: EmailInvalid}
}

// EmailChange is a change to the e-mail of an account.
type EmailChange struct {
	From, To string // From is "" for an account without an e-mail
	// IdentityID is the identity that requests the change and has proved the new
	// e-mail, "" when an administrator changes it.
	IdentityID string
}

// FollowEmail is the one rule for what a changed e-mail does to the logins of
// an account, whether its owner changes it or an administrator
// (docs/weak-spots.md#w13). A login follows if its provider can replace its
// identifier, and it is
//
//   - the former e-mail, or
//   - any address of the requesting identity: its owner has proved the new one.
//
// At most one login of a provider follows, preferably one of the requesting
// identity: an address is unique at a provider. Logins that already have the
// new e-mail stay unchanged. A provider that has no login for the new e-mail is
// [everlatch.CodeInvalidData] with [EmailUnusable].
func FollowEmail(registry *providers.Registry, c EmailChange, logins []everlatch.ProviderIdentity) ([]everlatch.LoginChange, error) {
	var out []everlatch.LoginChange
	decided := map[string]bool{}
	for _, asking := range []bool{true, false} {
		for _, p := range logins {
			own := c.IdentityID != "" && p.AuthIdentityID == c.IdentityID
			if own != asking || decided[p.Provider] || !follows(p, own, c.From) {
				continue
			}
			subject, replaceable := subjectOf(registry, p.Provider, c.To)
			if !replaceable {
				continue // this provider's logins cannot be replaced
			}
			if subject.EntityKey == "" {
				return nil, &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: EmailUnusable}
			}
			decided[p.Provider] = true
			if subject.EntityKey != p.EntityKey {
				out = append(out, everlatch.LoginChange{
					ProviderIdentityID: p.ID, FormerID: p.EntityID, FormerKey: p.EntityKey, FormerVerified: p.VerifiedEmail != "",
					EntityID: subject.EntityID, EntityKey: subject.EntityKey, Verified: c.IdentityID != "",
				})
			}
		}
	}
	return out, nil
}

// subjectOf returns what a provider makes of an e-mail, and whether it can replace the
// identifier of a login.
func subjectOf(registry *providers.Registry, provider, email string) (providers.Subject, bool) {
	if updater, err := registry.Updater(provider); err == nil {
		return updater.Subject(email), true
	}
	if mails, err := registry.EmailCodes(provider); err == nil {
		return mails.Subject(email), true
	}
	return providers.Subject{}, false
}

func follows(p everlatch.ProviderIdentity, own bool, from string) bool {
	if own {
		return IsAddress(p.EntityID)
	}
	return from != "" && store.SameEmail(p.EntityID, from)
}

// IsAddress reports whether a provider's identifier of a user is an e-mail
// address.
func IsAddress(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text
}
