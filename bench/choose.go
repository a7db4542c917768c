package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
)

// chooseScenarios reads -scenarios: scenarios, or probes with -timing. All are
// the default, but for those that need a server of their own; the one that needs an
// administrator is, if there is a token.
func (o *options) chooseScenarios(set *flag.FlagSet, text string) error {
	known := scenarioNames()
	if o.timing {
		known = probeNames()
	}
	if !given(set, "scenarios") {
		o.scenarios = slices.Clone(known)
		o.scenarios = slices.DeleteFunc(o.scenarios, func(name string) bool {
			return name == neutralProbe || name == emailCodeProbe || name == scenarioPage || needsAdministrator(name) && o.adminToken == ""
		})
		return nil
	}
	o.scenarios = strings.Split(text, ",")
	for i, name := range o.scenarios {
		if !slices.Contains(known, name) {
			return fmt.Errorf("-scenarios: %q is none of %s", name, strings.Join(known, ", "))
		}
		if needsAdministrator(name) && o.adminToken == "" {
			return fmt.Errorf("-scenarios %s needs -admin-token", name)
		}
		if slices.Contains(o.scenarios[:i], name) {
			return fmt.Errorf("-scenarios: %q stands there twice", name)
		}
	}
	return nil
}

// needsAdministrator reports whether a scenario or a probe needs -admin-token.
func needsAdministrator(name string) bool {
	return name == "invite" || scenarioNamed(name).administrator
}

// checkTiming checks what -timing is combined with.
func (o *options) checkTiming(set *flag.FlagSet) error {
	var problems []error
	for _, name := range []string{"d", "c", "warm", "pids", "baseline"} {
		if given(set, name) {
			problems = append(problems, fmt.Errorf("-%s means nothing with -timing", name))
		}
	}
	if o.requests == 0 {
		o.requests = leastPairs
	}
	if o.requests < 1 || o.requests > maxPairs {
		problems = append(problems, fmt.Errorf("-n is %d, with -timing it may be from 1 to %d", o.requests, maxPairs))
	}
	if slices.Contains(o.scenarios, neutralProbe) && len(o.scenarios) > 1 {
		problems = append(problems, errors.New("-scenarios "+neutralProbe+" stands alone: the others register customers at once"))
	}
	return errors.Join(problems...)
}

func given(set *flag.FlagSet, name string) (found bool) {
	set.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}
