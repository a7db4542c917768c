package pages

import (
	"encoding/json"
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
	VerifiedFirst bool           `json:"verified_first"`
	Fields        []accountField `json:"fields"`
}

// accountField is a field of an account.
type accountField struct {
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Required  bool     `json:"required"`
	MaxLength int      `json:"max_length"`
	Enum      []string `json:"enum"`
}

func (v *Visit) signUpRules() (signUpRules, error) {
	var answer struct {
		SignUp signUpRules `json:"sign_up"`
	}
	err := v.Get(v.authRoute("sign-up"), &answer)
	return answer.SignUp, err
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
		case f.Kind == "boolean" && f.Name != "email":
			out[f.Name] = value != ""
		case value == "":
		case f.Kind == "integer", f.Kind == "number":
			out[f.Name] = numeral(value)
		case f.Kind == "time" && len(value) == len("2006-01-02T15:04"):
			out[f.Name] = value + ":00Z"
		default:
			out[f.Name] = value
		}
	}
	return out
}

// numeral is a number, or the text that the API refuses.
func numeral(text string) any {
	if _, err := strconv.ParseFloat(text, 64); err != nil || !json.Valid([]byte(text)) {
		return text
	}
	return json.Number(text)
}
