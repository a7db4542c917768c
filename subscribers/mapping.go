package subscribers

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// pathForm is $ or $. for the whole event, or $.a.b. The first step is a field
// of an event: a mistake there is reported at startup, not with the first
// event.
var pathForm = regexp.MustCompile(`^\$(\.|\.(id|name|group_id|source|auth_identity_id|language|created_at|released_at|data(\.[^.\s]+)*))?$`)

// isPath reports whether a string is a path.
func isPath(text string) bool { return strings.HasPrefix(text, "$") && !strings.HasPrefix(text, "$$") }

// checkPaths reports every malformed path; at is where the value is.
func checkPaths(at string, value any) []error {
	var problems []error
	switch v := value.(type) {
	case string:
		if isPath(v) && !pathForm.MatchString(v) {
			problems = append(problems, fmt.Errorf("%s: %q is not a path into an event, such as $.data.id; a text that starts with $ is written with $$", at, v))
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			problems = append(problems, checkPaths(at+"."+key, v[key])...)
		}
	case []any:
		for i, item := range v {
			problems = append(problems, checkPaths(fmt.Sprintf("%s[%d]", at, i), item)...)
		}
	}
	return problems
}

// resolve returns a value with its paths replaced by what they refer to.
func resolve(value any, event map[string]any) (any, error) {
	switch v := value.(type) {
	case string:
		return resolveText(v, event)
	case map[string]any:
		return resolveObject(v, event)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			resolved, err := resolve(item, event)
			if err != nil {
				return nil, err
			}
			out[i] = resolved
		}
		return out, nil
	}
	return value, nil
}

func resolveObject(object, event map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) { // sorted, so that the error is deterministic
		resolved, err := resolve(object[key], event)
		if err != nil {
			return nil, err
		}
		out[key] = resolved
	}
	return out, nil
}

func resolveText(text string, event map[string]any) (any, error) {
	if literal, escaped := strings.CutPrefix(text, "$$"); escaped {
		return "$" + literal, nil
	}
	if !isPath(text) {
		return text, nil
	}
	_, steps, _ := strings.Cut(text, ".")
	if steps == "" {
		return event, nil
	}
	var value any = event
	for step := range strings.SplitSeq(steps, ".") {
		object, _ := value.(map[string]any)
		inner, found := object[step]
		if !found {
			return nil, fmt.Errorf("the event has no %s", text)
		}
		value = inner
	}
	return value, nil
}
