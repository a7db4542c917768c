package keys

import (
	"context"
	"slices"
	"time"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
)

// configured is a key of the configuration.
type configured struct {
	ID        string
	algorithm string
	secret    vault.Secret
	token     tokens.Key // of the ring JWT
}

// idLength is long enough for the few keys of a ring.
const idLength = 12

// configured are the keys that the configuration has for a ring, the current one first.
func (r *Rings) configured(ring string) []configured {
	if _, known := r.known[ring]; !known {
		r.known[ring] = r.readConfigured(ring)
	}
	return r.known[ring]
}

func (r *Rings) readConfigured(ring string) (out []configured) {
	switch {
	case slices.Contains(sealing, ring):
		for _, k := range r.o.Encryption {
			out = append(out, configured{ID: k.ID, secret: k.Secret})
		}
	case ring == Cookie:
		for _, secret := range r.o.Cookies {
			out = append(out, configured{ID: r.idOf(Cookie, secret), secret: vault.NewSecret([]byte(secret))})
		}
	case ring == JWT:
		for _, k := range r.o.JWT {
			algorithm := r.o.Algorithm
			id, err := k.ID(algorithm)
			if err != nil {
				continue // tokens.New has said so
			}
			if id == "" {
				id = r.idOf(JWT, string(k.Secret))
			}
			out = append(out, configured{ID: id, algorithm: algorithm, token: k, secret: vault.NewSecret(k.Secret)})
		}
	}
	return out
}

// idOf names a secret of the configuration. The id is keyed, so that it tells nothing even
// about a secret that could be guessed.
func (r *Rings) idOf(ring, secret string) string {
	return r.index[0].Hash("key ids", ring, secret)[:idLength]
}

// prepare adds what the database does not know yet: the index, and the keys of the
// configuration.
func (r *Rings) prepare(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows, err := r.store.RingKeys(ctx)
	if err != nil {
		return err
	}
	r.rows = rows
	if len(r.ofRing(index)) == 0 {
		if err := r.store.AddRingKeys(ctx, r.newIndex()); err != nil {
			return err
		}
		if r.rows, err = r.store.RingKeys(ctx); err != nil { // another process may have been faster
			return err
		}
	}
	if err := r.unwrap(); err != nil {
		return err
	}
	var added []store.RingKey
	for _, ring := range All {
		keys, wanted := r.unknown(ring)
		added = append(added, keys...)
		if wanted == "" {
			continue
		}
		if err := r.store.WantRingKey(ctx, ring, wanted); err != nil {
			return err
		}
	}
	if len(added) == 0 {
		return nil
	}
	return r.store.AddRingKeys(ctx, added)
}

// newIndex makes the index keys. The first is of the oldest key, so that hashes stay what they
// were; the others find what was hashed with a newer one.
func (r *Rings) newIndex() (out []store.RingKey) {
	for i, k := range slices.Backward(r.o.Encryption) {
		row := r.wrap(index, k.ID, "", vault.IndexKeyOf(k.Secret, r.o.Purposes...).Text())
		row.ActiveFrom = time.Unix(int64(len(r.o.Encryption)-i), 0)
		out = append(out, row)
	}
	return out
}

// unknown are the keys of the configuration that a ring does not have, and the id of
// one that it has and that is to be used from now on.
//
// The first key of the configuration is to be used, once. A key that was in use does not come
// back because a process starts: the ring has moved on.
func (r *Rings) unknown(ring string) (added []store.RingKey, wanted string) {
	begun := slices.ContainsFunc(r.rows, func(k store.RingKey) bool { return k.Ring == ring && !k.ActiveFrom.IsZero() && r.fitsRing(k) })
	now := r.o.Now()
	for i, c := range r.configured(ring) {
		at := slices.IndexFunc(r.rows, func(k store.RingKey) bool { return k.Ring == ring && k.ID == c.ID })
		if at >= 0 {
			if k := r.rows[at]; i == 0 && k.WantedAt.IsZero() && k.ActiveFrom.IsZero() && k.RetiredAt.IsZero() {
				wanted = c.ID
			}
			continue
		}
		row := store.RingKey{Ring: ring, ID: c.ID, Source: store.InConfiguration, Algorithm: c.algorithm, AddedAt: now}
		switch {
		case i == 0 && !begun:
			row.WantedAt, row.ActiveFrom = now, now // there is no other one
		case i == 0:
			row.WantedAt = now
		}
		added = append(added, row)
	}
	return added, wanted
}

func (r *Rings) fitsRing(k store.RingKey) bool { return k.Ring != JWT || r.fits(k) }
