package convert

import (
	"cmp"
	"encoding/json"
	"io"
	"iter"
	"slices"
	"strings"
)

// GoTrue reads users of Supabase Auth (GoTrue): rows of auth.users as JSON, with their
// identities and factors, as the query of the guide writes them; or the table alone as CSV
// with its header.
func GoTrue(r io.Reader, o Options) Units {
	in, isJSON := peek(r)
	read := func(a *account, u goTrueUser) error {
		u.read(a, o)
		return nil
	}
	if isJSON {
		return o.units("gotrue", accountsOf(in, "users", read))
	}
	return o.units("gotrue", goTrueRows(in, read))
}

type goTrueUser struct {
	ID           text             `json:"id"`
	Email        string           `json:"email"`
	Phone        string           `json:"phone"`
	Hash         string           `json:"encrypted_password"`
	ConfirmedAt  moment           `json:"email_confirmed_at"`
	BannedUntil  moment           `json:"banned_until"`
	LastSignInAt moment           `json:"last_sign_in_at"`
	CreatedAt    moment           `json:"created_at"`
	UpdatedAt    moment           `json:"updated_at"`
	DeletedAt    moment           `json:"deleted_at"`
	Anonymous    bool             `json:"is_anonymous"`
	UserMeta     map[string]any   `json:"raw_user_meta_data"`
	AppMeta      map[string]any   `json:"raw_app_meta_data"`
	UserMetaAPI  map[string]any   `json:"user_metadata"`
	AppMetaAPI   map[string]any   `json:"app_metadata"`
	Identities   []goTrueIdentity `json:"identities"`
	Factors      []goTrueFactor   `json:"factors"`
}

type goTrueIdentity struct {
	Provider   string         `json:"provider"`
	ID         text           `json:"id"`
	ProviderID text           `json:"provider_id"`
	Data       map[string]any `json:"identity_data"`
}

type goTrueFactor struct {
	Type   string `json:"factor_type"`
	Status string `json:"status"`
	Secret string `json:"secret"`
}

func (u goTrueUser) read(a *account, o Options) {
	a.id, a.email, a.phone = string(u.ID), u.Email, u.Phone
	a.created, a.updated, a.lastUsed = u.CreatedAt.Time, u.UpdatedAt.Time, u.LastSignInAt.Time
	a.verified = !u.ConfirmedAt.IsZero()
	switch {
	case u.Anonymous:
		a.refusal = guestAccount
	case !u.DeletedAt.IsZero():
		a.refusal = deletedUser
	}
	if a.disabled = u.BannedUntil.After(o.Now); a.disabled {
		a.note("The user is banned until %s: here an administrator has to enable the identity.", u.BannedUntil.Format("2006-01-02"))
	}
	switch {
	case strings.HasPrefix(u.Hash, "{"):
		a.password("", errEncrypted)
	case u.Hash != "":
		a.password(storedForm(u.Hash))
	}
	for _, i := range u.Identities {
		i.read(a)
	}
	u.metadata(a)
	for _, f := range u.Factors {
		f.read(a)
	}
}

func (i goTrueIdentity) read(a *account) {
	switch i.Provider {
	case "email":
		a.byEmail = true
		return
	case "phone":
		a.note("The sign-in with a phone number was left out.")
		return
	}
	subject := string(i.ProviderID)
	if sub, _ := i.Data["sub"].(string); subject == "" {
		subject = sub
	}
	if subject == "" {
		subject = string(i.ID) // as the API has it
	}
	l := link{provider: i.Provider, subject: subject}
	if verified, _ := i.Data["email_verified"].(bool); verified {
		l.email, _ = i.Data["email"].(string)
	}
	a.links = append(a.links, l)
}

func (f goTrueFactor) read(a *account) {
	switch {
	case f.Status != "verified":
	case f.Type == "totp":
		a.authenticator(f.Secret, "", 0, 0)
	default:
		a.note("A second factor of type %s was left out.", f.Type)
	}
}

// metadata takes over both kinds. The names in that of the user are usual ones of providers,
// and the providers in that of the application are told where their identities are missing.
func (u goTrueUser) metadata(a *account) {
	for _, meta := range []map[string]any{u.UserMeta, u.UserMetaAPI} {
		rest := map[string]any{}
		for _, key := range sortedKeys(meta) {
			value := meta[key]
			written, _ := value.(string)
			switch key {
			case "first_name", "given_name":
				a.first = written
			case "last_name", "family_name":
				a.last = written
			case "full_name", "name":
				a.name = cmp.Or(a.name, written)
			case "sub", "iss", "email", "email_verified", "phone_verified", "provider_id":
			default:
				if claims, is := value.(map[string]any); key == "custom_claims" && is && len(claims) == 0 {
					continue // of every provider that has none
				}
				rest[key] = value
			}
		}
		a.addMetadata(rest)
	}
	a.appMetadata = map[string]any{}
	for _, meta := range []map[string]any{u.AppMeta, u.AppMetaAPI} {
		for key, value := range meta {
			if key != "provider" && key != "providers" {
				a.appMetadata[key] = value
			}
		}
		list, _ := meta["providers"].([]any)
		for _, entry := range list {
			name, _ := entry.(string)
			known := slices.ContainsFunc(u.Identities, func(i goTrueIdentity) bool { return i.Provider == name })
			switch {
			case name == "email":
				a.byEmail = true
			case name != "phone" && !known:
				a.note("The sign-in with %s was left out: the file has no identities, which an export as JSON has.", name)
			}
		}
	}
}

// goTrueRows reads rows of auth.users as CSV.
func goTrueRows(r io.Reader, read func(*account, goTrueUser) error) iter.Seq2[account, error] {
	return func(yield func(account, error) bool) {
		for row, err := range rows(r) {
			a := account{line: row.line}
			if err == nil {
				var u goTrueUser
				if a.refusal = decode(row.object(), &u); a.refusal == "" {
					err = read(&a, u)
				}
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// object is a row of PostgreSQL as JSON: texts, but for JSON and truth values.
func (r row) object() json.RawMessage {
	fields := map[string]any{}
	for i, name := range r.header {
		value := r.cells[i]
		switch {
		case value == "", value == `\N`, value == "NULL":
		case strings.HasPrefix(value, "{") && json.Valid([]byte(value)) && strings.HasPrefix(name, "raw_"):
			fields[name] = json.RawMessage(value)
		case strings.HasPrefix(name, "is_"):
			fields[name] = value == "t" || value == "true"
		default:
			fields[name] = value
		}
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil // refused where it is decoded
	}
	return raw
}
