package api

import (
	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/wire"
)

// Body returns the parsed request body: a JSON object or a form, empty for
// anything else. It must not be modified.
func Body(c echo.Context) map[string]any {
	if q := wire.Of(c); q != nil && q.Body.Object != nil {
		return q.Body.Object
	}
	return map[string]any{}
}

// Form validates the bodies of custom routes by field definitions, with the
// messages of the built-in routes.
type Form struct{ form *query.Form }

// NewForm returns a form of fields, or everything that is wrong with them. It does
// not look at Unique, Immutable and AdminOnly.
func NewForm(fields []everlatch.Field) (*Form, error) {
	form, err := query.NewForm(fields)
	if err != nil {
		return nil, err
	}
	return &Form{form}, nil
}

// Read validates the body of a request. Unknown fields are refused, and a field
// that is missing is not in the result. Its error is an [everlatch.Error] of
// [everlatch.CodeInvalidData], and says what is wrong.
func (f *Form) Read(c echo.Context) (everlatch.Metadata, error) {
	if q := wire.Of(c); q != nil {
		values, err := f.form.CheckBody(q.Body)
		return values, worded(err)
	}
	return f.Parse(nil)
}

// Parse validates values from another source than a request body, as [Form.Read].
func (f *Form) Parse(values map[string]any) (everlatch.Metadata, error) {
	parsed, err := f.form.Parse(values)
	return parsed, worded(err)
}
