package vault_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/vault"
)

const planted = "correct horse battery staple"

// holder is a struct with a secret in a field that fmt may not call methods on.
type holder struct {
	Open   vault.Secret
	hidden vault.Secret
}

func TestSecretNeverPrints(t *testing.T) {
	t.Parallel()

	s := vault.NewSecret([]byte(planted))
	values := map[string]any{
		"value": s, "pointer": &s, "slice": []vault.Secret{s}, "map": map[string]vault.Secret{"k": s},
		"in a struct": holder{Open: s, hidden: s}, "behind a pointer": &holder{Open: s, hidden: s},
	}
	for name, v := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var out bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c"} {
				fmt.Fprintf(&out, verb, v)
			}
			fmt.Fprint(&out, v)
			slog.New(slog.NewTextHandler(&out, nil)).Info("text", "secret", v)
			slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "secret", v)
			for _, form := range []string{planted, fmt.Sprintf("%x", planted), fmt.Sprintf("%X", planted), "99 111 114", "Y29ycmVjd"} {
				require.NotContains(t, out.String(), form)
			}
		})
	}
	require.Equal(t, "[secret]", s.String())
	require.Equal(t, "[secret]", s.GoString())
}

// what holds a secret cannot become a payload.
func TestSecretRefusesToBeSerialised(t *testing.T) {
	t.Parallel()

	s := vault.NewSecret([]byte(planted))
	encoders := map[string]func() error{
		"json":            func() error { _, err := json.Marshal(s); return err },
		"json in a field": func() error { _, err := json.Marshal(map[string]vault.Secret{"s": s}); return err },
		"json zero":       func() error { _, err := json.Marshal(vault.Secret{}); return err },
		"gob":             func() error { return gob.NewEncoder(&bytes.Buffer{}).Encode(s) },
		"text":            func() error { _, err := encoding.TextMarshaler(s).MarshalText(); return err },
		"binary":          func() error { _, err := encoding.BinaryMarshaler(s).MarshalBinary(); return err },
		"reading json":    func() error { return json.Unmarshal([]byte(`"x"`), &vault.Secret{}) },
	}
	for name, encode := range encoders {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := encode()
			require.ErrorContains(t, err, "cannot be serialised")
			require.NotContains(t, err.Error(), planted)
		})
	}
}

func TestSecretReveals(t *testing.T) {
	t.Parallel()

	require.Equal(t, planted, string(vault.NewSecret([]byte(planted)).Reveal()))
	require.Empty(t, vault.Secret{}.Reveal())
}
