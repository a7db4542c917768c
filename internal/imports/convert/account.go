package convert

import (
	"cmp"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch/providers/emailpass"
)

// account is a user of another system, as every reader finds them.
type account struct {
	line int64
	// id is theirs in the other system; "" where it has none.
	id    string
	email string
	// verified says that the other system has verified the address.
	verified bool
	// hash is that of the password, in the form in which it is stored here; "" for none.
	hash string
	// byEmail says that they sign in with the address, also if there is no hash.
	byEmail bool
	links   []link
	totp    []totp

	name, first, last, phone, company string
	// metadata is kept with the account, appMetadata with the identity.
	metadata, appMetadata map[string]any
	disabled              bool
	created, updated      time.Time
	lastUsed              time.Time

	// actorType and actorID are of a row that says what it becomes, or which actor it is.
	actorType, actorID string
	notes              []string
	refusal            string
}

// link is a way to sign in with a provider.
type link struct {
	provider, subject string
	// email is the address that the provider has verified; "" for none.
	email string
	// named says that provider is the id here.
	named bool
}

// totp is an authenticator app, as package providers/totp keeps it.
type totp struct {
	Base32         string
	Digits, Period int
}

// Reasons why a user is not imported.
const (
	noEmail      = "There is no e-mail address."
	wrongEmail   = "The e-mail address is not a valid one."
	noWayIn      = "None of the ways to sign in can be moved."
	wrongForm    = "The record does not have the documented form."
	wrongField   = "The field %s does not have the documented form."
	guestAccount = "The user is anonymous."
	deletedUser  = "The user is deleted."
)

func (a *account) note(format string, args ...any) {
	a.notes = append(a.notes, fmt.Sprintf(format, args...))
}

// password takes over a hash, or says why it is left out.
func (a *account) password(stored string, err error) {
	a.byEmail = true
	if err == nil && stored != "" {
		err = emailpass.CheckStored(stored)
	}
	if err != nil {
		a.note("The password has to be reset: %s.", err)
		return
	}
	a.hash = stored
}

// authenticator takes over an authenticator app, or says why it is left out.
func (a *account) authenticator(secret, algorithm string, digits, period int) {
	secret = strings.ToUpper(strings.TrimRight(strings.ReplaceAll(secret, " ", ""), "="))
	_, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	t := totp{Base32: secret, Digits: cmp.Or(digits, 6), Period: cmp.Or(period, 30)}
	switch name := strings.ToUpper(strings.NewReplacer("-", "", "HMAC", "", "Hmac", "").Replace(algorithm)); {
	case err != nil || secret == "":
		a.note("An authenticator app was left out: its secret cannot be read.")
	case name != "" && name != "SHA1":
		a.note("An authenticator app was left out: its codes are made with %s, and only SHA1 is supported.", name)
	case t.Digits < 6 || t.Digits > 8 || t.Period < 1 || t.Period > 3600:
		a.note("An authenticator app was left out: its codes have %d digits and last %d seconds.", t.Digits, t.Period)
	case slices.Contains(a.totp, t):
	default:
		a.totp = append(a.totp, t)
	}
}

// fullName splits a name that is not told apart.
func (a *account) fullName() {
	if a.first == "" && a.last == "" {
		a.first, a.last, _ = strings.Cut(strings.TrimSpace(a.name), " ")
	}
}

func (a *account) addMetadata(more map[string]any) {
	for key, value := range more {
		if a.metadata == nil {
			a.metadata = map[string]any{}
		}
		if _, taken := a.metadata[key]; !taken && value != nil {
			a.metadata[key] = value
		}
	}
}

// check completes an account and says why it can't be imported, "" if it can.
func (a *account) check(o Options) string {
	if a.refusal != "" {
		return a.refusal
	}
	a.email = strings.TrimSpace(a.email)
	if a.email == "" {
		return noEmail
	}
	if _, valid := emailpass.CanonicalEmail(a.email); !valid {
		return wrongEmail
	}
	a.mapLinks(o.Providers)
	if !a.byEmail && len(a.links) == 0 {
		return strings.Join(append([]string{noWayIn}, a.notes...), " ")
	}
	if a.byEmail && a.hash == "" && !slices.ContainsFunc(a.notes, func(n string) bool { return strings.Contains(n, "password") }) {
		a.note("There is no password: the user can set one with a password reset.")
	}
	a.fullName()
	if a.updated.IsZero() {
		a.updated = a.created
	}
	return ""
}

// mapLinks replaces the names of providers by those here.
func (a *account) mapLinks(providers map[string]string) {
	var kept []link
	for _, l := range a.links {
		here, known := providers[l.provider]
		if !known && l.named {
			here, known = l.provider, true
		}
		if l.email == "" && a.verified && !a.byEmail {
			l.email = a.email // no one else can have verified it
		}
		switch {
		case l.subject == "":
			a.note("The sign-in with %s was left out: it has no id.", l.provider)
		case !known:
			a.note("The sign-in with %[1]s was left out: --provider %[1]s=ID names the provider here.", l.provider)
		case here == "":
			a.note("The sign-in with %s was left out, as --provider says.", l.provider)
		case slices.ContainsFunc(kept, func(k link) bool { return k.provider == here && k.subject == l.subject }):
		default:
			l.provider = here
			kept = append(kept, l)
		}
	}
	a.links = kept
}

func (t totp) secret() string {
	return fmt.Sprintf(`{"base32":%q,"digits":%d,"period":%d}`, t.Base32, t.Digits, t.Period)
}
