package keys

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/vault"
)

// The states of a [Key].
const (
	// Active is the key that seals and signs.
	Active = "active"
	// Next waits until every process holds it and its time has come.
	Next = "next"
	// Previous only opens and verifies.
	Previous = "previous"
	// Retired is refused.
	Retired = "retired"
)

// Key is a key as operators see it: nothing of what it consists of.
type Key struct {
	Ring string `json:"ring"`
	ID   string `json:"id"`
	// Source is where the key is: configuration or database.
	Source    string `json:"source"`
	Algorithm string `json:"algorithm,omitempty"`
	// State is one of [Active], [Next], [Previous] and [Retired].
	State      string    `json:"state"`
	AddedAt    time.Time `json:"added_at"`
	ActiveFrom time.Time `json:"active_from,omitzero"`
	// ReplacedAt is when another key took its place.
	ReplacedAt time.Time `json:"replaced_at,omitzero"`
	RetiredAt  time.Time `json:"retired_at,omitzero"`
	// Processes run, and those that lack the key are named.
	Processes int      `json:"processes"`
	Lacking   []string `json:"lacking"`
	// Needs is what still depends on the key.
	Needs Needs `json:"needs"`
}

// Since is when the key came into its state.
func (k Key) Since() time.Time {
	switch k.State {
	case Retired:
		return k.RetiredAt
	case Active:
		return k.ActiveFrom
	case Previous:
		return k.ReplacedAt
	}
	return k.AddedAt
}

// Executions are those in Temporal that were started before a time.
type Executions struct {
	// Open have not ended.
	Open, Closed int64
	// Until is when Temporal has deleted the closed ones, zero where that is not known.
	Until time.Time
}

// Histories counts the executions in Temporal that were started before a time.
type Histories func(ctx context.Context, before time.Time) (Executions, error)

// List returns the keys of all rings, those of a ring from the newest to the oldest. Without
// histories, those that depend on a key of the ring codec count as unknown.
func (r *Rings) List(ctx context.Context, histories Histories) ([]Key, error) {
	rows, holders, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	out := []Key{}
	for _, ring := range All {
		own := []Key{}
		for _, row := range rows {
			if row.Ring == ring {
				own = append(own, r.view(row, rows, holders))
			}
		}
		slices.SortStableFunc(own, func(a, b Key) int { return -a.order().Compare(b.order()) })
		for i := range own {
			if own[i].Needs, err = r.needs(ctx, own[i], histories); err != nil {
				return nil, err
			}
		}
		out = append(out, own...)
	}
	return r.withMedusa(ctx, out)
}

func (k Key) order() time.Time {
	if !k.ActiveFrom.IsZero() {
		return k.ActiveFrom
	}
	return k.AddedAt
}

func (r *Rings) read(ctx context.Context) ([]store.RingKey, []store.RingHolder, error) {
	rows, err := r.store.RingKeys(ctx)
	if err != nil {
		return nil, nil, err
	}
	holders, err := r.store.RingHolders(ctx, r.o.Now().Add(-r.liveFor()))
	return rows, holders, err
}

func (r *Rings) view(row store.RingKey, rows []store.RingKey, holders []store.RingHolder) Key {
	now := r.o.Now()
	k := Key{
		Ring: row.Ring, ID: row.ID, Source: row.Source, Algorithm: row.Algorithm, AddedAt: row.AddedAt, ActiveFrom: row.ActiveFrom,
		ReplacedAt: replacedAt(row, rows, now), RetiredAt: row.RetiredAt, Processes: len(holders), Lacking: []string{},
	}
	switch {
	case !row.RetiredAt.IsZero():
		k.State = Retired
		return k
	case isWaiting(row), row.ActiveFrom.After(now):
		k.State = Next
	case row.ActiveFrom.IsZero(), !k.ReplacedAt.IsZero():
		k.State = Previous
	default:
		k.State = Active
	}
	for _, h := range holders {
		if !holds(h, row) {
			k.Lacking = append(k.Lacking, h.Name)
		}
	}
	return k
}

// replacedAt is when a key was replaced by another one, the zero time for not yet. Of a key
// that was never used here, it is not known: it was when it was added, or earlier.
func replacedAt(row store.RingKey, rows []store.RingKey, now time.Time) (at time.Time) {
	if row.ActiveFrom.IsZero() {
		return row.AddedAt
	}
	for _, other := range rows {
		later := other.Ring == row.Ring && other.ActiveFrom.After(row.ActiveFrom) && !other.ActiveFrom.After(now)
		if later && (at.IsZero() || other.ActiveFrom.Before(at)) {
			at = other.ActiveFrom
		}
	}
	return at
}

// recently is how long a rotation that has ended is not begun again by mistake.
const recently = 10 * time.Minute

// Rotate adds a key to a ring, which every process then loads and begins to use together. While
// one is being added, it returns that one; shortly after, the one in use, unless again is set. So
// it can be repeated.
//
// The ring [Encryption] has its keys in the configuration alone, so that it returns the one that
// waits there, or says how to add one.
func (r *Rings) Rotate(ctx context.Context, ring string, again bool) (Key, error) {
	if !slices.Contains(All, ring) {
		return Key{}, fmt.Errorf("there is no ring %q; the rings are %s", ring, list(All))
	}
	rows, holders, err := r.read(ctx)
	if err != nil {
		return Key{}, err
	}
	for _, row := range rows {
		if row.Ring != ring {
			continue
		}
		k := r.view(row, rows, holders)
		if k.State == Next || k.State == Active && !again && r.isRecent(row) {
			return k, nil
		}
	}
	if ring == Encryption {
		return Key{}, fmt.Errorf("the keys of the ring encryption are in encryption.keys: put a new one first there, leave the others behind it, " +
			"and restart the processes one after the other; make one with: echo \"k2:$(openssl rand -base64 32)\"")
	}
	row, err := r.generate(ring)
	if err != nil {
		return Key{}, err
	}
	if err := r.store.AddRingKeys(ctx, []store.RingKey{row}); err != nil {
		return Key{}, err
	}
	return r.view(row, append(rows, row), holders), nil
}

func (r *Rings) isRecent(k store.RingKey) bool {
	return k.Source == store.InDatabase && r.o.Now().Sub(k.ActiveFrom) < recently
}

// generate makes a key that is to be used.
func (r *Rings) generate(ring string) (store.RingKey, error) {
	now := r.o.Now()
	id := now.UTC().Format("2006-01-02-") + strings.ToLower(rand.Text()[:idLength/2])
	var algorithm string
	secret := vault.NewKey()
	switch ring {
	case JWT:
		algorithm = r.o.Algorithm
		key, err := tokens.NewKey(algorithm)
		if err != nil {
			return store.RingKey{}, err
		}
		secret = vault.NewSecret(key.Secret)
		if tokens.IsPair(algorithm) {
			secret = vault.NewSecret([]byte(key.PrivateKeyPEM))
			if id, err = key.ID(algorithm); err != nil {
				return store.RingKey{}, err
			}
		}
	case Cookie:
		secret = vault.NewSecret([]byte(base64.StdEncoding.EncodeToString(secret.Reveal())))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	row := r.wrap(ring, id, algorithm, secret)
	row.WantedAt = now
	return row, nil
}

// Keys returns the keys of all rings like [Rings.List], without what depends on them, which
// takes longer to count.
func (r *Rings) Keys(ctx context.Context) ([]Key, error) {
	rows, holders, err := r.read(ctx)
	out := []Key{}
	for _, row := range rows {
		if row.Ring != index {
			out = append(out, r.view(row, rows, holders))
		}
	}
	return out, err
}
