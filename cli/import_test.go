package cli_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
)

// moved is the answer of an import.
type moved struct {
	Import store.DataImport    `json:"import"`
	Issues []store.ImportIssue `json:"issues"`
	store.ImportCounts
}

// run runs a command on a data folder.
func runOn(t *testing.T, data string, args ...string) string {
	t.Helper()
	out, stderr, err := execute(t, nil, "", append(args, "--data", data)...)
	require.NoError(t, err, stderr)
	return out
}

func importedInto(t *testing.T, data string, args ...string) (out moved) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(runOn(t, data, append([]string{"import"}, append(args, "--json")...)...)), &out))
	return out
}

// TestExportAndImport moves a service into another one: who could sign in there can here.
func TestExportAndImport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second, file := filepath.Join(dir, "first"), filepath.Join(dir, "second"), filepath.Join(dir, "all.ndjson")
	dev, api := beginDev(t, "--data", first)
	ada := map[string]any{"email": "ada@example.com", "password": "correct horse"}
	require.Equal(t, 200, insist(t, func() answer { return post(t, api+"/auth/customer/emailpass/register", ada) }).status)
	require.NotEmpty(t, insist(t, func() answer { return post(t, api+"/auth/customer/emailpass", ada) }).body["token"])
	runOn(t, first, "customer", "group", "create", "VIP")
	runOn(t, first, "customer", "create", "--email", "guest@example.com")
	runOn(t, first, "user", "create", "--email", "root@example.com", "--password", "correct horse")
	runOn(t, first, "export", file)
	require.NoError(t, dev.stop())

	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	_, _, err = execute(t, nil, "", "export", file, "--data", first)
	require.ErrorContains(t, err, "file exists")

	trial := importedInto(t, second, "everlatch", file, "--dry-run")
	require.Equal(t, store.ImportCounts{Created: trial.Created}, trial.ImportCounts)
	require.Empty(t, trial.Issues)
	require.NotContains(t, runOn(t, second, "customer", "list"), "@", "a dry run changes nothing")
	done := importedInto(t, second, "everlatch", file)
	require.Equal(t, trial.ImportCounts, done.Import.ImportCounts)
	require.Equal(t, store.ImportCompleted, done.Import.Status)
	again := importedInto(t, second, "everlatch", file)
	require.Equal(t, store.ImportCounts{Skipped: trial.Created}, again.Import.ImportCounts)

	// A round trip is equal, but for the first line, which says when and with which keys.
	back := filepath.Join(dir, "back.ndjson")
	runOn(t, second, "export", back)
	require.Equal(t, body(t, file), body(t, back))

	_, api = beginDev(t, "--data", second)
	for actor, address := range map[string]string{"customer": "ada@example.com", "user": "root@example.com"} {
		for password, status := range map[string]int{"correct horse": 200, "wrong horse": 401} {
			a := insist(t, func() answer {
				return post(t, api+"/auth/"+actor+"/emailpass", map[string]any{"email": address, "password": password})
			})
			require.Equal(t, status, a.status, actor)
		}
	}
	require.Regexp(t, `(?s)ID +SOURCE.*everlatch +completed.*everlatch +completed`, runOn(t, second, "import", "list"))
	require.Regexp(t, `status +completed\ncreated +0\n`, runOn(t, second, "import", "show"))
	require.Contains(t, runOn(t, second, "event", "list"), "everlatch.import_completed")
}

// body returns the lines of an export after the first.
func body(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(text), "\n")
	require.NotContains(t, rest, "\n\n")
	return rest
}

// TestEncryptedExport: with a recipient no one else can read the file.
func TestEncryptedExport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, file, keyFile := filepath.Join(dir, "data"), filepath.Join(dir, "all.age"), filepath.Join(dir, "key.txt")
	key, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(keyFile, []byte(key.String()+"\n"), 0o600))
	runOn(t, data, "customer", "create", "--email", "guest@example.com")
	runOn(t, data, "export", file, "--recipient", key.Recipient().String())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(text), "guest@example.com")
	done := importedInto(t, data, "everlatch", file, "--identity", keyFile, "--dry-run")
	require.Equal(t, store.ImportCounts{Skipped: done.Skipped}, done.ImportCounts)
	require.Positive(t, done.Skipped)

	for want, args := range map[string][]string{
		"name the file with your private key with --identity": {"everlatch", file},
		"has no private keys of age":                          {"everlatch", file, "--identity", file},
		"no such file":                                        {"everlatch", filepath.Join(dir, "nope")},
		"needs the name of a file, or -":                      {"everlatch"},
		"--dry-run and --detach exclude each other":           {"everlatch", file, "--dry-run", "--detach"},
	} {
		_, _, err := execute(t, nil, "", append([]string{"import"}, append(args, "--data", data)...)...)
		require.ErrorContains(t, err, want)
	}
	_, _, err = execute(t, nil, "", "export", filepath.Join(dir, "x"), "--recipient", "age1nope", "--data", data)
	require.ErrorContains(t, err, "a public key of age is expected")
}

// TestImportReport: what is wrong with a line is said, and the others are imported.
func TestImportReport(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	lines := `{"type":"customer","id":"cus_1","email":"ada@example.com","has_account":true}
not JSON
{"type":"customer","id":"cus_2","email":"ADA@example.com","has_account":true}

{"type":"identity","id":"authid_1","provider_identities":[{"provider":"emailpass","entity_id":"Ada@example.com","provider_metadata":{"password":"$3$nt"}}],"recovery_codes":[{"code_hash":"x"}]}
`
	out, _, err := execute(t, nil, lines, "import", "everlatch", "-", "--data", data)
	require.NoError(t, err)
	require.Regexp(t, `(?s)status +completed
created +2
updated +0
skipped +0
refused +2

LINE +TYPE +RECORD +REFUSED +REASON
2 +- +- +yes +The line is not a JSON object.
3 +customer +cus_2 +yes +Another customer has this e-mail address.
5 +identity +authid_1 +no +The recovery codes were left out: .*
5 +identity +authid_1 +no +The password has to be reset: the stored password hash has an unknown format.
`, out)
	for text, want := range map[string]string{
		`{"type":"export","version":1,"keys":[]}` + "\n":                                  "the file is cut off",
		`{"type":"export","version":2}` + "\n":                                            "has version 2 of the format",
		`{"type":"export","version":1}` + "\n" + `{"type":"end","version":1,"records":7}`: "the file has 0 records, and its last line says 7",
	} {
		_, _, err = execute(t, nil, text, "import", "everlatch", "-", "--data", data)
		require.ErrorContains(t, err, want)
	}
	require.Contains(t, runOn(t, data, "import", "list"), "cancelled")
}
