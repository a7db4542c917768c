package providers

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/everlatch/everlatch"
)

// Factors keeps the methods of second factors by name, in the order of registration.
// It does not change after start.
type Factors struct {
	byMethod map[string]SecondFactor
	order    []string
}

// NewFactors returns an empty registry.
func NewFactors() *Factors { return &Factors{byMethod: map[string]SecondFactor{}} }

var methodForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Add registers a method. A name that is taken, or that routes could not hold, is
// an error of the configuration, and so is [everlatch.MethodRecoveryCode], which every
// identity with a factor has.
func (f *Factors) Add(factor SecondFactor) error {
	if factor == nil {
		return errors.New("a second factor is missing")
	}
	method := factor.Method()
	switch _, taken := f.byMethod[method]; {
	case !methodForm.MatchString(method):
		return fmt.Errorf("the method of a second factor must be 1 to 64 of a-z 0-9 _ -, and is %q", method)
	case taken:
		return fmt.Errorf("second factor %q is registered twice", method)
	case method == everlatch.MethodRecoveryCode:
		return fmt.Errorf("%q is built in and can't be registered", method)
	}
	f.byMethod[method] = factor
	f.order = append(f.order, method)
	return nil
}

// Method returns a method, or a refusal for an unknown one (docs/weak-spots.md#w65).
func (f *Factors) Method(name string) (SecondFactor, error) {
	if f != nil && f.byMethod[name] != nil {
		return f.byMethod[name], nil
	}
	return nil, &everlatch.Error{
		Code: everlatch.CodeInvalidData, Reason: everlatch.ReasonMethodUnknown, Details: map[string]string{"method": name},
	}
}

// Methods are the names of all methods.
func (f *Factors) Methods() []string {
	if f == nil {
		return nil
	}
	return f.order
}
