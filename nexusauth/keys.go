package nexusauth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// KeysPath is where the service publishes the public keys that inputs are sealed to, as
// a JSON Web Key Set whose first key is the current one.
const KeysPath = "/.well-known/sealing-keys.json"

const (
	fetchTimeout = 5 * time.Second
	maxKeySet    = 1 << 20
)

// Keys are the public keys of a service. They belong to its encryption.keys: after a
// rotation, what is sealed to a previous key can be opened for as long as that one is
// configured.
type Keys struct{ current jose.JSONWebKey }

// ParseKeys reads a key set, such as one that is part of a program's configuration.
// Take it from the service or its operator over a channel that you trust: what is sealed
// to the key of someone else, they can read.
func ParseKeys(text []byte) (Keys, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return Keys{}, errors.New("nexusauth: the key set is not JSON")
	}
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) != nil || key.KeyID == "" || key.Use != "enc" {
			continue
		}
		if public, ok := key.Key.(*ecdsa.PublicKey); ok && public.Curve == elliptic.P256() {
			return Keys{current: key}, nil
		}
	}
	return Keys{}, errors.New("nexusauth: the key set has no key of the curve P-256 to encrypt to")
}

// FetchKeys gets the keys from the service at a base URL, which is https outside of
// development. A nil client has a timeout of 5 seconds.
func FetchKeys(ctx context.Context, c *http.Client, baseURL string) (Keys, error) {
	if c == nil {
		c = &http.Client{Timeout: fetchTimeout}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(baseURL, "/")+KeysPath, nil)
	if err != nil {
		return Keys{}, err
	}
	response, err := c.Do(request)
	if err != nil {
		return Keys{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Keys{}, fmt.Errorf("nexusauth: the key set was answered with %d", response.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxKeySet))
	if err != nil {
		return Keys{}, err
	}
	return ParseKeys(text)
}
