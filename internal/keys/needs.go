package keys

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch/internal/store"
)

// Needs is what still depends on a key.
type Needs struct {
	// Values are sealed values in the database, by table.
	Values map[store.SealedSource]int64 `json:"values,omitempty"`
	// Histories are executions that were started before the key was replaced, running or not yet
	// deleted by Temporal; -1 says that it is not known how many.
	Histories int64 `json:"histories,omitempty"`
	// OpenHistories are those of Histories that have not ended, and HistoriesUntil is when the
	// retention of the namespace has deleted the others, zero where that is not known.
	OpenHistories  int64     `json:"open_histories,omitempty"`
	HistoriesUntil time.Time `json:"histories_until,omitzero"`
	// Until is when the last token, session or sealed input ends that the key has made.
	Until time.Time `json:"until,omitzero"`
	// Keys are the rings in which encryption.keys has this key and it is not retired.
	Keys []string `json:"keys,omitempty"`
}

// Sum is how many values there are.
func (n Needs) Sum() (sum int64) {
	for _, count := range n.Values {
		sum += count
	}
	return sum
}

// In words, empty for nothing that depends on the key at a time.
func (n Needs) In(now time.Time) string {
	var parts []string
	for _, source := range sortedSources(n.Values) {
		if count := n.Values[source]; count > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", count, source))
		}
	}
	switch {
	case n.Histories > 0:
		parts = append(parts, n.histories())
	case n.Histories < 0:
		parts = append(parts, "histories unknown")
	}
	if n.Until.After(now) {
		parts = append(parts, "until "+n.Until.UTC().Format(time.RFC3339))
	}
	if len(n.Keys) > 0 {
		parts = append(parts, "ring "+list(n.Keys))
	}
	return strings.Join(parts, ", ")
}

// histories says how many there are, and when they are gone.
func (n Needs) histories() string {
	words, others := fmt.Sprintf("%d histories", n.Histories), ""
	if n.OpenHistories > 0 {
		words += fmt.Sprintf(" (%d still open)", n.OpenHistories)
		others = "the others "
	}
	if !n.HistoriesUntil.IsZero() {
		words += ", " + others + "kept by Temporal until " + n.HistoriesUntil.UTC().Format(time.RFC3339)
	}
	return words
}

func sortedSources(values map[store.SealedSource]int64) []store.SealedSource {
	out := make([]store.SealedSource, 0, len(values))
	for source := range values {
		out = append(out, source)
	}
	slices.Sort(out)
	return out
}

func list(words []string) string { return strings.Join(words, ", ") }

// settle is how long after its time a key is in use everywhere: a process looks at its clock
// when it reads the rings.
func (r *Rings) settle() time.Duration { return max(2*r.o.Refresh, 10*time.Second) }

func (r *Rings) needs(ctx context.Context, k Key, histories Histories) (out Needs, err error) {
	if k.State == Retired {
		return out, nil
	}
	if out.Values, err = r.count(ctx, k.Ring, k.ID); err != nil {
		return out, err
	}
	if k.State == Active || k.State == Next {
		return out, nil
	}
	switch k.Ring {
	case JWT:
		out.Until = k.ReplacedAt.Add(r.o.Longest + r.settle())
	case Cookie:
		out.Until = k.ReplacedAt.Add(r.o.LongestSession + r.settle())
	case Vault:
		out.Until = k.ReplacedAt.Add(r.o.SealedTo + r.settle())
	case Codec:
		out.Histories = -1
		if histories == nil {
			break
		}
		if past, err := histories(ctx, k.ReplacedAt.Add(r.settle())); err == nil {
			out.Histories, out.OpenHistories, out.HistoriesUntil = past.Open+past.Closed, past.Open, past.Until
		}
		out.Until = k.ReplacedAt.Add(r.settle())
	case Encryption:
		out.Keys = r.unretired(ctx, k.ID)
	default:
		out.Until = k.ReplacedAt.Add(r.settle())
	}
	return out, err
}

