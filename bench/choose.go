package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
)

// chooseScenarios reads -scenarios: scenarios, or probes with -timing. All are
// the default; the probe that needs an administrator is, if there is a token.
func (o *options) chooseScenarios(set *flag.FlagSet, text string) error {
	known := scenarioNames()
	if o.timing {
		known = probeNames()
	}
	if !given(set, "scenarios") {
		o.scenarios = slices.Clone(known)
		if o.timing && o.adminToken == "" {
			o.scenarios = slices.DeleteFunc(o.scenarios, func(name string) bool { return name == "invite" })
		}
		return nil
	}
	o.scenarios = strings.Split(text, ",")
	for i, name := range o.scenarios {
		if !slices.Contains(known, name) {
			return fmt.Errorf("-scenarios: %q is none of %s", name, strings.Join(known, ", "))
		}
		if slices.Contains(o.scenarios[:i], name) {
			return fmt.Errorf("-scenarios: %q stands there twice", name)
		}
	}
	return nil
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
	if slices.Contains(o.scenarios, "invite") && o.adminToken == "" {
		problems = append(problems, errors.New("-scenarios invite needs -admin-token"))
	}
	return errors.Join(problems...)
}

func given(set *flag.FlagSet, name string) (found bool) {
	set.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}
