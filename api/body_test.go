package api_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
)

const registerPath = "/auth/customer/emailpass/register"

func TestBodiesThatAreRefused(t *testing.T) {
	t.Parallel()

	w := setup(t)
	form := with("Content-Type", "application/x-www-form-urlencoded")
	tests := map[string]struct {
		body    string
		headers []header
		status  int
		want    string
	}{
		"malformed JSON": {`{"email":"a`, nil, 400, `{"message":"Unterminated string in JSON at position 11","type":"invalid_data"}`},
		"a JSON string":  {`"str"`, nil, 400, `{"message":"Unexpected token '\"', \"\"str\"\" is not valid JSON","type":"invalid_data"}`},
		"another charset": {
			`{}`,
			[]header{with("Content-Type", "application/json; charset=iso-8859-1")},
			415,
			`{"message":"unsupported charset \"ISO-8859-1\"","type":"unknown_error"}`,
		},
		"another charset of a form": {
			`a=b`,
			[]header{with("Content-Type", "application/x-www-form-urlencoded; charset=utf-16")},
			415,
			`{"message":"unsupported charset \"UTF-16\"","type":"unknown_error"}`,
		},
		"another encoding": {
			`{}`,
			[]header{with("Content-Encoding", "FOO")},
			415,
			`{"message":"unsupported content encoding \"foo\"","type":"unknown_error"}`,
		},
		"too large": {
			`{"a":"` + strings.Repeat("x", 100<<10) + `"}`, nil, 413,
			`{"message":"request entity too large","type":"unknown_error"}`,
		},
		"no gzip inside": {
			`{"email":"a@b.cc"}`,
			[]header{with("Content-Encoding", "gzip")},
			400,
			`{"message":"incorrect header check","type":"invalid_data"}`,
		},
		"a number beyond Go's": {
			`{"a":1e999}`, nil, 400, `{"message":"JSON has a number that is too large","type":"invalid_data"}`,
		},
		"nested too deeply for Go": {
			strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), nil, 400,
			`{"message":"JSON is nested too deeply","type":"invalid_data"}`,
		},
		"too many form fields": {
			strings.Repeat("a=1&", 1001),
			[]header{form},
			413,
			`{"message":"too many parameters","type":"unknown_error"}`,
		},
		"a form too deep": {
			"a" + strings.Repeat("[b]", 40) + "=1",
			[]header{form},
			400,
			`{"message":"The input exceeded the depth","type":"invalid_data"}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.do("POST", registerPath, tt.body, tt.headers...)
			require.Equal(t, tt.status, r.StatusCode, r.body)
			r.is(t, tt.want)
			require.Empty(t, r.Header.Get("Vary"), "the body is read before CORS")
		})
	}
}

// TestBodiesThatCountAsEmpty: a route that does not validate takes them for
// no body, one that does refuses what is not an object.
func TestBodiesThatCountAsEmpty(t *testing.T) {
	t.Parallel()

	w := setup(t)
	token := w.customer("a@example.com")
	tests := map[string]struct {
		body, kind string
		validated  int
	}{
		"plain text":             {`{"email":"a@b.cc","password":"supersecret"}`, "text/plain", 400},
		"multipart":              {"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 200},
		"a vendor's JSON":        {`{"email":"a@b.cc"}`, "application/vnd.api+json", 200},
		"an array":               {`[1,2]`, "application/json", 400},
		"an unreadable type":     {`{"email":"a@b.cc"}`, "application/json; =", 200},
		"no JSON at all":         {``, "application/json", 200},
		"JSON in another script": {`{"email":"a@b.cc"}`, "APPLICATION/OCTET-STREAM", 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := w.send(w.raw, "POST", registerPath, tt.body, with("Content-Type", tt.kind))
			require.Equal(t, 401, r.StatusCode, r.body)
			require.Equal(t, "Password should be a string", r.text(t, "message"))
			r = w.send(w.raw, "POST", "/store/customers/me", tt.body, with("Content-Type", tt.kind), bearer(token))
			require.Equal(t, tt.validated, r.StatusCode, r.body)
			if tt.validated == 400 {
				require.Equal(t, "Invalid request: Field '' is required", r.text(t, "message"))
			}
		})
	}
}

func TestBodiesThatAreRead(t *testing.T) {
	t.Parallel()

	squeeze := func(to func(io.Writer) io.WriteCloser, text string) string {
		var buf bytes.Buffer
		z := to(&buf)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
		return buf.String()
	}
	const form = "application/x-www-form-urlencoded"
	tests := map[string]struct {
		body, kind, encoding string
		want                 object
	}{
		"gzip": {
			squeeze(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, `{"a":1}`),
			"application/json", "gzip",
			object{"a": 1.0},
		},
		"deflate": {
			squeeze(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, `{"a":1}`),
			"application/json", "Deflate",
			object{"a": 1.0},
		},
		"a byte order mark":   {"\ufeff{\"a\":1}", "application/json; charset=UTF-8", "", object{"a": 1.0}},
		"a simple form":       {"email=a%40b.cc&password=x+y&empty=&bare", form, "", object{"email": "a@b.cc", "password": "x y", "empty": "", "bare": ""}},
		"a broken escape":     {"a=%zz+1&b=%ff", form, "", object{"a": "%zz 1", "b": "\ufffd"}},
		"nested fields":       {"o[k]=1&o[l][m]=2", form, "", object{"o": object{"k": "1", "l": object{"m": "2"}}}},
		"lists":               {"a[]=1&a[]=2&b=1&b=2&b=3", form, "", object{"a": []any{"1", "2"}, "b": []any{"1", "2", "3"}}},
		"lists with an index": {"a[0]=x&a[1]=y&a[0]=z", form, "", object{"a": []any{[]any{"x", "z"}, "y"}}},
		"an index too high":   {"a[1000]=x", form, "", object{"a": object{"1000": "x"}}},
		"a list that gets a name": {
			"a[]=1&a[k]=2", form, "", object{"a": object{"0": "1", "k": "2"}},
		},
		"brackets that are no path": {"[a]=1&b[c=2&d]=3&e[x]y=4", form, "", object{"[a]": "1", "b[c": "2", "d]": "3", "e[x]y": "4"}},
		"no name":                   {"=1&&a=2", form, "", object{"a": "2"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := setup(t)
			r := w.do("POST", registerPath, tt.body, with("Content-Type", tt.kind), with("Content-Encoding", tt.encoding))
			require.Contains(t, []int{200, 401}, r.StatusCode, r.body)
			require.Len(t, w.flows.seen, 1)
			require.Equal(t, tt.want, w.flows.seen[0].Input.Body)
		})
	}
}

func TestBodyLimitCountsWhatIsInflated(t *testing.T) {
	t.Parallel()

	w := setup(t, options(func(o *api.Options) { o.BodyLimit = 1000 }))
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20))
	_ = z.Close()
	require.Less(t, bomb.Len(), 1500)
	r := w.do("POST", registerPath, bomb.String(), with("Content-Encoding", "gzip"))
	require.Equal(t, 413, r.StatusCode, r.body)
}

// TestMessagesOfMalformedJSON compares with what Node 20 says.
func TestMessagesOfMalformedJSON(t *testing.T) {
	t.Parallel()

	raw, err := os.ReadFile("../internal/wire/testdata/v8_messages.json")
	require.NoError(t, err)
	var cases map[string]string
	require.NoError(t, json.Unmarshal(raw, &cases))
	require.Greater(t, len(cases), 400)
	w := setup(t)
	for text, want := range cases {
		r := w.send(w.raw, "POST", registerPath, text)
		if want == "" {
			if r.StatusCode == http.StatusBadRequest {
				require.Equal(t, "JSON has a number that is too large", r.text(t, "message"), "%q", text)
				continue
			}
			require.Equal(t, 401, r.StatusCode, "%q is valid: %s", text, r.body)
			continue
		}
		require.Equal(t, 400, r.StatusCode, "%q: %s", text, r.body)
		require.Equal(t, want, r.text(t, "message"), "%q", text)
	}
}

// FuzzBind: whatever comes in gets an answer of the contract, and JSON is
// refused if and only if it is malformed.
func FuzzBind(f *testing.F) {
	for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "text/plain", "x"} {
		for _, body := range []string{
			`{"email":"a@b.cc","password":"x"}`, `[1,2`, `"str"`, `{"a":"\ud83d"}`, "\ufeff{}", "a[b][]=1&a[b][0]=2&c=%zz",
			"a[0]=1&a[k]=2&a=3", `{"a":1e999}`, "{\"a\":\"\x00\xff\"}", `[object Object]`,
		} {
			f.Add(kind, "", body)
		}
	}
	f.Add("application/json", "gzip", "\x1f\x8b\x08\x00")
	f.Add("application/json", "deflate", "x\x9c")
	w := setup(f)
	f.Fuzz(func(t *testing.T, kind, encoding, body string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://x"+registerPath, strings.NewReader(body))
		require.NoError(t, err)
		r.Header["Content-Type"], r.Header["Content-Encoding"] = []string{kind}, []string{encoding}
		resp, err := w.raw.Do(r)
		require.NoError(t, err)
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Contains(t, []int{200, 400, 401, 413, 415}, resp.StatusCode, "%s", answer)
		require.True(t, json.Valid(answer), "%s", answer)
		trimmed := strings.TrimLeft(body, " \t\r\n")
		if kind == "application/json" && encoding == "" && len(body) < 5000 && strings.HasPrefix(trimmed, "{") {
			var v any
			require.Equal(t, json.Unmarshal([]byte(body), &v) != nil, resp.StatusCode == http.StatusBadRequest, "%q: %s", body, answer)
		}
	})
}
