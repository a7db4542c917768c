package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/store"
)

// imported are the samples of other systems, the flags of their commands, and the passwords
// of their users.
var imported = []struct {
	system, file string
	flags        []string
	passwords    map[string]string
}{
	{system: "kratos", file: "kratos.json", passwords: map[string]string{
		"bcrypt@kratos.example": "test", "argon2id@kratos.example": "test", "argon2i@kratos.example": "test", "pbkdf2-sha1@kratos.example": "test",
		"pbkdf2-sha224@kratos.example": "test", "pbkdf2-sha256@kratos.example": "test", "pbkdf2-sha384@kratos.example": "test", "pbkdf2-sha512@kratos.example": "test",
		"scrypt@kratos.example": "test", "md5@kratos.example": "test", "md5-salted@kratos.example": "test", "sha1@kratos.example": "test",
		"sha256@kratos.example": "test", "sha512@kratos.example": "test", "hmac-md5@kratos.example": "test", "hmac-sha1@kratos.example": "test",
		"hmac-sha224@kratos.example": "test", "hmac-sha256@kratos.example": "test", "hmac-sha384@kratos.example": "test", "hmac-sha512@kratos.example": "test",
		"md5-crypt@kratos.example": "test", "sha256-crypt@kratos.example": "test", "sha512-crypt@kratos.example": "test",
		"ssha@kratos.example": "test123", "ssha256@kratos.example": "test123", "ssha512@kratos.example": "test123", "firescrypt@kratos.example": "8x4WjoDbSxJZdR",
	}},
	{system: "gotrue", file: "gotrue.ndjson", passwords: map[string]string{
		"bcrypt@gotrue.example": "hello", "argon2@gotrue.example": "test", "fbscrypt@gotrue.example": "mytestpassword",
	}},
	{system: "gotrue", file: "gotrue.csv", passwords: map[string]string{"csv@gotrue.example": "hello"}},
	{system: "kratos", file: "kratos-26.2.0.json", passwords: map[string]string{
		"ada@people.kratos.example": "correct horse battery", "cy@people.kratos.example": "correct horse battery", "bob@people.kratos.example": "correct horse battery",
	}},
	{system: "gotrue", file: "gotrue-2.196.0.ndjson", passwords: map[string]string{
		"ada@people.gotrue.example": "correct horse battery", "fay@people.gotrue.example": "correct horse battery", "bob@people.gotrue.example": "correct horse battery",
		"cy@people.gotrue.example": "correct horse battery",
	}},
	{system: "auth0", file: "auth0.ndjson", flags: []string{"--password-hashes", "auth0-hashes.ndjson"}, passwords: map[string]string{
		"bcrypt@auth0.example": "hello", "linked@auth0.example": "hello",
	}},
	{system: "auth0", file: "auth0-import.json", passwords: map[string]string{
		"bcrypt@auth0-import.example": "hello", "argon2@auth0-import.example": "test", "pbkdf2@auth0-import.example": "Test@123",
		"pbkdf2-default@auth0-import.example": "test", "md5@auth0-import.example": "password", "sha1@auth0-import.example": "password",
		"sha256@auth0-import.example": "password", "sha512@auth0-import.example": "password", "hmac@auth0-import.example": "test",
		"ldap-md5@auth0-import.example": "password", "ldap-sha@auth0-import.example": "password", "ldap-ssha384@auth0-import.example": "password",
		"scrypt@auth0-import.example": "password",
	}},
	{system: "firebase", file: "firebase.json", flags: []string{"--hash-config", "firebase-hash-config.txt"}, passwords: map[string]string{"user1@firebase.example": "user1password"}},
	{system: "firebase", file: "firebase.csv", flags: []string{"--hash-config", "firebase-hash-config.txt"}, passwords: map[string]string{"csv1@firebase.example": "user1password"}},
	{system: "keycloak", file: "keycloak-realm.json", passwords: map[string]string{
		"pbkdf2-sha256@keycloak.example": "password", "pbkdf2-sha256-long@keycloak.example": "password", "pbkdf2-sha512@keycloak.example": "password",
		"pbkdf2@keycloak.example": "password", "old@keycloak.example": "password",
	}},
	{system: "csv", file: "users.csv", flags: []string{"--column", "mail=email", "--column", "plan=metadata.plan", "--column", "notes=-"}, passwords: map[string]string{"csv2@table.example": "test"}},
	{system: "ndjson", file: "users.ndjson", passwords: map[string]string{"nd1@table.example": "hello"}},
}

// samplePath is the path of a sample.
func samplePath(name string) string {
	return filepath.Join("..", "internal", "imports", "convert", "testdata", name)
}

// importSample imports a sample.
func importSample(t *testing.T, data, system, file string, flags []string, more ...string) moved {
	t.Helper()
	args := []string{system, samplePath(file)}
	for _, f := range flags {
		if strings.HasPrefix(f, "auth0-") || strings.HasPrefix(f, "firebase-") {
			f = samplePath(f)
		}
		args = append(args, f)
	}
	return importedInto(t, data, append(args, more...)...)
}

// signIn is what a customer who insists is answered.
func signIn(t *testing.T, api, email, password string) answer {
	t.Helper()
	return insist(t, func() answer {
		return post(t, api+"/auth/customer/emailpass", map[string]any{"email": email, "password": password})
	})
}

