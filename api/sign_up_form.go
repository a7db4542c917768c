package api

import (
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
)

// signUpForm is what a page has to know to sign users of an actor type up.
type signUpForm struct {
	// Open says that users make their accounts themselves.
	Open bool `json:"open"`
	// ConfirmedByMail says that a registration with an address and a password is confirmed
	// by the link of a mail (docs/weak-spots.md#w19), and VerifiedFirst that its address
	// has to be verified before there can be an account (docs/weak-spots.md#w55).
	ConfirmedByMail bool `json:"confirmed_by_mail"`
	VerifiedFirst   bool `json:"verified_first"`
	// OwnEmail says that the email of an account must be one that its identity has verified
	// or signs in with (compat.customer_email).
	OwnEmail bool `json:"own_email"`
	// Fields are those of an account.
	Fields []signUpField `json:"fields"`
	// Password is what a new one must be, nil where there are none.
	Password *passwordRules `json:"password"`
	// Providers are those that the actor type can sign in with.
	Providers []namedProvider `json:"providers"`
}

// passwordRules are how many characters a password must have and may have, 0 for no limit.
type passwordRules struct {
	MinLength int `json:"min_length"`
	MaxLength int `json:"max_length"`
}

// namedProvider is a provider by the name that users know it by. GET
// /auth/:actor_type/providers has the one of the contract.
type namedProvider struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// signUpField is a field of an account, with the rules that a page can check.
type signUpField struct {
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Required  bool     `json:"required"`
	Immutable bool     `json:"immutable,omitempty"`
	MaxLength int      `json:"max_length,omitempty"`
	Pattern   string   `json:"pattern,omitempty"`
	Enum      []string `json:"enum,omitempty"`
	Min       *float64 `json:"min,omitempty"`
	Max       *float64 `json:"max,omitempty"`
}

// customerSignUp are those of a customer; the address is the one of the sign-in.
var customerSignUp = []signUpField{
	{Name: "email", Kind: string(everlatch.FieldEmail), Required: true},
	{Name: "first_name", Kind: string(everlatch.FieldString)},
	{Name: "last_name", Kind: string(everlatch.FieldString)},
	{Name: "company_name", Kind: string(everlatch.FieldString)},
	{Name: "phone", Kind: string(everlatch.FieldString)},
}

// describeSignUp tells how users of an actor type sign up. It says nothing about any user.
func (s *Server) describeSignUp(c echo.Context) error {
	actorType := c.Param("actor_type")
	const provider = "emailpass"
	out := signUpForm{Fields: []signUpField{}, Providers: []namedProvider{}}
	for _, p := range s.deps.Providers.List(s.providersAllowed(actorType)) {
		out.Providers = append(out.Providers, namedProvider{p.ID, s.deps.Providers.CommonName(p.ID)})
		if p.ID == provider {
			out.Password = s.passwordRules(p.ID)
		}
	}
	switch t, custom := s.actors[actorType]; {
	case actorType == everlatch.ActorCustomer:
		out.Open, out.OwnEmail, out.Fields = true, !s.opts.AnyCustomerEmail, customerSignUp
	case custom:
		out.Open, out.Fields = true, fieldsOf(t.ActorType)
	}
	_, out.ConfirmedByMail = s.neutral(actorType, provider)
	_, ruled := s.verificationRule(actorType, provider)
	out.VerifiedFirst = ruled && s.opts.RequireBeforeActor
	return writeJSON(c, wire.AppendJSON(nil, map[string]signUpForm{"sign_up": out}))
}

// passwordRules are those of a provider, nil for one without passwords.
func (s *Server) passwordRules(id string) *passwordRules {
	p, _ := s.deps.Providers.Provider(id)
	ruler, ok := p.(providers.PasswordRuler)
	if !ok {
		return nil
	}
	least, most := ruler.PasswordLength()
	return &passwordRules{least, most}
}

func fieldsOf(t everlatch.ActorType) []signUpField {
	out := make([]signUpField, 0, len(t.Fields))
	for _, f := range t.Fields {
		if f.AdminOnly {
			continue
		}
		out = append(out, signUpField{
			Name: f.Name, Kind: string(f.Kind), Required: f.Required, Immutable: f.Immutable, MaxLength: f.MaxLength, Pattern: f.Pattern,
			Enum: slices.Clone(f.Enum), Min: f.Min, Max: f.Max,
		})
	}
	return out
}
