package convert

import (
	"cmp"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch/providers/emailpass"
)

// Kratos reads identities of Ory Kratos, as GET /admin/identities answers with
// include_credential, or `kratos list identities` prints them: arrays, one object a line, or
// an object with identities.
func Kratos(r io.Reader, o Options) Units {
	return o.units("kratos", accountsOf(r, "identities", func(a *account, in kratosIdentity) error {
		in.read(a)
		return nil
	}))
}

type kratosIdentity struct {
	ID             text                        `json:"id"`
	State          string                      `json:"state"`
	Traits         map[string]any              `json:"traits"`
	MetadataPublic map[string]any              `json:"metadata_public"`
	MetadataAdmin  map[string]any              `json:"metadata_admin"`
	CreatedAt      moment                      `json:"created_at"`
	UpdatedAt      moment                      `json:"updated_at"`
	Credentials    map[string]kratosCredential `json:"credentials"`
	Addresses      []struct {
		Value    string `json:"value"`
		Verified bool   `json:"verified"`
		Via      string `json:"via"`
	} `json:"verifiable_addresses"`
}

type kratosCredential struct {
	Identifiers []string        `json:"identifiers"`
	Config      json.RawMessage `json:"config"`
}

func (in kratosIdentity) read(a *account) {
	a.id, a.created, a.updated = string(in.ID), in.CreatedAt.Time, in.UpdatedAt.Time
	a.disabled = in.State == "inactive"
	a.email = in.address()
	for _, address := range in.Addresses {
		a.verified = a.verified || address.Verified && sameEmail(address.Value, a.email)
	}
	in.profile(a)
	a.addMetadata(in.MetadataPublic)
	a.appMetadata = in.MetadataAdmin
	for _, kind := range sortedKeys(in.Credentials) {
		in.credential(a, kind, in.Credentials[kind])
	}
}

// address is the e-mail address: of the traits, of the password, or the first that can be
// verified.
func (in kratosIdentity) address() string {
	if email, _ := in.Traits["email"].(string); email != "" {
		return email
	}
	if list, _ := in.Traits["emails"].([]any); len(list) > 0 {
		if email, _ := list[0].(string); email != "" {
			return email
		}
	}
	for _, kind := range []string{"password", "code"} {
		for _, id := range in.Credentials[kind].Identifiers {
			if _, valid := emailpass.CanonicalEmail(id); valid {
				return id
			}
		}
	}
	for _, address := range in.Addresses {
		if address.Via == "email" {
			return address.Value
		}
	}
	return ""
}

// profile takes over the traits: names where they are usual, the others as metadata.
func (in kratosIdentity) profile(a *account) {
	rest := map[string]any{}
	for _, key := range sortedKeys(in.Traits) {
		value := in.Traits[key]
		written, _ := value.(string)
		switch strings.ToLower(strings.ReplaceAll(key, "_", "")) {
		case "email":
		case "firstname", "givenname":
			a.first = written
		case "lastname", "familyname":
			a.last = written
		case "phone", "phonenumber":
			a.phone = written
		case "name":
			parts, _ := value.(map[string]any)
			first, _ := parts["first"].(string)
			last, _ := parts["last"].(string)
			a.first, a.last, a.name = cmp.Or(a.first, first), cmp.Or(a.last, last), written
		default:
			rest[key] = value
		}
	}
	a.addMetadata(rest)
}

func (in kratosIdentity) credential(a *account, kind string, c kratosCredential) {
	switch kind {
	case "password":
		in.password(a, c)
	case "oidc":
		in.providers(a, c)
	case "totp":
		var config struct {
			URL string `json:"totp_url"`
		}
		_ = json.Unmarshal(c.Config, &config)
		otpauth(a, config.URL)
	case "code":
		a.byEmail = true
	case "lookup_secret":
		a.note("The recovery codes were left out.")
	case "webauthn", "passkey":
		a.note("The passkeys and security keys were left out: they are bound to the pages of the other system.")
	default:
		a.note("The credential of type %s was left out.", kind)
	}
}

func (in kratosIdentity) password(a *account, c kratosCredential) {
	var config struct {
		Hash string `json:"hashed_password"`
		Hook bool   `json:"use_password_migration_hook"`
	}
	_ = json.Unmarshal(c.Config, &config) // without one there is no hash
	for _, id := range c.Identifiers {
		if !sameEmail(id, a.email) {
			a.note("A user name or further address was left out: users sign in with one e-mail address.")
			break
		}
	}
	switch {
	case config.Hook:
		a.byEmail = true
		a.note("The password has to be reset: Kratos has not got its hash yet.")
	case config.Hash == "" && len(c.Config) > 0:
		return // it only reserves the address: the user has no password
	case config.Hash == "":
		a.byEmail = true
		a.note("The password has to be reset: its hash is not in the file, which include_credential=password adds.")
	default:
		a.password(storedForm(config.Hash))
	}
}

func (in kratosIdentity) providers(a *account, c kratosCredential) {
	var config struct {
		Providers []struct {
			Subject  text   `json:"subject"`
			Provider string `json:"provider"`
		} `json:"providers"`
	}
	_ = json.Unmarshal(c.Config, &config)
	for _, p := range config.Providers {
		a.links = append(a.links, link{provider: p.Provider, subject: string(p.Subject)})
	}
	if len(config.Providers) > 0 {
		return
	}
	for _, id := range c.Identifiers { // google:1234
		provider, subject, _ := strings.Cut(id, ":")
		a.links = append(a.links, link{provider: provider, subject: subject})
	}
}

// otpauth reads the address that authenticator apps take.
func otpauth(a *account, written string) {
	u, err := url.Parse(written)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" {
		a.note("An authenticator app was left out: its secret cannot be read.")
		return
	}
	q := u.Query()
	digits, _ := strconv.Atoi(q.Get("digits"))
	period, _ := strconv.Atoi(q.Get("period"))
	a.authenticator(q.Get("secret"), q.Get("algorithm"), digits, period)
}

func sameEmail(a, b string) bool {
	x, _ := emailpass.CanonicalEmail(a)
	y, _ := emailpass.CanonicalEmail(b)
	return x == y && x != ""
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for key := range m {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}
