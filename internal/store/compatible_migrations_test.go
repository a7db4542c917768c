package store_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Statements that break a process of the version before, which goes on while a rollout
// migrates: what it reads is gone, or what it writes is refused.
var breaking = map[string]*regexp.Regexp{
	"drops a table or a column":        regexp.MustCompile(`(?is)\bDROP\s+(TABLE|COLUMN|VIEW)\b`),
	"renames":                          regexp.MustCompile(`(?is)\bRENAME\b`),
	"changes a column":                 regexp.MustCompile(`(?is)\bALTER\s+COLUMN\b`),
	"adds a rule to an existing table": regexp.MustCompile(`(?is)\bADD\s+(CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY)\b`),
	"creates a trigger":                regexp.MustCompile(`(?is)\bCREATE\s+TRIGGER\b`),
}

var (
	addedColumn   = regexp.MustCompile(`(?is)\bADD\s+COLUMN\b(.*)`)
	createdTable  = regexp.MustCompile(`(?is)\bCREATE\s+TABLE\s+(?:IF NOT EXISTS\s+)?("?\w+"?)`)
	uniqueIndexOn = regexp.MustCompile(`(?is)\bCREATE\s+UNIQUE\s+INDEX\b.*?\bON\s+("?\w+"?)`)
	sqlComment    = regexp.MustCompile(`(?m)--.*$`)
)

// accepted are migrations that break a rule, and why an earlier version goes on beside
// them.
var accepted = map[string]string{}

// breaks are the rules that the text of a migration breaks. Statements end with a
// semicolon; no migration has one elsewhere.
func breaks(text string) (out []string) {
	text = sqlComment.ReplaceAllString(text, "")
	created := map[string]bool{}
	for _, m := range createdTable.FindAllStringSubmatch(text, -1) {
		created[m[1]] = true
	}
	for statement := range strings.SplitSeq(text, ";") {
		for what, rule := range breaking {
			if rule.MatchString(statement) {
				out = append(out, what)
			}
		}
		if m := addedColumn.FindStringSubmatch(statement); m != nil {
			definition := strings.ToUpper(m[1])
			if strings.Contains(definition, "NOT NULL") && !strings.Contains(definition, "DEFAULT") {
				out = append(out, "adds a column that must be set, without a default")
			}
			if strings.Contains(definition, "UNIQUE") {
				out = append(out, "adds a unique column to an existing table")
			}
		}
		if m := uniqueIndexOn.FindStringSubmatch(statement); m != nil && !created[m[1]] {
			out = append(out, "makes rows of an existing table unique")
		}
	}
	return out
}

// The version before runs on the new schema, so that a rollout migrates first and then
// replaces one process after the other.
func TestMigrationsAreForwardCompatible(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("migrations")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile("migrations/" + file.Name())
		require.NoError(t, err)
		found := breaks(string(text))
		if reason, ok := accepted[file.Name()]; ok {
			require.NotEmpty(t, found, "%s breaks no rule any more: %s", file.Name(), reason)
			continue
		}
		require.Empty(t, found, "%s: split it over two releases, or say in accepted why it is safe (docs/upgrades.md)", file.Name())
	}
}

func TestBreakingMigrationsAreFound(t *testing.T) {
	t.Parallel()
	for text, found := range map[string]bool{
		`ALTER TABLE session DROP COLUMN amr;`:                                             true,
		`DROP TABLE session;`:                                                              true,
		`alter table session rename column amr to methods;`:                                true,
		`ALTER TABLE session ALTER COLUMN amr SET NOT NULL;`:                               true,
		`ALTER TABLE session ADD COLUMN amr TEXT NOT NULL;`:                                true,
		`ALTER TABLE session ADD CONSTRAINT one UNIQUE (amr);`:                             true,
		`CREATE UNIQUE INDEX one ON session (amr);`:                                        true,
		`CREATE TABLE a (id TEXT NOT NULL); CREATE UNIQUE INDEX one ON a (id);`:            false,
		`ALTER TABLE session ADD COLUMN amr TEXT NOT NULL DEFAULT '';`:                     false,
		`ALTER TABLE session ADD COLUMN amr TEXT; -- we never rename it`:                   false,
		`DROP INDEX delivery_waiting; CREATE INDEX delivery_waiting ON delivery (status);`: false,
	} {
		require.Equal(t, found, len(breaks(text)) > 0, text)
	}
}
