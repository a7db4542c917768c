package pages

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// signUpRules are what GET /auth/:actor_type/sign-up says about new accounts.
type signUpRules struct {
	// Open says that users make accounts themselves.
	Open bool `json:"open"`
	// ConfirmedByMail says that a registration is confirmed by a mail first.
	ConfirmedByMail bool `json:"confirmed_by_mail"`
	// VerifiedFirst says that there is no account before the address is verified.
	VerifiedFirst bool `json:"verified_first"`
	// OwnEmail says that the address of an account is one that its owner signs in with.
	OwnEmail bool           `json:"own_email"`
	Fields   []accountField `json:"fields"`
	// Password is nil where there are none.
	Password *struct {
		MinLength int `json:"min_length"`
	} `json:"password"`
	Providers []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"providers"`
}

// names are those of the providers, by id.
func (r signUpRules) names() map[string]string {
	out := make(map[string]string, len(r.Providers))
	for _, p := range r.Providers {
		out[p.ID] = p.Name
	}
	return out
}

// accountField is a field of an account.
type accountField struct {
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Required  bool     `json:"required"`
	Immutable bool     `json:"immutable"`
	MaxLength int      `json:"max_length"`
	Enum      []string `json:"enum"`
}

func (v *Visit) signUpRules() (signUpRules, error) { return v.signUpRulesOf(v.ActorType) }

func (v *Visit) signUpRulesOf(actorType string) (signUpRules, error) {
	var answer struct {
		SignUp signUpRules `json:"sign_up"`
	}
	err := v.Get("/auth/"+url.PathEscape(actorType)+"/sign-up", &answer)
	return answer.SignUp, err
}

// field returns a field by its name.
func (r signUpRules) field(name string) (out accountField) {
	for _, f := range r.Fields {
		if f.Name == name {
			return f
		}
	}
	return out
}

// prefixOfAccount keeps the fields of accounts apart from those of the sign-in.
const prefixOfAccount = "account."

// inputs are the fields of a form. The address of the sign-in is that of the account, too.
func (r signUpRules) inputs(v *Visit) []Field {
	var out []Field
	for _, f := range r.Fields {
		if f.Name == "email" || f.Kind == "object" || f.Kind == "list" {
			continue
		}
		out = append(out, f.input(v))
	}
	return out
}

var inputTypes = map[string]string{
	"email": "email", "integer": "number", "number": "text", "boolean": "checkbox", "date": "date", "time": "datetime-local",
}

// knownFields are those that browsers can fill in.
var knownFields = map[string]struct{ autocomplete, kind string }{
	"first_name": {"given-name", ""}, "last_name": {"family-name", ""}, "phone": {"tel", "tel"}, "company_name": {"organization", ""},
}

func (f accountField) input(v *Visit) Field {
	known := knownFields[f.Name]
	out := Field{
		Name: prefixOfAccount + f.Name, Label: v.fieldLabel(f.Name), Type: inputTypes[f.Kind], Required: f.Required && f.Kind != "boolean",
		Autocomplete: known.autocomplete, About: f.Name,
	}
	if known.kind != "" {
		out.Type = known.kind
	}
	if f.Kind == "string" {
		out.Max = f.MaxLength
	}
	if len(f.Enum) > 0 {
		out.Type, out.Max = "select", 0
		if !f.Required {
			out.Options = append(out.Options, Choice{})
		}
		for _, value := range f.Enum {
			out.Options = append(out.Options, Choice{value, value})
		}
	}
	return out
}

// fieldLabel is the name of a field: a message, signin.field_<name>, which the folder of a
// brand adds for its own actor types, or the name in words.
func (v *Visit) fieldLabel(name string) string {
	if id := "signin.field_" + name; v.language.has(id) {
		return v.T(id)
	}
	words := strings.ReplaceAll(name, "_", " ")
	first, size := utf8.DecodeRuneInString(words)
	return strings.ToUpper(string(first)) + words[size:]
}

// account is what was typed, as the API takes it. What was left empty is left out.
func (r signUpRules) account(v *Visit) map[string]any {
	out := map[string]any{}
	for _, f := range r.Fields {
		value := strings.TrimSpace(v.R.PostFormValue(prefixOfAccount + f.Name))
		switch {
		case f.Kind == "boolean":
			out[f.Name] = value != ""
		case value != "":
			out[f.Name] = f.read(value)
		}
	}
	return out
}

// localTime is how an input for times has one. Pages take it to be UTC.
const localTime = "2006-01-02T15:04"

// read is what was typed, as the API takes it.
func (f accountField) read(text string) any {
	switch {
	case f.Kind == "integer", f.Kind == "number":
		return numeral(text)
	case f.Kind == "time" && len(text) == len(localTime):
		return text + ":00Z"
	}
	return text
}

// shown is a value of the API, as its input has it.
func (f accountField) shown(value string) string {
	if f.Kind == "time" && len(value) > len(localTime) {
		return value[:len(localTime)]
	}
	return value
}

// numeral is a number, or the text that the API refuses.
func numeral(text string) any {
	if _, err := strconv.ParseFloat(text, 64); err != nil || !json.Valid([]byte(text)) {
		return text
	}
	return json.Number(text)
}
