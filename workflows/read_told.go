package workflows

import (
	"strings"
	"time"
	"unicode"
)

// Parts of what an execution tells, which [ReadTold] finds again.
const (
	toldEnded   = "Ended: "
	toldWaits   = "Waits until "
	toldNotDone = ": it could not be done, and may be tried again"
	toldRefused = ": refused ("
)

// ReadTold returns what an execution tells in a line of its current details as a code, for
// other languages than the English of Temporal's UI, and what belongs to it: actor_type of
// who asked, the reason of a refusal as refused, failed where something could not be done,
// until in RFC 3339, or outcome. The code is "" for a line of another program.
func ReadTold(line string) (code string, params map[string]string) {
	if at, found := strings.CutPrefix(line, toldWaits); found {
		until, err := time.Parse(time.DateTime+" UTC.", at)
		if err != nil {
			return "", nil
		}
		return "waits", map[string]string{"until": until.Format(time.RFC3339)}
	}
	if outcome, found := strings.CutPrefix(line, toldEnded); found {
		return "ended", map[string]string{"outcome": asCode(strings.TrimSuffix(outcome, "."))}
	}
	for code, said := range askedLines {
		if who, found := strings.CutSuffix(line, ": "+said); found {
			_, actorType, _ := strings.Cut(who, " for ")
			return code, map[string]string{"actor_type": actorType}
		}
	}
	return readHandled(line)
}

// readHandled reads what [exchange.tellHandled] tells.
func readHandled(line string) (code string, params map[string]string) {
	text, params := line, map[string]string{}
	if before, reason, found := strings.Cut(line, toldRefused); found {
		text, params["refused"] = before, asCode(strings.TrimSuffix(reason, ")"))
	} else if before, found := strings.CutSuffix(line, toldNotDone); found {
		text, params["failed"] = before, "true"
	}
	for update, said := range handled {
		if said == text {
			return "update_" + snakeCase(update), params
		}
	}
	return "", nil
}

// asCode undoes [inPlainWords].
func asCode(words string) string { return strings.ReplaceAll(words, " ", "_") }

// snakeCase writes RequestEmail as request_email.
func snakeCase(name string) string {
	var out strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
