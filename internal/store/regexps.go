package store

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode"

	"modernc.org/sqlite"
)

// The bounds of a regular expression. PostgreSQL repeats at most 255 times.
const (
	longestRegexp, largestRegexp = 256, 1000
	mostRepeats                  = 255
)

// CheckRegexp says why a regular expression can't be a pattern of [Matches]. Those that can
// are regular expressions of package regexp that need no backtracking on either engine
// (RE2): without word boundaries, without ^ and $ for lines, no longer than 256 bytes, and
// with at most 1,000 parts once all repetitions are written out. SQLite runs them with
// package regexp; for PostgreSQL they are rewritten from their syntax tree, with every
// class of characters spelt out, so that they mean the same.
func CheckRegexp(pattern string) error {
	_, err := postgresRegexp(pattern)
	return err
}

// found returns the condition that a regular expression is found in a text.
func (c *conditions) found(text, pattern string) string {
	rewritten, err := postgresRegexp(pattern)
	switch {
	case err != nil: // its caller should have checked
		return "FALSE"
	case c.postgres:
		return text + " ~ " + c.mark(rewritten)
	}
	return "everlatch_matches(" + text + ", " + c.mark(pattern) + ")"
}

// postgresRegexp rewrites a regular expression as an advanced one of PostgreSQL.
func postgresRegexp(pattern string) (string, error) {
	if len(pattern) > longestRegexp {
		return "", errors.New("it has more than 256 bytes")
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", errors.New("it is none") // the cause quotes it
	}
	if size(tree) > largestRegexp {
		return "", errors.New("it repeats too much")
	}
	var w regexpWriter
	w.write(tree)
	return w.String(), w.err
}

// size counts the parts of a regular expression, with repetitions written out.
func size(re *syntax.Regexp) int {
	n := max(1, len(re.Rune))
	if re.Op == syntax.OpCharClass {
		n = 1 + len(re.Rune)/16
	}
	for _, sub := range re.Sub {
		n += size(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(1, re.Min, re.Max)
	}
	return min(n, largestRegexp+1) // no overflow
}

type regexpWriter struct {
	strings.Builder

	err error
}

func (w *regexpWriter) refuse(what string) {
	if w.err == nil {
		w.err = errors.New("it has " + what)
	}
}

func (w *regexpWriter) write(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		w.WriteString("(?:)")
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			w.literal(r, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		w.class(re.Rune)
	case syntax.OpAnyCharNotNL:
		w.WriteString(`[^\n]`)
	case syntax.OpAnyChar:
		w.WriteString(`(?:[^\n]|\n)`)
	case syntax.OpBeginText:
		w.WriteString(`\A`)
	case syntax.OpEndText:
		w.WriteString(`\Z`)
	case syntax.OpCapture, syntax.OpConcat:
		w.group("", re.Sub)
	case syntax.OpAlternate:
		w.group("|", re.Sub)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		w.repeated(re)
	case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		w.refuse("a word boundary")
	case syntax.OpBeginLine, syntax.OpEndLine:
		w.refuse("^ or $ for lines")
	default:
		w.refuse("a class without characters")
	}
}

func (w *regexpWriter) group(separator string, parts []*syntax.Regexp) {
	w.WriteString("(?:")
	for i, part := range parts {
		if i > 0 {
			w.WriteString(separator)
		}
		w.write(part)
	}
	w.WriteByte(')')
}

// repeated writes a repetition. Whether it is greedy does not change what is found.
func (w *regexpWriter) repeated(re *syntax.Regexp) {
	if anchored(re.Sub[0]) {
		w.refuse("a repeated ^ or $")
	}
	if re.Max > mostRepeats || re.Min > mostRepeats {
		w.refuse("more than 255 repetitions")
	}
	w.group("", re.Sub)
	switch {
	case re.Op == syntax.OpStar:
		w.WriteByte('*')
	case re.Op == syntax.OpPlus:
		w.WriteByte('+')
	case re.Op == syntax.OpQuest:
		w.WriteByte('?')
	case re.Max < 0:
		fmt.Fprintf(w, "{%d,}", re.Min)
	default:
		fmt.Fprintf(w, "{%d,%d}", re.Min, re.Max)
	}
}

func anchored(re *syntax.Regexp) bool {
	return re.Op == syntax.OpBeginText || re.Op == syntax.OpEndText || slices.ContainsFunc(re.Sub, anchored)
}

// literal writes a character, and with fold all those that are the same in another case.
func (w *regexpWriter) literal(r rune, fold bool) {
	if !fold || unicode.SimpleFold(r) == r {
		w.character(r)
		return
	}
	w.WriteByte('[')
	w.character(r)
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		w.character(other)
	}
	w.WriteByte(']')
}

// class writes the ranges of a class. One that has the last character is written as what
// it leaves out.
func (w *regexpWriter) class(ranges []rune) {
	if len(ranges) == 0 {
		w.refuse("a class without characters")
		return
	}
	w.WriteByte('[')
	if ranges[len(ranges)-1] == unicode.MaxRune {
		w.WriteByte('^')
		var gaps []rune
		from := rune(1) // no text has the character 0
		for pair := range slices.Chunk(ranges, 2) {
			if from < pair[0] {
				gaps = append(gaps, from, pair[0]-1)
			}
			from = pair[1] + 1
		}
		if ranges = gaps; len(ranges) == 0 {
			w.refuse("a class of all characters") // . with (?s) says it
		}
	}
	for pair := range slices.Chunk(ranges, 2) {
		if pair[1] == 0 {
			w.refuse("the character 0")
		}
		w.character(max(1, pair[0]))
		if pair[0] != pair[1] {
			w.WriteByte('-')
			w.character(pair[1])
		}
	}
	w.WriteByte(']')
}

// character writes one so that it stands for itself, in a class as well.
func (w *regexpWriter) character(r rune) {
	switch {
	case r == 0:
		w.refuse("the character 0")
	case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
		w.WriteRune(r)
	default:
		fmt.Fprintf(w, `\U%08X`, r)
	}
}

// compiled are the regular expressions that SQLite has run lately.
var compiled = struct {
	sync.Mutex

	of map[string]*regexp.Regexp
}{of: map[string]*regexp.Regexp{}}

const mostCompiled = 64

// compile compiles a regular expression once for all rows.
func compile(pattern string) (*regexp.Regexp, error) {
	compiled.Lock()
	defer compiled.Unlock()
	if re := compiled.of[pattern]; re != nil {
		return re, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, errors.New("the pattern is no regular expression")
	}
	if len(compiled.of) >= mostCompiled {
		clear(compiled.of)
	}
	compiled.of[pattern] = re
	return re, nil
}

// addMatches gives SQLite everlatch_matches(text, pattern), once for the process.
var addMatches = sync.OnceValue(func() error {
	return sqlite.RegisterDeterministicScalarFunction("everlatch_matches", 2,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			text, isText := args[0].(string)
			pattern, isPattern := args[1].(string)
			if !isText || !isPattern {
				return nil, nil //nolint:nilnil // NULL matches nothing
			}
			re, err := compile(pattern)
			if err != nil {
				return nil, err
			}
			return re.MatchString(text), nil
		})
})
