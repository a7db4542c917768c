package store

import (
	"strings"
)

// matched returns the condition that a text matches a pattern, or has a part.
func (c *conditions) matched(text string, op Op, pattern string) string {
	switch op {
	case Like:
		if !c.postgres { // whose LIKE ignores case
			return text + " GLOB " + c.mark(glob(pattern))
		}
		return text + " LIKE " + c.mark(pattern)
	case ILike:
		return "LOWER(" + text + ") LIKE " + c.mark(strings.ToLower(pattern)) + ` ESCAPE '\'`
	case Matches:
		return c.found(text, pattern)
	case Contains:
		return c.matched(text, Like, "%"+literal(pattern)+"%")
	default:
		return "FALSE"
	}
}

// glob translates a pattern of LIKE, with \ as its escape, into one of GLOB.
func glob(pattern string) string {
	var b strings.Builder
	escaped := false
	for _, r := range pattern {
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && r == '%':
			b.WriteByte('*')
		case !escaped && r == '_':
			b.WriteByte('?')
		case r == '*', r == '?', r == '[':
			b.WriteString("[" + string(r) + "]")
		default:
			b.WriteRune(r)
		}
		escaped = false
	}
	return b.String()
}
