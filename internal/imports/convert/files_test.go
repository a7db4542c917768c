package convert_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/imports/convert"
)

// TestForms: files of one system come in several forms, and are the same.
func TestForms(t *testing.T) {
	t.Parallel()
	const one, two = `{"id":"1","traits":{"email":"a@example.com"},"credentials":{"code":{}}}`, `{"id":"2","traits":{"email":"b@example.com"},"credentials":{"code":{}}}`
	for name, tt := range map[string]struct {
		text  string
		lines [2]int64
	}{
		"an array":             {"[" + one + ",\n" + two + "]", [2]int64{1, 2}},
		"one a line":           {one + "\n" + two + "\n", [2]int64{1, 2}},
		"pages":                {"[" + one + "]\n\n[" + two + "]", [2]int64{1, 3}},
		"an object":            {`{"next":null,"identities":[` + one + "\n,\n" + two + `],"page":{"x":1}}`, [2]int64{1, 3}},
		"spread over lines":    {"[\n{\n\"id\":\"1\",\"traits\":{\"email\":\"a@example.com\"},\"credentials\":{\"code\":{}}},\n\n" + two + "]", [2]int64{2, 5}},
		"with byte order mark": {"\ufeff[" + one + "," + two + "]", [2]int64{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			units := collect(t, convert.Kratos(strings.NewReader(tt.text), options()))
			require.Len(t, units, 2)
			require.Equal(t, [2]string{"1", "2"}, [2]string{units[0].Source, units[1].Source})
			require.Equal(t, tt.lines[0], units[0].Line)
			require.Equal(t, tt.lines[1], units[1].Line)
		})
	}
}

// failure is the error that ends units.
func failure(units convert.Units) (last error) {
	for _, err := range units {
		last = err
	}
	return last
}

// TestBrokenFiles: a file that is cut off or is something else is an error, with its line
// and without its text, so that nothing is imported.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[{}\n,{\"id\":\"1\"":              "line 2: the file is cut off",
		"[{}":                              "line 1: the file is cut off",
		"{\"identities\":[{}]":             "line 1: the file is cut off",
		"[{}]\nsecret":                     "line 2: invalid character",
		"\"text\"":                         "line 1: objects are expected",
		"{\"identities\":{}}":              "line 1: identities is not an array",
		"{\"identities\":[{}],\"secret\"}": "line 1: ",
		"[{\"id\":\"1\"} {\"id\":\"2\"}]":  "line 1: ",
		"[" + strings.Repeat("[", 20_000) + "secret": "line 1: ",
	} {
		err := failure(convert.Kratos(strings.NewReader(text), options()))
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
	require.ErrorContains(t, failure(convert.CSV(strings.NewReader("email\n\"a@example.com\n"), nil, options())), "line 2: ")
	require.ErrorContains(t, failure(convert.CSV(strings.NewReader("email,x\na@example.com,1\n"), nil, options())), `the column "x" is not one that is imported: --column x=FIELD`)
	require.ErrorContains(t, failure(convert.CSV(strings.NewReader("email,id\na@example.com\n"), nil, options())), "line 2: wrong number of fields")
	require.ErrorContains(t, failure(convert.Firebase(strings.NewReader(sample(t, "firebase.json")), nil, options())), "name the file with them with --hash-config")
	require.NoError(t, failure(convert.CSV(strings.NewReader(""), nil, options())))
	for _, wrong := range []string{"", "hash_config {\n rounds: 8,\n}", "algorithm: BCRYPT,", "base64_signer_key: *,\nbase64_salt_separator: Bw==,\nrounds: 8,\nmem_cost: 14,"} {
		_, err := convert.ParseFirebaseParameters(wrong)
		require.Error(t, err, wrong)
	}
	_, err := convert.ParseColumns([]string{"mail"})
	require.ErrorContains(t, err, "a pair such as mail=email is expected")
}

// endless is an array of users that never ends, as a reader.
type endless struct {
	n    int
	rest string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		e.n++
		e.rest = fmt.Sprintf(`{"localId":"%d","email":"%d@example.com"},`+"\n", e.n, e.n)
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// TestFilesStream: a user is there before the file has ended, and one that stops reading
// stops the reader.
func TestFilesStream(t *testing.T) {
	t.Parallel()
	seen := 0
	for u, err := range convert.Firebase(io.MultiReader(strings.NewReader(`{"users":[`), &endless{}), nil, options()) {
		require.NoError(t, err)
		if seen++; seen == 10_000 {
			require.Equal(t, "10000", u.Source)
			require.Equal(t, int64(10_000), u.Line)
			break
		}
	}
	require.Equal(t, 10_000, seen)
}

// FuzzReaders: no file makes a reader panic, go on forever, or yield a record for a refused
// user.
func FuzzReaders(f *testing.F) {
	readers := samples(f)
	for name := range readers {
		f.Add(sample(f, name))
	}
	for _, seed := range []string{"", "{", "[", "[{}]", "\"", `[{"id":{}}]`, `[{"traits":null,"credentials":{"oidc":{"identifiers":[":"]}}}]`, "a,b\n1", "\ufeff", `[{"created_at":{"$date":[]}}]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, read := range readers {
			for u, err := range read(strings.NewReader(text), options()) {
				if err != nil {
					break
				}
				if u.Refusal != "" && len(u.Records) > 0 {
					t.Fatalf("%s: a refused user has records", name)
				}
			}
		}
	})
}
