package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exchange is one request to Medusa 2.21.2 and its answer, as recorded. Values
// that differ from run to run are placeholders such as <jwt> or <id:cus>.
type exchange struct {
	Name  string `json:"name"`
	Group string `json:"group"`
	Mode  string `json:"mode"`

	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"request"`
	Response struct {
		Status  int `json:"status"`
		Headers struct {
			ContentType string   `json:"content-type"`
			SetCookie   []string `json:"set-cookie"`
		} `json:"headers"`
		Body json.RawMessage `json:"body"`
		// Extra holds all other headers; nil where they were not recorded.
		Extra map[string]string `json:"extra_headers"`
	} `json:"response"`
	// JWTs are the decoded tokens of the answer.
	JWTs map[string]struct {
		Header   object `json:"header"`
		Payload  object `json:"payload"`
		Lifetime int64  `json:"lifetime_s"`
	} `json:"jwts"`
	Events []struct {
		Name string `json:"name"`
		Data object `json:"data"`
	} `json:"events"`
	DBAfter []object `json:"db_after"`
	// Identities are all that people have with the providers of a group.
	Identities []object `json:"provider_identities_now"`
}

// id is how docs/deviations.md and the lists of this test name an exchange.
func (e exchange) id() string { return e.Group + "/" + e.Name }

// loadGroup reads the exchanges of one file in testdata/recorded.
func loadGroup(t *testing.T, group string) []exchange {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "recorded", group+".json"))
	require.NoError(t, err)
	var all []exchange
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // ids and times must not become floats
	require.NoError(t, decoder.Decode(&all), group)
	var out []exchange
	for _, e := range all {
		if e.Request.Method != "" { // production-mode ends with measurements
			out = append(out, e)
		}
	}
	require.NotEmpty(t, out, group)
	return out
}

// sentAsJSONText are the bodies that went out as a JSON string; every other
// string body was sent as it is.
var sentAsJSONText = map[string]bool{"register/json-string-body": true}

// body returns the bytes of the request, or nil.
func (e exchange) body(t *testing.T) []byte {
	t.Helper()
	raw := e.Request.Body
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && !sentAsJSONText[e.id()] {
		return []byte(text)
	}
	if fields := e.bodyFields(); fields["__truncated"] == true {
		require.Equal(t, "register/email-10k", e.id(), "the recording keeps only the head of this body")
		body, err := json.Marshal(object{"email": strings.Repeat("e", 10_000) + "@example.com", "password": "supersecret"})
		require.NoError(t, err)
		return body
	}
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, raw))
	return compact.Bytes()
}

// bodyFields returns the request's body where it is an object.
func (e exchange) bodyFields() object {
	var fields object
	if json.Unmarshal(e.Request.Body, &fields) != nil {
		return nil
	}
	return fields
}

// credentials returns what the request signs in or registers with.
func (e exchange) credentials() (email, password string) {
	fields := e.bodyFields()
	email, _ = fields["email"].(string)
	password, _ = fields["password"].(string)
	return email, password
}

// account returns the customer or user of the answer.
func (e exchange) account() object {
	var body struct {
		Customer object `json:"customer"`
		User     object `json:"user"`
	}
	if json.Unmarshal(e.Response.Body, &body) != nil {
		return nil
	}
	if body.Customer != nil {
		return body.Customer
	}
	return body.User
}

var (
	loginPath = regexp.MustCompile(`(?i)^/auth/([^/?]+)/emailpass/?$`)
	jwtText   = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)
)

// isLogin tells requests that sign in with e-mail and password.
func (e exchange) isLogin() bool {
	return e.Request.Method == http.MethodPost && loginPath.MatchString(e.Request.Path)
}

// recordedToken is a token in a recorded request.
type recordedToken struct {
	text            string
	header, payload object
}

// token returns the token that the request carries in its header or path.
func (e exchange) token(t *testing.T) (recordedToken, bool) {
	t.Helper()
	found := jwtText.FindString(e.Request.Headers["authorization"])
	if found == "" {
		found = jwtText.FindString(e.Request.Path)
	}
	if found == "" {
		return recordedToken{}, false
	}
	parts := strings.Split(found, ".")
	return recordedToken{found, decodeJWTPart(t, parts[0]), decodeJWTPart(t, parts[1])}, true
}

func decodeJWTPart(t *testing.T, part string) object {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	require.NoError(t, err)
	var out object
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&out))
	return out
}

// str returns a claim that is a string, "" for anything else.
func (r recordedToken) str(claim string) string {
	s, _ := r.payload[claim].(string)
	return s
}
