package keys

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/internal/vault"
)

// source is a column that the keys of a ring seal.
type source struct {
	ring   string
	source store.SealedSource
	// reseal returns a value as the current key seals it. One that is not ours stays: then
	// the second result is false.
	reseal func(r *Rings, v store.SealedValue) (store.Resealed, bool, error)
}

// sources are all of them; a test looks for more.
var sources = []source{
	{Vault, store.SealedSecrets, columns(func(r *Rings) *vault.KeyRing { return r.Vault.Derive(vault.Purpose) }, func(v store.SealedValue) []byte { return []byte(v.ID) })},
	{Vault, store.SealedMails, columns(func(r *Rings) *vault.KeyRing { return r.Vault.Derive(MailPurpose) }, func(v store.SealedValue) []byte { return []byte(v.ID) })},
	{Vault, store.SealedUnits, wrapped(func(p []string) string {
		position, _ := strconv.ParseInt(p[1], 10, 64) // it was written by FormatInt
		return transfer.Purpose(p[0], position)
	})},
	{Vault, store.SealedTokens, wrapped(func(p []string) string { return TokensPurpose(p[0], p[1]) })},
	{MFA, store.SealedFactors, resealFactor},
	{Encryption, store.SealedKeys, columns(func(r *Rings) *vault.KeyRing { return r.main.Derive(wrapping) }, func(v store.SealedValue) []byte { return []byte("ring key " + v.ID) })},
}

// MailPurpose is what the keys of the mails are derived for that dev keeps.
const MailPurpose = "mail"

// TokensPurpose binds the tokens of a provider to the identity there.
func TokensPurpose(provider, entityID string) string { return provider + " " + entityID }

func columns(ring func(r *Rings) *vault.KeyRing, aad func(store.SealedValue) []byte) func(*Rings, store.SealedValue) (store.Resealed, bool, error) {
	return func(r *Rings, v store.SealedValue) (out store.Resealed, ours bool, err error) {
		keys := ring(r)
		if v.KeyID == keys.Current() {
			return out, false, nil
		}
		plain, err := keys.Open(v.KeyID, v.Data, aad(v))
		if err != nil {
			return out, true, err
		}
		out.Previous = v
		out.KeyID, out.Data = keys.Seal(plain, aad(v))
		return out, true, nil
	}
}

func wrapped(purpose func(parts []string) string) func(*Rings, store.SealedValue) (store.Resealed, bool, error) {
	return func(r *Rings, v store.SealedValue) (out store.Resealed, ours bool, err error) {
		keys := r.Vault.Derive(vault.Purpose)
		if v.Text == "" || keys.IsCurrent(v.Text) {
			return out, false, nil
		}
		secret, err := keys.Unwrap(v.Text, purpose(v.Parts))
		if err != nil {
			return out, true, err
		}
		return store.Resealed{Previous: v, Text: keys.Wrap(secret, purpose(v.Parts))}, true, nil
	}
}

func resealFactor(r *Rings, v store.SealedValue) (out store.Resealed, ours bool, err error) {
	keys := r.FactorKeys()
	if keys.IsCurrent(v.Text) {
		return out, false, nil
	}
	secret, err := keys.OpenFactor(v.Parts[0], v.Parts[1], v.Text)
	if err != nil {
		return out, true, err
	}
	return store.Resealed{Previous: v, Text: keys.SealFactor(v.Parts[0], v.Parts[1], secret)}, true, nil
}

// FactorKeys returns the keys of second factors.
func (r *Rings) FactorKeys() vault.FactorKeys {
	return vault.FactorKeys{Ring: vault.FactorRing(r.MFA), Medusa: r.o.Medusa}
}

// Task is a source with values that another key than the current one has sealed.
type Task struct {
	Source store.SealedSource `json:"source"`
	Ring   string             `json:"ring"`
	// Waiting is how many they are.
	Waiting int64 `json:"waiting"`
}

