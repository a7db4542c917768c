package pages

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// Form is a form of a page. Template form shows it whole, template fields only the fields.
type Form struct {
	// Action is where it is sent, "" for the page itself; Button is what its button says.
	Action, Button string
	Fields         []Field
	// Hidden are values that are sent along.
	Hidden map[string]string
	// Problems are about the form as a whole.
	Problems []string
	// Danger marks what cannot be undone.
	Danger bool
	// Passkey is where the script asks for the options of navigator.credentials.create, ""
	// for a form without a passkey. The form takes the answer of the device as credential.
	Passkey string
}

// Field is one input of a form.
type Field struct {
	Name, Label string
	// Type is that of the input element, or select, textarea, checkbox, or code for a
	// one-time code; "" is text.
	Type string
	// Value is what was typed; the value of a password never is.
	Value string
	// Autocomplete tells browsers and password managers what the field is for.
	Autocomplete string
	// Hint is shown below the label, Problem below the field.
	Hint, Problem string
	Required      bool
	Focus         bool
	ReadOnly      bool
	// Options are those of a select.
	Options []Choice
	// Max is how many characters it may have, 0 for no limit; Min how many it must have.
	Min, Max int
	// Reasons are the refusals that are about this field, and About is what the API calls
	// it, "" for its name.
	Reasons []string
	About   string
	// Secret keeps what was typed out of the page that follows.
	Secret bool
}

// Choice is an option of a select.
type Choice struct{ Value, Label string }

// ID is that of the input element.
func (f Field) ID() string { return "f-" + strings.ReplaceAll(f.Name, ".", "-") }

// Checked reports whether a checkbox is.
func (f Field) Checked() bool { return f.Value != "" }

// Describes are the ids of what describes the input, for aria-describedby.
func (f Field) Describes() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID()+"-hint")
	}
	if f.Problem != "" {
		ids = append(ids, f.ID()+"-problem")
	}
	return strings.Join(ids, " ")
}

// secretTypes are the types whose value is not sent back to the browser.
var secretTypes = []string{"password", "code"}

// Field returns a field by its name, nil for none.
func (f *Form) Field(name string) *Field {
	if i := slices.IndexFunc(f.Fields, func(field Field) bool { return field.Name == name }); i >= 0 {
		return &f.Fields[i]
	}
	return nil
}

// Read takes the values of a request, secrets left out, and reports whether nothing that is
// required is missing.
func (f *Form) Read(v *Visit) bool {
	complete := true
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.ReadOnly { // it shows what the page knows, whatever was sent
			continue
		}
		value := v.R.PostFormValue(field.Name)
		if !field.Secret && !slices.Contains(secretTypes, field.Type) {
			field.Value = value
		}
		if field.Required && strings.TrimSpace(value) == "" {
			field.Problem, complete = v.T("base.required"), false
		}
	}
	return complete
}

// Refuse has the form show a refusal, beside the field that it is about, and returns the
// status of the page. An error that is no refusal is returned.
func (f *Form) Refuse(v *Visit, err error) (status int, _ error) {
	refused, ok := Refused(err)
	if !ok {
		return 0, err
	}
	v.retryAfter(refused)
	text := v.Explain(refused)
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.concerns(refused) {
			field.Problem = text
			return refused.Status, nil
		}
	}
	f.Problems = append(f.Problems, text)
	return refused.Status, nil
}

// concerns reports whether a refusal is about the field.
func (f Field) concerns(r *RefusalError) bool {
	return r.Reason != "" && slices.Contains(f.Reasons, r.Reason) || r.Details["field"] != "" && r.Details["field"] == cmp.Or(f.About, f.Name)
}

// Broken reports whether the form shows a problem.
func (f *Form) Broken() bool {
	return len(f.Problems) > 0 || slices.ContainsFunc(f.Fields, func(field Field) bool { return field.Problem != "" })
}

// Wrong are the fields with a problem, for the summary.
func (f *Form) Wrong() []Field {
	var out []Field
	for _, field := range f.Fields {
		if field.Problem != "" {
			out = append(out, field)
		}
	}
	return out
}

// incomplete is the status of a form in which something is missing.
const incomplete = http.StatusUnprocessableEntity