// TestImportFromOtherSystems: the users of each system sign in with the passwords that they
// had there, whatever they are hashed with; each is hashed again, and importing again
// changes nothing.
func TestImportFromOtherSystems(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	_, api := beginDev(t, "--data", data)
	created := map[string]int64{}
	for _, s := range imported {
		done := importSample(t, data, s.system, s.file, s.flags)
		require.Equal(t, store.ImportCompleted, done.Import.Status)
		require.Equal(t, s.system, done.Import.Source)
		created[s.file] = done.Import.Created
	}
	for _, s := range imported {
		for email, password := range s.passwords {
			got := signIn(t, api, strings.ToUpper(email), password)
			require.Equal(t, 200, got.status, "%s: %v", email, got.body)
		}
	}
	for _, email := range []string{
		"bcrypt@kratos.example", "md5@kratos.example", "fbscrypt@gotrue.example", "unknown@kratos.example", "costly@kratos.example",
		"temporary@keycloak.example", "banned@gotrue.example", "dora@people.gotrue.example", "dora@people.kratos.example", "grace@people.kratos.example", "nobody@kratos.example", "gina@auth0.example",
	} {
		got := signIn(t, api, email, "wrong horse")
		require.Equal(t, [2]any{401, "Invalid email or password"}, [2]any{got.status, got.body["message"]}, email)
	}
	signedIn := signIn(t, api, "csv@gotrue.example", "hello")
	token, _ := signedIn.body["token"].(string)
	require.NotEmpty(t, token, "%v", signedIn.body)
	me := get(t, api+"/store/customers/me", token)
	require.Equal(t, 200, me.status, "%v", me.body)
	customer, _ := me.body["customer"].(map[string]any)
	require.Equal(t, [3]any{"csv@gotrue.example", "Go", true}, [3]any{customer["email"], customer["first_name"], customer["has_account"]})
	admin := insist(t, func() answer {
		return post(t, api+"/auth/user/emailpass", map[string]any{"email": "nd2@table.example", "password": "password"})
	})
	require.Equal(t, 200, admin.status, "the row that says so is an administrator")
	for email, password := range map[string]string{
		"argon2@keycloak.example": "iceberg", "bob@people.kratos.example": "correct horse battery", "bob@people.gotrue.example": "correct horse battery",
	} {
		factor := signIn(t, api, email, password)
		require.Equal(t, true, factor.body["mfa_required"], "%v", factor.body)
	}

	file := filepath.Join(dir, "all.ndjson")
	runOn(t, data, "export", file)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, s := range imported {
		for email := range s.passwords {
			hash := regexp.MustCompile(`"entity_key":"` + regexp.QuoteMeta(email) + `".{0,80}"provider":"emailpass","provider_metadata":\{"password":"(\$[^"]*)"`).FindSubmatch(text)
			require.NotNil(t, hash, email)
			require.Contains(t, string(hash[1]), "$argon2id$v=19$m=19456,t=2,p=1$", email)
		}
		again := importSample(t, data, s.system, s.file, s.flags, "--dry-run")
		require.Equal(t, store.ImportCounts{Skipped: created[s.file], Refused: again.Refused}, again.ImportCounts, s.file)
	}
}

// TestImportSystemsReport: what can't be moved is told with its line, in a trial too, and
// flags that make no sense are refused.
func TestImportSystemsReport(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	out := runOn(t, data, "import", "firebase", samplePath("firebase.json"), "--hash-config", samplePath("firebase-hash-config.txt"), "--dry-run")
	require.Regexp(t, `(?s)This was a dry run: nothing was changed.
created +6
updated +0
skipped +0
refused +2

LINE +TYPE +RECORD +REFUSED +REASON
16 +customer +2kQ8 +no +The sign-in with facebook.com was left out: --provider facebook.com=ID names the provider here.
37 +- +3kQ8 +yes +There is no e-mail address.
45 +customer +4kQ8 +no +There is no password: the user can set one with a password reset.
52 +- +5kQ8 +yes +There is no e-mail address.
- +- +- +no +Passwords hashed with firebase-scrypt, \$fbscrypt\$v=1,n=14,r=8,p=1\$: 1.
`, out)
	for want, args := range map[string][]string{
		"name the file with them with --hash-config":      {"firebase", samplePath("firebase.json")},
		"there is no actor type \"robot\"":                {"kratos", samplePath("kratos.json"), "--actor-type", "robot"},
		"--role is for administrators":                    {"kratos", samplePath("kratos.json"), "--role", "role_1"},
		"a pair such as apple=my-apple is expected":       {"kratos", samplePath("kratos.json"), "--provider", "apple"},
		"a pair such as mail=email is expected":           {"csv", samplePath("users.csv"), "--column", "mail"},
		"the column \"mail\" is not one that is imported": {"csv", samplePath("users.csv")},
		"the password hash parameters are incomplete":     {"firebase", samplePath("firebase.json"), "--hash-config", samplePath("users.csv")},
		"no such file":                              {"auth0", samplePath("auth0.ndjson"), "--password-hashes", samplePath("nope")},
		"line 1: invalid character":                 {"auth0", samplePath("auth0.ndjson"), "--password-hashes", samplePath("users.csv")},
		"--dry-run and --detach exclude each other": {"kratos", samplePath("kratos.json"), "--dry-run", "--detach"},
	} {
		_, _, err := execute(t, nil, "", append([]string{"import"}, append(args, "--data", data)...)...)
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, runOn(t, data, "customer", "list"), "@", "nothing was imported")
}
