package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/everlatch/everlatch"
)

// SealedSource is a column whose values are encrypted with a key of a ring.
type SealedSource string

// The sources. A test finds columns that are missing here.
const (
	// SealedSecrets are the secrets of the vault.
	SealedSecrets SealedSource = "sealed_secret"
	// SealedMails are the mails that dev keeps.
	SealedMails SealedSource = "kept_mail"
	// SealedUnits are records that wait to be imported.
	SealedUnits SealedSource = "import_unit"
	// SealedTokens are tokens of providers, in provider_metadata.
	SealedTokens SealedSource = "provider_identity"
	// SealedFactors are the secrets of second factors.
	SealedFactors SealedSource = "mfa_factor"
	// SealedKeys are the keys of rings.
	SealedKeys SealedSource = "ring_key"
)

// SealedValue is one of them.
type SealedValue struct {
	// ID is what it is found by, and Parts say to which record it is bound.
	ID    string
	Parts []string
	// KeyID and Data are a value in two columns, Text one in one.
	KeyID string
	Data  []byte
	Text  string
	// whole is the column that Text is part of.
	whole string
}

// sealedTable says how the values of a source are read, replaced and counted.
type sealedTable struct {
	// read takes the place after which to read, and how many.
	read string
	scan func(row scanner) (SealedValue, error)
	// replace takes the id, the new value, and the previous one.
	replace string
	// count takes the id of a key; of a value in one column, with the colon that follows it, and
	// its length.
	count string
}

// TokensKey is where provider_metadata keeps wrapped tokens.
const TokensKey = "tokens"

var sealedTables = map[SealedSource]sealedTable{
	SealedSecrets: {
		read:    `SELECT id, key_id, sealed FROM sealed_secret WHERE id > $1 ORDER BY id LIMIT $2`,
		scan:    scanSealedColumns,
		replace: `UPDATE sealed_secret SET key_id = $2, sealed = $3 WHERE id = $1 AND key_id = $4`,
		count:   `SELECT COUNT(*) FROM sealed_secret WHERE key_id = $1`,
	},
	SealedMails: {
		read:    `SELECT id, key_id, sealed FROM kept_mail WHERE id > $1 ORDER BY id LIMIT $2`,
		scan:    scanSealedColumns,
		replace: `UPDATE kept_mail SET key_id = $2, sealed = $3 WHERE id = $1 AND key_id = $4`,
		count:   `SELECT COUNT(*) FROM kept_mail WHERE key_id = $1`,
	},
	SealedKeys: {
		read: `SELECT ring || '/' || id, key_id, sealed FROM ring_key
			WHERE ring || '/' || id > $1 AND sealed IS NOT NULL ORDER BY ring || '/' || id LIMIT $2`,
		scan:    scanSealedColumns,
		replace: `UPDATE ring_key SET key_id = $2, sealed = $3 WHERE ring || '/' || id = $1 AND key_id = $4 AND retired_at IS NULL`,
		count:   `SELECT COUNT(*) FROM ring_key WHERE key_id = $1`,
	},
	SealedUnits: {
		read: `SELECT import_id, position, sealed FROM import_unit
			WHERE import_id > $1 OR import_id = $1 AND position > $3 ORDER BY import_id, position LIMIT $2`,
		scan: func(row scanner) (v SealedValue, err error) {
			var position int64
			err = row.Scan(&v.ID, &position, &v.Text)
			v.Parts = []string{v.ID, strconv.FormatInt(position, 10)}
			v.ID, v.whole = v.ID+"/"+v.Parts[1], v.Text
			return v, err
		},
		replace: `UPDATE import_unit SET sealed = $2 WHERE import_id = $1 AND position = $4 AND sealed = $3`,
		count:   `SELECT COUNT(*) FROM import_unit WHERE substr(sealed, 1, $2) = $1`,
	},
	SealedFactors: {
		read: `SELECT id, auth_identity_id, secret FROM mfa_factor WHERE id > $1 AND secret <> '' ORDER BY id LIMIT $2`,
		scan: func(row scanner) (v SealedValue, err error) {
			var identity string
			err = row.Scan(&v.ID, &identity, &v.Text)
			v.Parts, v.whole = []string{identity, v.ID}, v.Text
			return v, err
		},
		replace: `UPDATE mfa_factor SET secret = $2 WHERE id = $1 AND secret = $3`,
		count:   `SELECT COUNT(*) FROM mfa_factor WHERE substr(secret, 1, $2) = $1`,
	},
	SealedTokens: {
		read: `SELECT id, provider, entity_id, provider_metadata FROM provider_identity
			WHERE id > $1 AND provider_metadata LIKE '%"` + TokensKey + `":"%' ORDER BY id LIMIT $2`,
		scan: func(row scanner) (v SealedValue, err error) {
			v.Parts = make([]string, 2)
			if err = row.Scan(&v.ID, &v.Parts[0], &v.Parts[1], &v.whole); err != nil {
				return v, err
			}
			var metadata everlatch.Metadata
			err = json.Unmarshal([]byte(v.whole), &metadata)
			v.Text, _ = metadata[TokensKey].(string)
			return v, err
		},
		replace: `UPDATE provider_identity SET provider_metadata = $2 WHERE id = $1 AND provider_metadata = $3`,
		count:   `SELECT COUNT(*) FROM provider_identity WHERE provider_metadata LIKE '%"` + TokensKey + `":"' || $1 || '%'`,
	},
}