// count counts the values that a key of a ring has sealed.
func (r *Rings) count(ctx context.Context, ring, id string) (map[store.SealedSource]int64, error) {
	out := make(map[store.SealedSource]int64)
	for _, s := range sources {
		if s.ring != ring {
			continue
		}
		n, err := r.store.CountSealed(ctx, s.source, id)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out[s.source] = n
		}
	}
	return out, nil
}

// unretired are the other rings that have a key of encryption.keys.
func (r *Rings) unretired(ctx context.Context, id string) (out []string) {
	rows, err := r.store.RingKeys(ctx)
	if err != nil {
		return sealing[1:]
	}
	for _, row := range rows {
		if row.ID == id && row.Source == store.InConfiguration && row.RetiredAt.IsZero() && slices.Contains(sealing[1:], row.Ring) {
			out = append(out, row.Ring)
		}
	}
	return out
}

// medusaKey is what the key of a Medusa installation is called.
const medusaKey = "medusa"

// withMedusa adds the key of a Medusa installation, where there is one.
func (r *Rings) withMedusa(ctx context.Context, keys []Key) ([]Key, error) {
	if len(r.o.Medusa.Reveal()) == 0 {
		return keys, nil
	}
	n, err := r.store.CountMedusaFactors(ctx)
	k := Key{Ring: MFA, ID: medusaKey, Source: store.InConfiguration, State: Previous, Lacking: []string{}}
	if n > 0 {
		k.Needs.Values = map[store.SealedSource]int64{store.SealedFactors: n} //nolint:exhaustive // it seals nothing else
	}
	after := slices.IndexFunc(keys, func(k Key) bool { return k.Ring == Encryption })
	if after < 0 {
		after = len(keys)
	}
	return slices.Insert(keys, after, k), err
}

// Retire refuses a key from now on, and destroys it if it is in the database. Retiring it again
// changes nothing. It fails while the key is in use; while something depends on it, too, unless
// force is set: then that is lost.
func (r *Rings) Retire(ctx context.Context, ring, id string, force bool, histories Histories) (Key, error) {
	all, err := r.List(ctx, histories)
	if err != nil {
		return Key{}, err
	}
	at := slices.IndexFunc(all, func(k Key) bool { return k.Ring == ring && k.ID == id })
	if at < 0 {
		return Key{}, fmt.Errorf("the ring %s has no key %s", ring, id)
	}
	k := all[at]
	depends := k.Needs.In(r.o.Now())
	switch {
	case k.State == Retired:
		return k, nil
	case k.ID == medusaKey:
		return k, fmt.Errorf("remove auth.mfa.encryption_key from the configuration instead; what depends on it: %s", orNothing(depends))
	case k.State == Active:
		return k, fmt.Errorf("the key %s of the ring %s is in use; rotate the ring first", id, ring)
	case k.State == Next && !k.ActiveFrom.IsZero():
		return k, fmt.Errorf("the key %s of the ring %s is about to be used, from %s on", id, ring, k.ActiveFrom.UTC().Format(time.RFC3339))
	case k.State == Next && k.Source == store.InConfiguration:
		return k, fmt.Errorf("the key %s of the ring %s comes from the configuration; remove it there", id, ring)
	case depends != "" && (!force || ring == Encryption):
		return k, &NeededError{Key: k, Depends: depends}
	}
	if err := r.store.RetireRingKey(ctx, ring, id); err != nil {
		return k, err
	}
	k.State, k.RetiredAt = Retired, r.o.Now()
	return k, nil
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// NeededError says that something depends on a key.
type NeededError struct {
	Key     Key
	Depends string
}

// Error implements error.
func (e *NeededError) Error() string {
	return fmt.Sprintf("the key %s of the ring %s is still needed: %s", e.Key.ID, e.Key.Ring, e.Depends)
}
