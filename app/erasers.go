package app

import (
	"errors"
	"fmt"

	"github.com/everlatch/everlatch"
)

// assembleErasers makes the erasers of a worker of a service. Other processes
// may not know those of its program, which is not the same as that there are
// none: for them it is nil.
func (a *App) assembleErasers() error {
	if !a.tellsEvents() {
		return nil
	}
	a.erasers = map[string]everlatch.Eraser{}
	var problems []error
	for _, e := range a.opts.erasers {
		switch {
		case e.name == "" || e.erase == nil:
			problems = append(problems, fmt.Errorf("eraser %q: a name and a function are needed", e.name))
		case a.erasers[e.name] != nil:
			problems = append(problems, fmt.Errorf("the name %q of an eraser is given twice", e.name))
		}
		a.erasers[e.name] = e.erase
	}
	return errors.Join(problems...)
}
