package providertest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// minSecret is the minimum length of a secret, in bytes. Shorter ones occur
// anywhere by chance.
const minSecret = 8

// secrets are texts that must not leak.
type secrets []secret

// secret is a secret in all forms to search for.
type secret struct {
	least int // no form is shorter
	forms []form
}

type form struct{ name, text string }

func newSecrets(texts ...string) secrets {
	var out secrets
	for _, text := range texts {
		out = append(out, newSecret(text))
	}
	return out
}

func newSecret(text string) secret {
	quoted, numbers := fmt.Sprintf("%q", text), fmt.Sprintf("%d", []byte(text))
	s := secret{least: len(text), forms: []form{
		{"in clear", text},
		{"quoted", quoted[1 : len(quoted)-1]},
		{"in URL form", url.QueryEscape(text)},
		{"in URL form", url.PathEscape(text)},
		{"in hex", hex.EncodeToString([]byte(text))},
		{"as a list of bytes", numbers[1 : len(numbers)-1]},
	}}
	for _, encoded := range base64Of(text) {
		s.forms = append(s.forms, form{"in base64", encoded})
	}
	return s
}

// in returns which secret a text contains and in which form, "" for none.
func (s secrets) in(text string) string {
	for i, secret := range s {
		if form := secret.in(text); form != "" {
			return fmt.Sprintf("secret %d of %d, %s", i+1, len(s), form)
		}
	}
	return ""
}

func (s secret) in(text string) string {
	if len(text) < s.least || s.least == 0 {
		return ""
	}
	for _, form := range s.forms {
		if strings.Contains(text, form.text) {
			return form.name
		}
	}
	return ""
}

// find returns the form in which a text contains a secret, "" for none.
func find(text, secret string) string { return newSecret(secret).in(text) }

// base64Of returns the base64 of a secret within a longer text, as in the
// header of basic authentication. The three possible offsets differ, and
// characters at both ends depend on the neighbouring bytes.
func base64Of(secret string) []string {
	const bits, perCharacter, places = 8, 6, 3
	var out []string
	for before := range places {
		padded := append(make([]byte, before), secret...)
		from := (before*bits + perCharacter - 1) / perCharacter
		to := len(padded) * bits / perCharacter
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if from < to {
				out = append(out, encoding.EncodeToString(padded)[from:to])
			}
		}
	}
	return out
}

// checkSecrets checks that the secrets of a case can be searched for.
func checkSecrets(tb testing.TB, s []string) {
	tb.Helper()
	if len(s) == 0 {
		tb.Fatalf("the case names no Secrets, so nothing would be looked for")
	}
	for i, secret := range s {
		if len(secret) < minSecret {
			tb.Fatalf("secret %d of the case is shorter than %d bytes: it would be found by chance", i+1, minSecret)
		}
	}
}

// checkFormatted checks that a logged provider shows no secrets, as one would
// that keeps data of requests.
func checkFormatted(tb testing.TB, provider any, s secrets) {
	tb.Helper()
	for _, format := range []string{"%v", "%+v", "%#v"} {
		if where := s.in(fmt.Sprintf(format, provider)); where != "" {
			tb.Errorf("the provider formatted with %s holds %s: it must not keep what a request holds, because whatever logs it would tell", format, where)
		}
	}
}

// checkMetadata checks metadata that a provider returned: they are stored as
// JSON, and the user metadata go into tokens.
func checkMetadata(tb testing.TB, what string, metadata map[string]any, s secrets) {
	tb.Helper()
	text, err := json.Marshal(metadata)
	if err != nil {
		tb.Errorf("%s cannot be stored: they must be JSON values, and encoding/json says %s", what, brief(err.Error()))
		return
	}
	var back map[string]any
	if err := json.Unmarshal(text, &back); err != nil {
		tb.Errorf("%s cannot be read again: %s", what, brief(err.Error()))
		return
	}
	if again, err := json.Marshal(back); err != nil || string(again) != string(text) {
		tb.Errorf("%s do not survive JSON: use texts for numbers above 2^53 and for times, because metadata are stored as JSON", what)
	}
	if where := s.in(string(text)); where != "" {
		tb.Errorf("%s hold %s: store what verifies a secret, such as a hash, because databases are copied and tokens are read by others", what, where)
	}
}
