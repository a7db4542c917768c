package keys

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
)

// load reads the rings and puts them into use.
func (r *Rings) load(ctx context.Context) error {
	r.loaded = r.o.Now()
	rows, err := r.store.RingKeys(ctx)
	if err != nil {
		return err
	}
	if !r.used.IsZero() && reflect.DeepEqual(rows, r.rows) && !slices.ContainsFunc(rows, func(k store.RingKey) bool {
		return k.ActiveFrom.After(r.used) && !k.ActiveFrom.After(r.loaded)
	}) {
		return nil
	}
	r.rows = rows
	if err := r.use(ctx); err != nil {
		return err
	}
	r.used = r.loaded
	return nil
}

// use puts the rings into use that were read.
func (r *Rings) use(ctx context.Context) error {
	if keys := r.keysOf(ctx, Encryption); len(keys) > 0 { // before the keys that it encrypts
		if err := r.main.Replace(keys, nil); err != nil {
			return err
		}
	}
	if err := r.unwrap(); err != nil {
		return err
	}
	for name, ring := range map[string]*vault.KeyRing{Vault: r.Vault, Codec: r.Codec, MFA: r.MFA} {
		if err := ring.Replace(r.keysOf(ctx, name), r.index); err != nil {
			return fmt.Errorf("ring %s: %w", name, err)
		}
	}
	if len(r.o.Cookies) > 0 {
		var secrets []string
		for _, k := range r.keysOf(ctx, Cookie) {
			secrets = append(secrets, string(k.Secret.Reveal()))
		}
		r.cookies.Store(&secrets)
	}
	if r.tokens == nil || len(r.o.JWT) == 0 {
		return nil
	}
	return r.tokens.Use(r.tokenKeys(ctx))
}

// unwrap decrypts the keys that are in the database and were not decrypted before.
func (r *Rings) unwrap() error {
	for _, row := range r.rows {
		if row.Source != store.InDatabase || row.Sealed == nil {
			continue
		}
		if _, done := r.opened[name(row.Ring, row.ID)]; done {
			continue
		}
		secret, err := r.main.Derive(wrapping).Open(row.KeyID, row.Sealed, wrapAAD(row.Ring, row.ID))
		if err != nil {
			return fmt.Errorf("key %s of the database is encrypted with the key %q of encryption.keys, which this process does not have: "+
				"add it behind the others", name(row.Ring, row.ID), row.KeyID)
		}
		r.opened[name(row.Ring, row.ID)] = vault.NewSecret(secret)
	}
	if len(r.index) > 0 {
		return nil
	}
	for _, row := range r.ofRing(index) {
		key, err := vault.ParseIndexKey(r.opened[name(row.Ring, row.ID)])
		if err != nil {
			return fail(row, err)
		}
		r.index = append(r.index, key)
	}
	return nil
}

func wrapAAD(ring, id string) []byte { return []byte("ring key " + name(ring, id)) }

// wrap returns a row for a key that is to be in the database.
func (r *Rings) wrap(ring, id, algorithm string, secret vault.Secret) store.RingKey {
	keyID, sealed := r.main.Derive(wrapping).Seal(secret.Reveal(), wrapAAD(ring, id))
	return store.RingKey{
		Ring: ring, ID: id, Source: store.InDatabase, Algorithm: algorithm, KeyID: keyID, Sealed: sealed, AddedAt: r.o.Now(),
	}
}

// ofRing are the keys of a ring that may be used, the one that began last first, then
// those that only open, the latest first. Those of the index are in the order in which they were
// made.
func (r *Rings) ofRing(ring string) []store.RingKey {
	var out []store.RingKey
	for _, row := range r.rows {
		if row.Ring == ring && row.RetiredAt.IsZero() && (ring != JWT || r.fits(row)) {
			out = append(out, row)
		}
	}
	now := r.o.Now()
	rank := func(k store.RingKey) time.Time {
		if k.ActiveFrom.After(now) {
			return time.Time{} // not yet
		}
		return k.ActiveFrom
	}
	slices.SortStableFunc(out, func(a, b store.RingKey) int {
		if ring == index {
			return a.ActiveFrom.Compare(b.ActiveFrom)
		}
		return cmp.Or(rank(b).Compare(rank(a)), b.AddedAt.Compare(a.AddedAt), strings.Compare(a.ID, b.ID))
	})
	return out
}

