package wire

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// A malformed body is answered with V8's message for it (Node 20), which client
// developers know. Positions count UTF-16 units. See testdata/v8_messages.json.

// jsonBlanks are the characters that JSON skips.
const jsonBlanks = " \t\r\n"

// jsonSyntaxMessage returns what is wrong with a text, or "".
func jsonSyntaxMessage(raw []byte) string {
	s := newJSONScanner(raw)
	s.skipBlanks()
	if !s.value() {
		return s.message
	}
	s.skipBlanks()
	if s.at < len(s.text) {
		s.complain("Unexpected non-whitespace character after JSON")
	}
	return s.message
}

// strictSyntaxMessage is the message for a text whose first character starts
// neither an object nor an array.
func strictSyntaxMessage(raw []byte) string {
	s := newJSONScanner(raw)
	s.skipBlanks()
	s.unexpectedCharacter()
	return s.message
}

// jsonScanner checks the syntax of JSON. Its methods return false after the
// first problem, which is then in message.
type jsonScanner struct {
	text    []uint16
	at      int
	message string
}

func newJSONScanner(raw []byte) *jsonScanner {
	return &jsonScanner{text: utf16.Encode([]rune(string(raw)))}
}

// endOfText is what peek returns there; no UTF-16 unit is negative.
const endOfText = -1

func (s *jsonScanner) peek() rune {
	if s.at >= len(s.text) {
		return endOfText
	}
	return rune(s.text[s.at])
}

func (s *jsonScanner) skipBlanks() {
	for s.at < len(s.text) && s.text[s.at] < 128 && strings.IndexByte(jsonBlanks, byte(s.text[s.at])) >= 0 {
		s.at++
	}
}

func (s *jsonScanner) value() bool {
	switch c := s.peek(); {
	case c == '"':
		return s.str()
	case c == '{':
		return s.object()
	case c == '[':
		return s.array()
	case c == '-' || isDigit(c):
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	default:
		return s.unexpected()
	}
}

func (s *jsonScanner) object() bool {
	s.at++
	s.skipBlanks()
	if s.peek() == '}' {
		s.at++
		return true
	}
	for first := true; ; first = false {
		switch {
		case s.peek() == '"':
		case first:
			return s.complain("Expected property name or '}' in JSON")
		default:
			return s.complain("Expected double-quoted property name in JSON")
		}
		if !s.str() {
			return false
		}
		s.skipBlanks()
		if s.peek() != ':' {
			if first {
				return s.complain("Expected ':' after property name in JSON")
			}
			return s.unexpected()
		}
		s.at++
		if more, ok := s.element('}', "Expected ',' or '}' after property value in JSON"); !ok || !more {
			return ok
		}
	}
}

func (s *jsonScanner) array() bool {
	s.at++
	s.skipBlanks()
	if s.peek() == ']' {
		s.at++
		return true
	}
	for {
		if more, ok := s.element(']', "Expected ',' or ']' after array element in JSON"); !ok || !more {
			return ok
		}
	}
}

// element reads a value and what must follow it: a comma, or the end.
func (s *jsonScanner) element(end rune, otherwise string) (more, ok bool) {
	s.skipBlanks()
	if !s.value() {
		return false, false
	}
	s.skipBlanks()
	switch s.peek() {
	case ',':
		s.at++
		s.skipBlanks()
		return true, true
	case end:
		s.at++
		return false, true
	default:
		return false, s.complain(otherwise)
	}
}

func (s *jsonScanner) str() bool {
	for s.at++; ; s.at++ {
		switch c := s.peek(); {
		case c == endOfText:
			return s.complain("Unterminated string in JSON")
		case c == '"':
			s.at++
			return true
		case c < ' ':
			return s.complain("Bad control character in string literal in JSON")
		case c == '\\':
			s.at++
			if !s.escape() {
				return false
			}
		}
	}
}

func (s *jsonScanner) escape() bool {
	switch c := s.peek(); {
	case c == endOfText || c > 0xff:
		return s.unexpected()
	case c == 'u':
		for range 4 {
			s.at++
			if !isHex(s.peek()) {
				return s.complain("Bad Unicode escape in JSON")
			}
		}
		return true
	case strings.ContainsRune(`"\/bfnrt`, c):
		return true
	default:
		return s.complain("Bad escaped character in JSON")
	}
}

func (s *jsonScanner) number() bool {
	if s.peek() == '-' {
		s.at++
		if !isDigit(s.peek()) {
			return s.complain("No number after minus sign in JSON")
		}
	}
	if s.peek() == '0' {
		s.at++
		if isDigit(s.peek()) {
			return s.unexpected()
		}
	}
	s.digits()
	if s.peek() == '.' {
		s.at++
		if !s.digits() {
			return s.complain("Unterminated fractional number in JSON")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		if !s.digits() {
			return s.complain("Exponent part is missing a number in JSON")
		}
	}
	return true
}

func (s *jsonScanner) digits() bool {
	start := s.at
	for isDigit(s.peek()) {
		s.at++
	}
	return s.at > start
}

func (s *jsonScanner) literal(word string) bool {
	for _, want := range word {
		if s.peek() != want {
			return s.unexpected()
		}
		s.at++
	}
	return true
}

// complain records a problem at the current position.
func (s *jsonScanner) complain(what string) bool {
	s.message = fmt.Sprintf("%s at position %d", what, s.at)
	return false
}

// unexpected records that the next character is not allowed here.
func (s *jsonScanner) unexpected() bool {
	switch c := s.peek(); {
	case c == endOfText:
		s.message = "Unexpected end of JSON input"
	case c == '"':
		return s.complain("Unexpected string in JSON")
	case c == '-' || isDigit(c):
		return s.complain("Unexpected number in JSON")
	default:
		s.unexpectedCharacter()
	}
	return false
}

// quoted is how many characters V8 quotes on either side of a problem.
const quoted = 10

// unexpectedCharacter quotes the character and what surrounds it.
func (s *jsonScanner) unexpectedCharacter() {
	size := len(s.text)
	whole := s.excerpt(0, size)
	if whole == "[object Object]" {
		s.message = `"[object Object]" is not valid JSON` // V8 knows this mistake
		return
	}
	if s.at >= size {
		s.message = "Unexpected end of JSON input"
		return
	}
	before, after := "", ""
	from, to := 0, size
	if size > 2*quoted {
		if s.at >= quoted {
			before, from = "...", s.at-quoted
		}
		if s.at < quoted || s.at < size-quoted {
			after, to = "...", s.at+quoted
		}
	}
	s.message = fmt.Sprintf("Unexpected token '%s', %s\"%s\"%s is not valid JSON",
		s.excerpt(s.at, s.at+1), before, s.excerpt(from, to), after)
}

func (s *jsonScanner) excerpt(from, to int) string { return string(utf16.Decode(s.text[from:to])) }

func isDigit(c rune) bool { return '0' <= c && c <= '9' }

func isHex(c rune) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }
