package config

import (
	"strings"
	"unicode"
)

// suggest returns the known name that was probably meant, as a sentence
// to append, or "".
func suggest(name string, known []string) string {
	best, least := "", 1+len(name)/3
	for _, candidate := range known {
		if d := distance(snake(name), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	if best == "" { // right name, wrong section
		for _, candidate := range known {
			if lastPart(candidate) == lastPart(snake(name)) {
				best = candidate
				break
			}
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// snake turns the camel case of Medusa's configuration into ours.
func snake(name string) string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		if unicode.IsUpper(r) && lower {
			b.WriteByte('_')
		}
		lower = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// distance is the number of letters to insert, drop or change to get from a to
// b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
