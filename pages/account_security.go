package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
)

// way is a way to sign in, as GET /auth/identities has it.
type way struct {
	ID        string         `json:"id"`
	Provider  string         `json:"provider"`
	EntityID  string         `json:"entity_id"`
	Metadata  map[string]any `json:"user_metadata"`
	CreatedAt string         `json:"created_at"`
	// LastUsedAt is that of a passkey, "" for never.
	LastUsedAt string `json:"last_used_at"`

	// Title and Detail are how the page shows it.
	Title, Detail string `json:"-"`
}

// Passkey reports whether the way is a passkey, which alone can have a name.
func (w way) Passkey() bool { return w.Provider == passkeyProvider }

// passkeyProvider is the provider of passkeys, and emailCodeProvider that of codes by mail,
// which no one adds: the first sign-in with a code does.
const (
	passkeyProvider   = "passkey"
	emailCodeProvider = "emailcode"
)

// provider is one that an actor type may sign in with.
type provider struct {
	ID   string `json:"id"`
	Name string `json:"display_name"`
	Flow string `json:"flow"`
}

// ways reads the ways to sign in, worded.
func (v *Visit) ways() ([]way, error) {
	var answer struct {
		Ways []way `json:"provider_identities"`
	}
	if err := v.Get("/auth/identities", &answer); err != nil {
		return nil, err
	}
	known, err := v.providers()
	if err != nil {
		return nil, err
	}
	for i := range answer.Ways {
		w := &answer.Ways[i]
		w.Title, w.Detail = v.providerName(known, w.Provider), w.EntityID
		if email, ok := w.Metadata["email"].(string); ok && email != "" {
			w.Detail = email
		}
		if w.Passkey() {
			w.Detail, _ = w.Metadata["label"].(string)
		}
	}
	return answer.Ways, nil
}

func (v *Visit) providers() ([]provider, error) { return v.providersOf(v.ActorType) }

// providersOf are those of an actor type, by the names that users know them by.
func (v *Visit) providersOf(actorType string) ([]provider, error) {
	var answer struct {
		Providers []provider `json:"providers"`
	}
	if err := v.Get("/auth/"+url.PathEscape(actorType)+"/providers", &answer); err != nil {
		return nil, err
	}
	rules, err := v.signUpRulesOf(actorType)
	names := rules.names()
	for i := range answer.Providers {
		p := &answer.Providers[i]
		p.Name = cmp.Or(names[p.ID], p.Name)
	}
	return answer.Providers, err
}

// providerName words a provider: those of the service in the visitor's language, others by
// the name that the API has for them.
func (v *Visit) providerName(known []provider, id string) string {
	if message := "account.provider_" + id; v.language.has(message) {
		return v.T(message)
	}
	for _, p := range known {
		if p.ID == id && p.Name != "" {
			return p.Name
		}
	}
	return id
}

// addable are the providers that the account can still get: one of each that redirects,
// passkeys as long as there is room, and a password.
func (v *Visit) addable(ways []way) ([]provider, error) {
	known, err := v.providers()
	if err != nil {
		return nil, err
	}
	var out []provider
	for _, p := range known {
		has := slices.ContainsFunc(ways, func(w way) bool { return w.Provider == p.ID })
		if p.ID == emailCodeProvider || p.ID != passkeyProvider && (has || p.Flow != redirectFlow && p.ID != passwordProvider) {
			continue
		}
		p.Name = v.providerName(known, p.ID)
		out = append(out, p)
	}
	return out, nil
}

// redirectFlow is the flow of providers that one signs in at.
const redirectFlow = "redirect"

// factor is a second factor, as GET /auth/mfa/factors has it.
type factor struct {
	ID        string         `json:"id"`
	Provider  string         `json:"provider"`
	Status    string         `json:"status"`
	Metadata  map[string]any `json:"metadata"`
	CreatedAt string         `json:"created_at"`

	Title, Label string `json:"-"`
}

// The methods of second factors that the service has by itself.
const (
	methodTOTP         = "totp"
	methodRecoveryCode = "recovery_code"
)

// factors reads the enabled second factors, worded.
func (v *Visit) factors() (out []factor, err error) {
	var answer struct {
		Factors []factor `json:"mfa_factors"`
	}
	if err := v.Get("/auth/mfa/factors", &answer); err != nil {
		return nil, err
	}
	for _, f := range answer.Factors {
		if f.Status != "enabled" {
			continue
		}
		f.Title, f.Label = f.Provider, ""
		if message := "account.method_" + f.Provider; v.language.has(message) {
			f.Title = v.T(message)
		}
		f.Label, _ = f.Metadata["label"].(string)
		out = append(out, f)
	}
	return out, nil
}

// securityPage is the data of account/security.
type securityPage struct {
	accountView

	// Email is the address of the account, "" where it has none that can be changed, and
	// Pending the one that waits for its link.
	Email, Pending string
	Ways           []way
	Addable        []provider
	Factors        []factor
	// HasPassword says that one of the ways is a password, CanAddTOTP that there is no
	// authenticator app yet.
	HasPassword, CanAddTOTP bool
	// CanAddKey says that passkeys and security keys can be second factors.
	CanAddKey bool
}

func showSecurity(v *Visit) error {
	page := securityPage{accountView: v.section(sectionSecurity)}
	if v.ActorType == actorCustomer || v.ActorType == actorUser {
		me, err := v.me()
		if err != nil {
			return err
		}
		page.Email = me.text("email")
		if page.Pending, _, err = v.pendingEmail(); err != nil {
			return err
		}
	}
	var err error
	if page.Ways, err = v.ways(); err != nil {
		return err
	}
	if page.Addable, err = v.addable(page.Ways); err != nil {
		return err
	}
	if page.Factors, err = v.factors(); err != nil {
		return err
	}
	page.HasPassword = slices.ContainsFunc(page.Ways, func(w way) bool { return w.Provider == passwordProvider })
	page.CanAddKey = slices.ContainsFunc(page.Addable, func(p provider) bool { return p.ID == passkeyProvider })
	page.CanAddTOTP = !slices.ContainsFunc(page.Factors, func(f factor) bool { return f.Provider == methodTOTP })
	return v.Show(http.StatusOK, "account/security", page)
}
