package convert

import (
	"io"
	"strings"
)

// Auth0 reads a bulk export of Auth0 (NDJSON), the answers of its Management API, or the
// array that its bulk import takes. hashes are those of [Auth0Hashes], nil for none.
func Auth0(r io.Reader, hashes map[string]string, o Options) Units {
	return o.units("auth0", accountsOf(r, "users", func(a *account, in auth0User) error {
		in.read(a, hashes)
		return nil
	}))
}

type auth0User struct {
	UserID text `json:"user_id"`
	// OID is the id in the file of hashes.
	OID struct {
		OID string `json:"$oid"`
	} `json:"_id"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Username      string `json:"username"`
	Name          string `json:"name"`
	GivenName     string `json:"given_name"`
	FamilyName    string `json:"family_name"`
	Nickname      string `json:"nickname"`
	Picture       string `json:"picture"`
	PhoneNumber   string `json:"phone_number"`
	Blocked       bool   `json:"blocked"`
	Identities    []struct {
		Provider string `json:"provider"`
		UserID   text   `json:"user_id"`
		Profile  struct {
			Email    string `json:"email"`
			Verified bool   `json:"email_verified"`
		} `json:"profileData"`
	} `json:"identities"`
	UserMetadata map[string]any   `json:"user_metadata"`
	AppMetadata  map[string]any   `json:"app_metadata"`
	CreatedAt    moment           `json:"created_at"`
	UpdatedAt    moment           `json:"updated_at"`
	LastLogin    moment           `json:"last_login"`
	Multifactor  []string         `json:"multifactor"`
	PasswordHash string           `json:"passwordHash"`
	ImportedHash string           `json:"password_hash"`
	CustomHash   *auth0CustomHash `json:"custom_password_hash"`
	MFAFactors   []map[string]struct {
		Secret string `json:"secret"`
	} `json:"mfa_factors"`
}

// Auth0Hashes reads the file of password hashes that Auth0's support exports: the hashes of
// database users by their ids.
func Auth0Hashes(r io.Reader) (map[string]string, error) {
	known := map[string]string{}
	for a, err := range accountsOf(r, "users", func(a *account, in auth0User) error {
		if a.id = in.OID.OID; a.id == "" {
			_, a.id, _ = strings.Cut(string(in.UserID), "|")
		}
		a.hash = in.PasswordHash
		return nil
	}) {
		if err != nil {
			return nil, err
		}
		if a.id != "" && a.hash != "" {
			known[a.id] = a.hash
		}
	}
	return known, nil
}

func (in auth0User) read(a *account, hashes map[string]string) {
	a.id, a.email, a.verified = string(in.UserID), in.Email, in.EmailVerified
	if a.id == "" && in.OID.OID != "" {
		a.id = "auth0|" + in.OID.OID
	}
	a.first, a.last, a.phone, a.disabled = in.GivenName, in.FamilyName, in.PhoneNumber, in.Blocked
	if !strings.Contains(in.Name, "@") { // Auth0 calls who has no name by their address
		a.name = in.Name
	}
	a.created, a.updated, a.lastUsed = in.CreatedAt.Time, in.UpdatedAt.Time, in.LastLogin.Time
	a.addMetadata(in.UserMetadata)
	for name, value := range map[string]string{"nickname": in.Nickname, "picture": in.Picture} {
		if value != "" {
			a.addMetadata(map[string]any{name: value})
		}
	}
	a.appMetadata = in.AppMetadata
	if in.Username != "" {
		a.note("The user name was left out: users sign in with their e-mail address.")
	}
	in.ways(a)
	in.passwords(a, hashes)
	in.factors(a)
}

// ways reads how the user signs in. Who is in none of the lists is a user of the database
// that a bulk import fills.
func (in auth0User) ways(a *account) {
	a.byEmail = len(in.Identities) == 0 && (in.UserID == "" || strings.HasPrefix(string(in.UserID), "auth0|") || !strings.Contains(string(in.UserID), "|"))
	if provider, subject, found := strings.Cut(string(in.UserID), "|"); found && !a.byEmail && len(in.Identities) == 0 {
		a.links = append(a.links, link{provider: provider, subject: subject})
	}
	for _, i := range in.Identities {
		switch i.Provider {
		case "auth0", "email":
			a.byEmail = true
		case "sms":
			a.note("The sign-in with a phone number was left out.")
		default:
			l := link{provider: i.Provider, subject: string(i.UserID)}
			if i.Profile.Verified {
				l.email = i.Profile.Email
			}
			a.links = append(a.links, l)
		}
	}
}

func (in auth0User) passwords(a *account, hashes map[string]string) {
	hash := in.PasswordHash
	if hash == "" {
		hash = in.ImportedHash
	}
	if _, id, found := strings.Cut(a.id, "|"); hash == "" && found {
		hash = hashes[id]
	}
	for _, i := range in.Identities {
		if i.Provider == "auth0" && hash == "" {
			hash = hashes[string(i.UserID)] // of an account that was linked
		}
	}
	switch {
	case hash != "":
		a.password(storedForm(hash))
	case in.CustomHash != nil:
		a.password(in.CustomHash.stored())
	}
}

func (in auth0User) factors(a *account) {
	enrolled := false
	for _, factor := range in.MFAFactors {
		for kind, f := range factor {
			if kind == "totp" {
				enrolled = true
				a.authenticator(f.Secret, "", 0, 0)
			} else {
				a.note("A second factor by %s was left out.", kind)
			}
		}
	}
	if len(in.Multifactor) > 0 && !enrolled {
		a.note("The second factors were left out: Auth0 exports no secrets of them.")
	}
}