func scanSealedColumns(row scanner) (v SealedValue, err error) {
	err = row.Scan(&v.ID, &v.KeyID, &v.Data)
	v.Parts = []string{v.ID}
	return v, err
}

// SealedValues returns at most limit values of a source in the order of their ids, those
// that follow the one with the id after.
func (s *Store) SealedValues(ctx context.Context, source SealedSource, after string, limit int) ([]SealedValue, error) {
	table, known := sealedTables[source]
	if !known {
		return nil, fmt.Errorf("there is no source %q of sealed values", source)
	}
	args := []any{after, limit}
	if source == SealedUnits {
		id, text, _ := strings.Cut(after, "/")
		position, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			position = -1
		}
		args = []any{id, limit, position}
	}
	values, err := all(ctx, s.reads, table.scan, table.read, args...)
	return values, s.fail(ctx, "read sealed values", err)
}

// Resealed is a value that was encrypted with another key.
type Resealed struct {
	Previous SealedValue
	// KeyID and Data, or Text, are as in [SealedValue].
	KeyID string
	Data  []byte
	Text  string
}

// ReplaceSealed replaces values, each unless it has changed since it was read, and returns
// how many it has replaced.
func (s *Store) ReplaceSealed(ctx context.Context, source SealedSource, values []Resealed) (replaced int, err error) {
	table, known := sealedTables[source]
	if !known {
		return 0, fmt.Errorf("there is no source %q of sealed values", source)
	}
	err = s.write(ctx, func(tx *tx) error {
		replaced = 0
		for _, v := range values {
			args, err := v.args(source)
			if err != nil {
				return err
			}
			n, err := tx.exec(ctx, table.replace, args...)
			if err != nil {
				return err
			}
			replaced += int(n)
		}
		return nil
	})
	return replaced, s.fail(ctx, "replace sealed values", err)
}

func (v Resealed) args(source SealedSource) ([]any, error) {
	p := v.Previous
	switch source {
	case SealedUnits:
		position, err := strconv.ParseInt(p.Parts[1], 10, 64)
		return []any{p.Parts[0], v.Text, p.whole, position}, err
	case SealedFactors:
		return []any{p.ID, v.Text, p.whole}, nil
	case SealedTokens:
		metadata := map[string]json.RawMessage{} // which keeps numbers as they are
		if err := json.Unmarshal([]byte(p.whole), &metadata); err != nil {
			return nil, err
		}
		text, err := json.Marshal(v.Text)
		if err != nil {
			return nil, err
		}
		metadata[TokensKey] = text
		whole, err := json.Marshal(metadata)
		return []any{p.ID, string(whole), p.whole}, err
	default:
		return []any{p.ID, v.KeyID, v.Data, p.KeyID}, nil
	}
}

// CountSealed returns how many values of a source are encrypted with a key.
func (s *Store) CountSealed(ctx context.Context, source SealedSource, keyID string) (int64, error) {
	table, known := sealedTables[source]
	if !known {
		return 0, fmt.Errorf("there is no source %q of sealed values", source)
	}
	args := []any{keyID}
	switch source {
	case SealedUnits, SealedFactors:
		args = []any{keyID + ":", len(keyID) + 1}
	case SealedTokens:
		args = []any{keyID + ":"}
	case SealedSecrets, SealedMails, SealedKeys: // the key has a column
	}
	n, err := first(ctx, s.reads, scanned[int64], table.count, args...)
	return n, s.fail(ctx, "count sealed values", err)
}

// CountMedusaFactors returns how many second factors are encrypted with the key of a Medusa
// installation.
func (s *Store) CountMedusaFactors(ctx context.Context) (int64, error) {
	n, err := first(ctx, s.reads, scanned[int64], `SELECT COUNT(*) FROM mfa_factor WHERE secret LIKE 'v1:%:%:%'`)
	return n, s.fail(ctx, "count sealed values", err)
}