// fits says that a key is for the algorithm that signs tokens now.
func (r *Rings) fits(k store.RingKey) bool {
	return k.Algorithm == r.o.Algorithm
}

// keysOf are the keys of a ring that this process holds, the one that seals first.
func (r *Rings) keysOf(ctx context.Context, ring string) []vault.Key {
	var out []vault.Key
	rows := r.ofRing(ring)
	for i, row := range rows {
		secret, held := r.material(row)
		if held {
			out = append(out, vault.Key{ID: row.ID, Secret: secret})
		} else if i == 0 {
			r.missing(ctx, row)
		}
	}
	return r.firstOfConfiguration(ring, rows, out)
}

// firstOfConfiguration moves the first key of the configuration to the front where the key in
// use is missing: the configuration has replaced it outright.
func (r *Rings) firstOfConfiguration(ring string, rows []store.RingKey, keys []vault.Key) []vault.Key {
	if len(keys) == 0 || len(rows) == 0 || keys[0].ID == rows[0].ID {
		return keys
	}
	configured := r.configured(ring)
	at := slices.IndexFunc(keys, func(k vault.Key) bool { return len(configured) > 0 && k.ID == configured[0].ID })
	if at < 0 {
		return keys
	}
	first := keys[at]
	return append([]vault.Key{first}, slices.Delete(keys, at, at+1)...)
}

// missing warns once of a key in use that this process does not have.
func (r *Rings) missing(ctx context.Context, k store.RingKey) {
	if n := name(k.Ring, k.ID); !r.warned[n] && !slices.Contains(r.unused, k.Ring) && len(r.configured(k.Ring)) > 0 {
		r.warned[n] = true
		r.o.Log.WarnContext(ctx, "the key in use is not in the configuration of this process; what other processes seal or sign with it is refused here",
			slog.String("ring", k.Ring), slog.String("key", k.ID))
	}
}

// tokenKeys are the keys of tokens. Each that has a time signs from then on.
func (r *Rings) tokenKeys(ctx context.Context) []tokens.Key {
	var out []tokens.Key
	signs := false
	for i, row := range r.ofRing(JWT) {
		key, held := r.tokenKey(row)
		if !held {
			if i == 0 {
				r.missing(ctx, row)
			}
			continue
		}
		key.Signs, key.From = !row.ActiveFrom.IsZero(), row.ActiveFrom
		signs = signs || key.Signs
		out = append(out, key)
	}
	if signs {
		return out
	}
	first := r.o.JWT[0] // the configuration has replaced the key in use outright
	first.Signs = true
	return append([]tokens.Key{first}, out...)
}

func (r *Rings) tokenKey(row store.RingKey) (tokens.Key, bool) {
	secret, held := r.material(row)
	text := secret.Reveal()
	switch {
	case !held:
		return tokens.Key{}, false
	case row.Source == store.InConfiguration:
		for _, c := range r.configured(JWT) {
			if c.ID == row.ID {
				return c.token, true
			}
		}
		return tokens.Key{}, false
	case tokens.IsPair(row.Algorithm):
		return tokens.Key{PrivateKeyPEM: string(text), KeyID: row.ID}, true
	}
	return tokens.Key{Secret: text}, true
}

// material is what a key consists of, if this process holds it.
func (r *Rings) material(row store.RingKey) (vault.Secret, bool) {
	if row.Source == store.InDatabase {
		secret, held := r.opened[name(row.Ring, row.ID)]
		return secret, held
	}
	for _, c := range r.configured(row.Ring) {
		if c.ID == row.ID {
			return c.secret, true
		}
	}
	return vault.Secret{}, false
}
