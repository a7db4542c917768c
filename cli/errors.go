package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/doctor"
)

// explained adds to an outage what may be the reason, and the cause: the person
// who runs a tool can fix it.
func explained(err error) error {
	if !errors.Is(err, everlatch.ErrUnavailable) {
		return err
	}
	return unavailable(err, "is Temporal reachable, and is a worker running?")
}

// unavailable joins an outage, a question that helps, and its cause.
func unavailable(err error, question string) error {
	problems := []error{err, errors.New(question)}
	if why := doctor.Cause(errors.Unwrap(err)); why != "" {
		problems = append(problems, errors.New("cause: "+why))
	}
	return errors.Join(problems...)
}

// exclusiveGroups is where cobra keeps the groups of MarkFlagsMutuallyExclusive.
const exclusiveGroups = "cobra_annotation_mutually_exclusive"

// checkFlags demands the flags that a command needs and refuses those that exclude
// each other, in the words that oneArg has for arguments.
func checkFlags(c *cobra.Command, _ []string) error {
	var missing, excluding []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if _, required := f.Annotations[cobra.BashCompOneRequiredFlag]; required && !f.Changed {
			missing = append(missing, "--"+f.Name)
		}
		for _, group := range f.Annotations[exclusiveGroups] {
			given := slices.DeleteFunc(strings.Fields(group), func(name string) bool { return !c.Flags().Changed(name) })
			if len(given) > 1 {
				excluding = given
			}
		}
	})
	if len(excluding) > 0 {
		return fmt.Errorf("--%s exclude each other; see %s --help", strings.Join(excluding, " and --"), c.CommandPath())
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s needs %s; see %[1]s --help", c.CommandPath(), strings.Join(missing, " and "))
	}
	return nil
}

// explainFlag words why a flag cannot be read, without the names of Go's parsers.
func explainFlag(c *cobra.Command, err error) error {
	invalid, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	expected := map[string]string{"int": "a number", "duration": "a duration such as 24h", "bool": "true or false"}[invalid.GetFlag().Value.Type()]
	if expected == "" {
		return err
	}
	return fmt.Errorf("--%s is %q, and %s is expected; see %s --help", invalid.GetFlag().Name, invalid.GetValue(), expected, c.CommandPath())
}
