package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/knadh/koanf/parsers/yaml"
)

// secretsFile is the file of generated secrets in a data folder.
const secretsFile = "secrets.yaml"

// Generate gives every missing secret of dev a value of its own (docs/weak-spots.md#w35). The
// values are made once and kept in the data folder, readable by its owner
// alone, so that sessions and tokens survive a restart. With an empty folder
// they are kept nowhere. Secrets that are set stay as they are.
func (c *Config) Generate(folder string) error {
	kept := map[string]string{}
	path := filepath.Join(folder, secretsFile)
	if folder != "" {
		var err error
		if kept, err = readSecrets(path); err != nil {
			return err
		}
	}
	before := len(kept)
	for _, s := range []struct {
		name   string
		target *Secret
		prefix string
	}{
		{"http.jwt_secret", &c.HTTP.JWTSecret, ""},
		{"http.cookie_secret", &c.HTTP.CookieSecret, ""},
		{"encryption.keys", &c.Encryption.Keys, "dev:"},
	} {
		if *s.target != "" {
			continue
		}
		if kept[s.name] == "" {
			kept[s.name] = s.prefix + randomKey()
		}
		*s.target = Secret(kept[s.name])
	}
	if folder == "" || len(kept) == before {
		return nil
	}
	return writeSecrets(path, kept)
}

// randomKey returns 32 random bytes, in base64.
func randomKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, it ends the process instead
	return base64.StdEncoding.EncodeToString(key)
}

func readSecrets(path string) (map[string]string, error) {
	out := map[string]string{}
	content, err := os.ReadFile(path) //nolint:gosec // the path is the operator's
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read generated secrets: %w", err)
	}
	values, err := yaml.Parser().Unmarshal(content)
	if err != nil {
		return nil, fmt.Errorf("read generated secrets: %s is damaged; restore it, or remove the data folder to start over", path)
	}
	for key, value := range values {
		out[key], _ = value.(string)
	}
	return out, nil
}

// writeSecrets replaces the file in one step: half of a secret would lock
// everybody out.
func writeSecrets(path string, values map[string]string) error {
	content := []byte("# Made by everlatch dev. Losing this file ends every session and makes sealed data unreadable.\n")
	flat := map[string]any{}
	for key, value := range values {
		flat[key] = value
	}
	body, err := yaml.Parser().Marshal(flat)
	if err != nil {
		return fmt.Errorf("write generated secrets: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write generated secrets: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".secrets-*") // created with 0600
	if err != nil {
		return fmt.Errorf("write generated secrets: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = f.Write(append(content, body...))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write generated secrets: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write generated secrets: %w", err)
	}
	return nil
}
