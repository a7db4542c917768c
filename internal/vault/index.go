package vault

import (
	"encoding/json"
	"errors"
	"strings"
)

// labelIndex is like the other labels: it never changes.
const labelIndex = "everlatch/index/v1"

// IndexKey is what keyed hashes are made with, so that they do not depend on the key
// that seals. It holds nothing that a sealed value opens with.
type IndexKey struct {
	// root is for purposes that have no key here.
	root       Secret
	byPurposes map[string]Secret
}

// IndexKeyOf returns the index key with which the rings that are derived from key for these
// purposes hash as they did before there were index keys.
func IndexKeyOf(key Secret, purposes ...string) IndexKey {
	out := IndexKey{root: expand(key, labelIndex), byPurposes: map[string]Secret{}}
	for _, purpose := range purposes {
		out.byPurposes[purpose] = expand(expand(key, labelDerive+purpose), labelHash)
	}
	return out
}

// Hash returns a fingerprint like [KeyRing.Hash] for one purpose.
func (k IndexKey) Hash(purpose string, parts ...string) string {
	return fingerprintOf(k.forPurposes([]string{purpose}), parts)
}

func (k IndexKey) forPurposes(purposes []string) Secret {
	if key, known := k.byPurposes[strings.Join(purposes, "/")]; known {
		return key
	}
	secret := k.root
	for _, purpose := range purposes {
		secret = expand(secret, labelDerive+purpose)
	}
	return expand(secret, labelHash)
}

// indexText is how an index key is written, to be sealed.
type indexText struct {
	Root     []byte            `json:"root"`
	Purposes map[string][]byte `json:"purposes"`
}

// Text returns the key as a secret that can be sealed.
func (k IndexKey) Text() Secret {
	out := indexText{Root: k.root.Reveal(), Purposes: map[string][]byte{}}
	for purpose, key := range k.byPurposes {
		out.Purposes[purpose] = key.Reveal()
	}
	raw, err := json.Marshal(out)
	if err != nil {
		panic("vault: bytes are JSON") // unreachable
	}
	return NewSecret(raw)
}

// ParseIndexKey is the inverse of [IndexKey.Text].
func ParseIndexKey(text Secret) (IndexKey, error) {
	var in indexText
	if json.Unmarshal(text.Reveal(), &in) != nil || len(in.Root) != KeyBytes { // the cause would quote it
		return IndexKey{}, errors.New("vault: this is not an index key")
	}
	out := IndexKey{root: NewSecret(in.Root), byPurposes: map[string]Secret{}}
	for purpose, key := range in.Purposes {
		out.byPurposes[purpose] = NewSecret(key)
	}
	return out, nil
}

// hashKeys returns what the ring hashes with, and first the one that names. Without an
// index that one is of the last key, and those of each key follow.
func (r *KeyRing) hashKeys(d *derived) (out []Secret) {
	for _, key := range d.of.index {
		out = append(out, key.forPurposes(r.purposes))
	}
	if len(out) > 0 {
		return out
	}
	out = append(out, expand(d.keys[len(d.keys)-1].secret, labelHash))
	for _, k := range d.keys {
		out = append(out, expand(k.secret, labelHash))
	}
	return out
}