// Plan returns what is to be sealed again, and how long to wait before: until every process
// seals with the current key. A ring in which nothing is left is marked, and not looked at
// again until it has another key.
func (r *Rings) Plan(ctx context.Context) (tasks []Task, wait time.Duration, err error) {
	rows, err := r.store.RingKeys(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, ring := range []string{Vault, MFA, Encryption} {
		active, others := split(rows, ring, r.o.Now())
		if active.ID == "" || (!active.ResealedAt.IsZero() || len(others) == 0) && (ring != MFA || len(r.o.Medusa.Reveal()) == 0) {
			continue
		}
		if early := active.ActiveFrom.Add(r.settle()).Sub(r.o.Now()); early > 0 {
			wait = max(wait, early)
			continue
		}
		found, err := r.tasks(ctx, ring, others)
		if err != nil {
			return nil, 0, err
		}
		if len(found) == 0 {
			if err := r.store.MarkResealed(ctx, ring, active.ID); err != nil {
				return nil, 0, err
			}
		}
		tasks = append(tasks, found...)
	}
	return tasks, wait, nil
}

// split returns the key of a ring that is in use, and the ids of the others.
func split(rows []store.RingKey, ring string, now time.Time) (active store.RingKey, others []string) {
	for _, row := range rows {
		if row.Ring != ring || !row.RetiredAt.IsZero() || row.ActiveFrom.After(now) || isWaiting(row) {
			continue
		}
		others = append(others, row.ID)
		if !row.ActiveFrom.IsZero() && !row.ActiveFrom.Before(active.ActiveFrom) {
			active = row
		}
	}
	return active, slices.DeleteFunc(others, func(id string) bool { return id == active.ID })
}

func (r *Rings) tasks(ctx context.Context, ring string, others []string) (out []Task, err error) {
	for _, s := range sources {
		if s.ring != ring {
			continue
		}
		t := Task{Source: s.source, Ring: ring}
		for _, id := range others {
			n, err := r.store.CountSealed(ctx, s.source, id)
			if err != nil {
				return nil, err
			}
			t.Waiting += n
		}
		if s.source == store.SealedFactors && len(r.o.Medusa.Reveal()) > 0 {
			n, err := r.store.CountMedusaFactors(ctx)
			if err != nil {
				return nil, err
			}
			t.Waiting += n
		}
		if t.Waiting > 0 {
			out = append(out, t)
		}
	}
	return out, nil
}

// Batch is what [Rings.Reseal] did.
type Batch struct {
	// Next is where the next batch begins, "" when this was the last.
	Next string `json:"next"`
	// Seen are values that were read, Resealed those that were sealed again, and Failed those
	// that did not open.
	Seen     int `json:"seen"`
	Resealed int `json:"resealed"`
	Failed   int `json:"failed"`
}

// Reseal seals values of a source again, at most limit of those that follow a place. It can be
// repeated. A value that was changed meanwhile was sealed with the current key then.
func (r *Rings) Reseal(ctx context.Context, of store.SealedSource, after string, limit int) (out Batch, err error) {
	at := slices.IndexFunc(sources, func(s source) bool { return s.source == of })
	values, err := r.store.SealedValues(ctx, of, after, limit)
	if err != nil {
		return out, err
	}
	var renewed []store.Resealed
	for _, v := range values {
		value, ours, err := sources[at].reseal(r, v)
		switch {
		case err != nil:
			out.Failed++
			r.o.Log.WarnContext(ctx, "a sealed value does not open and stays as it is",
				slog.String("table", string(of)), slog.String("id", v.ID), slog.Any("error", err))
		case ours:
			renewed = append(renewed, value)
		}
	}
	out.Seen = len(values)
	if out.Resealed, err = r.store.ReplaceSealed(ctx, of, renewed); err != nil {
		return Batch{}, err
	}
	if len(values) == limit {
		out.Next = values[len(values)-1].ID
	}
	return out, nil
}
